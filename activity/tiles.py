"""The stat tiles of Activity: a number, its course as a sparkline, and how it differs from the time before."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from activity.usage import Usage
from catalog.templatetags.money_tags import compact, milliseconds, percent, usd

LEVEL = 0.005
Number = Callable[[Usage], float | None]


@dataclass(frozen=True)
class Delta:
    """``tone`` is good, bad or empty; the sign and the words say the same."""

    text: str
    tone: str = ""


@dataclass(frozen=True)
class Tile:
    label: str
    value: str
    note: str
    points: list[int]
    delta: Delta | None


@dataclass(frozen=True)
class Kind:
    """``words`` are for more and for less; ``is_worse`` says whether more is worse."""

    label: str
    number: Number
    text: Callable[[Usage], str]
    note: Callable[[Usage], str]
    words: tuple[str, str] = ("more", "less")
    is_worse: bool = False
    is_share: bool = False


def _p95(what: str) -> Number:
    return lambda usage: usage.percentile_ms(what, 0.95)


def _spread(usage: Usage, what: str) -> str:
    return f"p50 {milliseconds(usage.percentile_ms(what, 0.5))}, p99 {milliseconds(usage.percentile_ms(what, 0.99))}"


KINDS = (
    Kind("Requests", lambda usage: usage.requests, lambda usage: compact(usage.requests), lambda _: ""),
    Kind(
        "Tokens",
        lambda usage: usage.tokens,
        lambda usage: compact(usage.tokens),
        lambda usage: f"{compact(usage.prompt_tokens)} in, {compact(usage.completion_tokens)} out",
    ),
    Kind("Cost", lambda usage: usage.cost_nanousd, lambda usage: usd(usage.cost_nanousd), lambda _: "charged to the wallet", is_worse=True),
    Kind(
        "Time to first token, p95",
        _p95("ttft"),
        lambda usage: milliseconds(usage.percentile_ms("ttft", 0.95)),
        lambda usage: f"{_spread(usage, 'ttft')}; of streams",
        ("slower", "faster"),
        is_worse=True,
    ),
    Kind(
        "Latency, p95",
        _p95("latency"),
        lambda usage: milliseconds(usage.percentile_ms("latency", 0.95)),
        lambda usage: _spread(usage, "latency"),
        ("slower", "faster"),
        is_worse=True,
    ),
    Kind(
        "Errors",
        lambda usage: usage.error_rate,
        lambda usage: percent(usage.error_rate),
        lambda usage: f"{usage.failed:,} refused, broken off or failed",
        is_worse=True,
        is_share=True,
    ),
)


def of(now: Usage, before: Usage | None, course: Sequence[Usage]) -> list[Tile]:
    return [Tile(kind.label, kind.text(now), kind.note(now), _points(kind, course), _delta(kind, now, before)) for kind in KINDS]


def _points(kind: Kind, course: Sequence[Usage]) -> list[int]:
    """Times only where there were requests; shares in per mille."""
    found = [kind.number(usage) for usage in course]
    return [round(number * (1000 if kind.is_share else 1)) for number in found if number is not None]


def _delta(kind: Kind, now: Usage, before: Usage | None) -> Delta | None:
    """None where there is nothing to compare with."""
    new, old = kind.number(now), kind.number(before) if before else None
    if new is None or old is None or not (before and before.requests):
        return None
    if kind.is_share:
        return _worded(kind, new - old, f"{abs(new - old) * 100:.1f} points")
    return _worded(kind, new / old - 1, f"{abs(new / old - 1) * 100:,.0f} %") if old else None


def _worded(kind: Kind, change: float, amount: str) -> Delta:
    if abs(change) < (LEVEL / 10 if kind.is_share else LEVEL):
        return Delta("as before")
    is_more = change > 0
    tone = ("bad" if is_more else "good") if kind.is_worse else ""
    return Delta(f"{'▲' if is_more else '▼'} {amount} {kind.words[0 if is_more else 1]}", tone)

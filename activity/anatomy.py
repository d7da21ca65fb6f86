"""One request taken apart for people: where the time went, what the money was for, why this endpoint."""

from dataclasses import dataclass
from typing import Any

from activity.models import Request, Status
from catalog.models import PriceTick
from catalog.strategies import combine
from clod_site.lib import money

UNANSWERED = (Status.UPSTREAM_ERROR, Status.REJECTED)


@dataclass(frozen=True)
class Stretch:
    """A part of the request's life, as a bar: per mille of its whole duration."""

    name: str
    ms: int
    start_permille: int
    width_permille: int


def timeline(row: Request) -> list[Stretch]:
    """Until the first token, then until the last; one stretch for an answer that came whole, or not at all."""
    if row.ttft_ms is None or not row.latency_ms:
        return [Stretch("Waiting", row.latency_ms, 0, 1000)]
    if not row.is_stream:
        return [Stretch("Until the whole answer", row.latency_ms, 0, 1000)]
    first = min(row.ttft_ms, row.latency_ms)
    share = first * 1000 // row.latency_ms
    return [
        Stretch("To the first token", first, 0, share),
        Stretch("Writing the answer", row.latency_ms - first, share, 1000 - share),
    ]


def tokens_per_second(row: Request) -> float | None:
    """Of the answer once it began, of a whole one with its waiting; None when that cannot be told."""
    if not row.is_stream:
        return row.completion_tokens * 1000 / row.latency_ms if row.completion_tokens and row.latency_ms else None
    if row.ttft_ms is None or row.latency_ms <= row.ttft_ms or row.completion_tokens < 2:
        return None
    return (row.completion_tokens - 1) * 1000 / (row.latency_ms - row.ttft_ms)


@dataclass(frozen=True)
class CostLine:
    """``detail`` says how the amount came about; ``note`` marks lines that are information, not part of the sum."""

    name: str
    detail: str
    nanousd: int
    is_note: bool = False
    is_total: bool = False


def cost_lines(row: Request) -> list[CostLine]:
    """How the charge came about, at the price tick the request was admitted at."""
    lines = _usage_lines(row, row.price_tick) if row.price_tick else []
    if row.fee_nanousd:
        lines.append(CostLine("Routing fee", _fee_detail(row.price_tick), row.fee_nanousd))
    lines.append(CostLine("Charged", _charged_to(row), row.cost_nanousd, is_total=True))
    lines.append(CostLine("At list price", "the same tokens, fee included", row.list_cost_nanousd, is_note=True))
    return lines


def _usage_lines(row: Request, tick: PriceTick) -> list[CostLine]:
    return [
        _usage_line("Prompt", row.prompt_tokens, tick.input_nanousd_per_mtok),
        _usage_line("Answer", row.completion_tokens, tick.output_nanousd_per_mtok),
    ]


def _usage_line(name: str, tokens: int, price: int) -> CostLine:
    """Rounded for reading; the charge itself is rounded once, on the sum."""
    detail = f"{tokens:,} tokens at ${money.as_text(price)} per million"
    return CostLine(name, detail, (tokens * price + money.TOKENS_PER_PRICE // 2) // money.TOKENS_PER_PRICE)


def _charged_to(row: Request) -> str:
    """Who paid; calls that failed before their first token were given back."""
    if row.status in UNANSWERED:
        return "nothing: no answer came"
    return "one of today's free requests" if row.paid_by == "free" else "from the wallet"


def _fee_detail(tick: PriceTick | None) -> str:
    return f"{tick.fee_basis_points / 100:g} % on the provider's rate" if tick and tick.fee_basis_points else "on the provider's rate"


def routing(row: Request) -> dict[str, Any]:
    """The recorded decision, and for strategies the formula behind its scores; rows of interrupted calls have none."""
    decision = row.routing if isinstance(row.routing, dict) else {}
    formula = combine.formula(str(decision.get("strategy", "")).split("+"))
    return decision | {"formula": formula} if formula else decision

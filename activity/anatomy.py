"""One request taken apart for people: where the time went, what the money was for, why this endpoint."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from activity.models import Request, Status
from billing.models import Attempt
from catalog.models import PriceTick
from catalog.strategies import combine
from clod_site.lib import money

UNANSWERED = (Status.UPSTREAM_ERROR, Status.REJECTED)


@dataclass(frozen=True)
class Stretch:
    """A part of the request's life, as a bar: per mille of its whole duration. ``kind`` is queue, wait or write."""

    name: str
    kind: str
    ms: int
    start_permille: int
    width_permille: int


def timeline(row: Request, attempts: Sequence[Attempt] = ()) -> list[Stretch]:
    """Until the attempt that decided began, until its first token, until the last one. Parts that took no time are left out.

    An answer that came whole has no first token of its own; where nothing came, there is waiting only. Empty where nobody knows.
    """
    if row.is_untold:
        return []
    queued = min(_queued_ms(row, attempts), row.latency_ms)
    parts = [("Tries before" if len(attempts) > 1 else "Queue", "queue", queued), *_answer(row, queued)]
    return _stretches([part for part in parts if part[2]] or parts[-1:], row.latency_ms)


def _answer(row: Request, queued: int) -> list[tuple[str, str, int]]:
    rest = row.latency_ms - queued
    if row.ttft_ms is None or not row.latency_ms:
        return [("Waiting", "wait", rest)]
    if not row.is_stream:
        return [("Until the whole answer", "wait", rest)]
    waited = min(max(row.ttft_ms - queued, 0), rest)
    return [("To the first token", "wait", waited), ("Writing the answer", "write", rest - waited)]


def _queued_ms(row: Request, attempts: Sequence[Attempt]) -> int:
    """From admission to the last attempt's start: the hold, and tries that failed."""
    return max(round((attempts[-1].started_at - row.created_at) / timedelta(milliseconds=1)), 0) if attempts else 0


def _stretches(parts: Sequence[tuple[str, str, int]], whole: int) -> list[Stretch]:
    found, before = [], 0
    for name, kind, ms in parts:
        start, before = before * 1000 // whole if whole else 0, before + ms
        end = before * 1000 // whole if whole else 1000
        found.append(Stretch(name, kind, ms, start, end - start))
    return found


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
    if row.is_untold:
        counted = CostLine("Delivered", "until its process ended, as far as that was counted", row.cost_nanousd)
        return [counted, CostLine("Charged", _charged_to(row), row.cost_nanousd, is_total=True)]
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

"""What is told of a call once it has ended: one line in the log, and what the measures count. Each call is told once.

An exchange tells of the calls it settles. The doors tell of all others: what was refused, and the smaller answers.
"""

from billing.holds import Held
from catalog.snapshot import Route
from clod_site.lib import clock, log_lines
from clod_site.lib.at_hand import settings
from clod_site.lib.measures import FINE_SECONDS, Counter, Histogram
from gateway import tracing
from gateway.bill import Bill, Plan
from gateway.calls import Call
from gateway.meter import Reading
from gateway.record import Ending, Times
from gateway.upstream import Attempt

NANO = 1_000_000_000
LOGGER = "gateway.calls"
NOBODY_LEFT = 499  # what nginx calls it
WATCHED = frozenset({"/healthz", "/readyz", "/metrics"})  # asked for every few seconds: told only when something is wrong

call_seconds = Histogram(
    "clod_call_seconds", "From a call's hold to its end, by who answered and how it ended.", ("operation", "kind", "status")
)
overhead_seconds = Histogram(
    "clod_call_overhead_seconds",
    "What the gateway itself took of a call: from its last byte to the first attempt, and from the upstream's last byte to its settlement.",
    buckets=FINE_SECONDS,
)
ttft_seconds = Histogram("clod_ttft_seconds", "From a call's hold to the first token of its stream.", ("kind",))
attempts_total = Counter("clod_attempts_total", "Attempts at endpoints, by what came of them before their first byte.", ("kind", "outcome"))
tokens_total = Counter("clod_tokens_total", "Tokens charged.", ("kind", "direction"))
charged_usd_total = Counter("clod_charged_usd_total", "What calls cost their callers, free ones included at 0.", ("kind",))
upstream_usd_total = Counter("clod_upstream_usd_total", "What third parties bill us for calls.")
admitted_total = Counter("clod_admitted_total", "Calls that money or a free request was held for.", ("funding",))
refused_total = Counter("clod_refused_total", "Calls refused before anything was held, by their error code.", ("code",))
answers_total = Counter("clod_answers_total", "Smaller answers: lists of models, prices, the key, /metrics.", ("status",))


def admitted(held: Held) -> None:
    admitted_total.add(1, held.funding)


def settled(
    call: Call,
    plan: Plan,
    bill: Bill,
    held: Held,
    ending: Ending,
    times: Times,
    reading: Reading,
    attempts: list[Attempt],
    overhead_s: float,
    upstream_nanousd: int,
) -> None:
    """Of a call that an exchange has brought to its end."""
    kind = _kind(bill.route)
    status, is_charged = ending.status, ending.is_charged
    prompt, completion = (reading.prompt_tokens, reading.completion_tokens) if is_charged else (0, 0)
    cost_nanousd = bill.charge(reading).paid if is_charged else 0
    call_seconds.add(times.latency_ms / 1000, plan.ask.operation, kind, status)
    overhead_seconds.add(overhead_s)
    if plan.ask.is_stream and times.ttft_ms is not None:
        ttft_seconds.add(times.ttft_ms / 1000, kind)
    for attempt in attempts:
        attempts_total.add(1, _kind(attempt.route), _outcome(attempt))
    tokens_total.add(prompt, kind, "in")
    tokens_total.add(completion, kind, "out")
    charged_usd_total.add(cost_nanousd / NANO, kind)
    upstream_usd_total.add(upstream_nanousd / NANO)
    if call.trace:
        call.trace.end(_traced(bill, ending, times, prompt, completion, cost_nanousd), "" if ending.error is None else ending.error.code)
    if settings.CLOD_ACCESS_LOG:
        log_lines.say(
            LOGGER,
            "call",
            operation=plan.ask.operation,
            model=bill.card.slug,
            endpoint=bill.route.data_center or bill.route.provider,
            status=status,
            code=ending.error.code if ending.error else "",
            stream=plan.ask.is_stream,
            attempts=len(attempts),
            latency_ms=times.latency_ms,
            ttft_ms=times.ttft_ms,
            overhead_us=round(overhead_s * 1e6),
            tokens_in=prompt,
            tokens_out=completion,
            paid_by=held.funding,
            cost_nanousd=cost_nanousd,
        )


def _traced(bill: Bill, ending: Ending, times: Times, prompt: int, completion: int, cost_nanousd: int) -> tracing.Facts:
    facts: dict[str, str | int | float | bool] = {
        "gen_ai.request.model": bill.card.slug,
        "gen_ai.response.model": bill.route.upstream_model,
        "gen_ai.provider.name": bill.route.provider,
        "gen_ai.usage.input_tokens": prompt,
        "gen_ai.usage.output_tokens": completion,
        "clod.status": ending.status,
        "clod.cost_nanousd": cost_nanousd,
        "clod.price_tick": bill.tick.id,
    }
    return facts if times.ttft_ms is None else facts | {"gen_ai.response.time_to_first_chunk": times.ttft_ms / 1000}


def _kind(route: Route) -> str:
    return "data_center" if route.data_center else "provider"


def _outcome(attempt: Attempt) -> str:
    if attempt.first_byte_ms is not None:
        return "answered"
    return attempt.outcome if attempt.outcome in {"refused", "cancelled"} else "failed"


def ended(call: Call, status: int, where: str) -> None:
    """Of every call, once its door is done with it; those that an exchange settles are told when they are settled."""
    if call.is_owned:
        return
    code = call.refusal.code if call.refusal else ""
    if call.refusal:
        refused_total.add(1, code)
    else:
        answers_total.add(1, f"{status // 100}xx")
    if call.trace:
        call.trace.end({"http.response.status_code": status}, code)
    _line(call, where, status, code)


def _line(call: Call, where: str, status: int, code: str) -> None:
    if settings.CLOD_ACCESS_LOG and not (where in WATCHED and status == 200):
        took_ms = round((clock.monotonic() - call.arrived) * 1000, 1)
        log_lines.say(LOGGER, "answer", where=where, status=status, code=code, latency_ms=took_ms)

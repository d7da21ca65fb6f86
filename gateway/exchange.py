"""One call from its hold to its settlement.

An exchange is a task of its own. It owns the upstream's answer, and it settles, whether or not the client stays: code
after the loop of a response generator never runs when the client leaves.
"""

import asyncio
import logging
from collections.abc import Iterable
from typing import Any, ClassVar

import msgspec
from django.utils.functional import cached_property

from activity.models import Status
from billing import holds
from billing.holds import Held, Keepsake, Settled, UnknownHold
from catalog import health, stats
from catalog.models import CancelPolicy
from clod_site.lib import clock
from clod_site.lib.at_hand import settings
from clod_site.lib.refusal import Refusal
from clod_site.lib.waiting import done_within
from gateway import bodies, conversations, endings, headers, record, telling, tracing
from gateway.bill import Bill, Plan
from gateway.calls import Call, Reply
from gateway.errors import ClientLeft, CutShort, Unexpected, UpstreamFailed, UpstreamRefused
from gateway.meter import Meter, Reading
from gateway.outbox import Outbox
from gateway.rates import Counted
from gateway.record import Ending, Times
from gateway.sse import Events
from gateway.upstream import Answer, Caller
from gateway.wire import operations, response

log = logging.getLogger("gateway")

CHECKPOINT_S = 3.0
SETTLEMENT_PATIENCE_S = 5.0
LARGE_BYTES = 512 * 1024
Frames = Iterable[bytes]


class Exchange:
    running: ClassVar[set["Exchange"]] = set()

    def __init__(self, call: Call, plan: Plan, held: Held, counted: Counted) -> None:
        self._call, self._plan, self._held, self._counted = call, plan, held, counted
        self._started = self._checkpointed = clock.monotonic()
        self._times = Times(created_at=clock.now())
        self._caller = Caller(plan.ask, plan.candidates, call.trace)
        self._meter = Meter(plan.ask.prompt_estimate(), plan.prompt_limit, plan.completion_limit)
        self._bill = Bill(plan, held)
        self._ending = Ending()
        self._finish_reason = ""
        self._answer: Answer | None = None
        self._operation = operations.ALL[plan.ask.operation]
        self._completion: Any = None
        self._chunks: Any = self._streamed.chunks() if plan.ask.is_stream else None
        self._events = Events()
        self._outbox = Outbox()
        self._transcript = call.transcript
        self._listener = bodies.listener(call, plan.grant)
        self._told: bytes | None = None  # the whole answer, once the client has it
        self._opened: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._opened.add_done_callback(_seen)
        self._reading = record.NOTHING
        self._upstream_nanousd = 0
        self._settling_s = 0.0
        self._has_begun = self._is_done = self._is_complete = self._is_settling = False
        self._client_left = self._is_unread = self._is_shutting_down = False

    # --- from outside ----------------------------------------------------------------------------

    @property
    def is_stream(self) -> bool:
        return self._plan.ask.is_stream

    def start(self) -> None:
        self._counted.owned()
        telling.admitted(self._held)
        self._task = asyncio.create_task(self._run())
        Exchange.running.add(self)
        self._task.add_done_callback(lambda _: Exchange.running.discard(self))

    async def reply(self) -> Reply:
        """The answer: of a stream at its first byte, of a whole completion once it is settled. Whoever stops waiting is told no more."""
        return await self._opened

    def client_left(self) -> None:
        """Nobody reads any more: stop the upstream, unless it bills to the end anyway."""
        if not self._is_settling:
            self._client_left = True
            self._outbox.abandon()
            self._caller.try_no_more()
            if self._caller.route.cancel_policy != CancelPolicy.DRAIN:
                self._break_off()

    async def shut_down(self) -> None:
        """The process has to go: settle what was delivered so far. Returns when that is done."""
        if not self._is_settling:
            self._is_shutting_down = True
            self._break_off()
        await asyncio.wait([self._task])

    def _break_off(self) -> None:
        """A task that is cancelled before its first step never runs, and would never settle: it looks for itself when it begins."""
        if self._has_begun:
            self._task.cancel()

    # --- the life of it ----------------------------------------------------------------------------

    async def _run(self) -> None:
        self._has_begun = True
        try:
            async with asyncio.timeout(settings.CLOD_UPSTREAM_DEADLINE_S):
                await self._converse()
                self._is_complete = True
        except BaseException as error:  # however it ended, the hold is settled below
            self._ended_early(error)
        self._is_settling = True
        try:
            await self._settle()
        finally:
            self._outbox.close()
            self._open(error=Unexpected())
            self._tell_the_log()
            self._call.settled()

    async def _converse(self) -> None:
        if self._client_left or self._is_shutting_down:
            raise asyncio.CancelledError
        await (self._relay() if self._plan.ask.is_stream else self._fetch())

    async def _call_upstream(self) -> Answer:
        self._answer = answer = await self._caller.open()
        self._bill.answered_by(answer.card, answer.attempt.route)
        health.answered(answer.attempt.route.endpoint_id)
        self._call.ends("attempt")
        return answer

    async def _fetch(self) -> None:
        """A whole answer, read to its end before the client hears of it."""
        answer = await self._call_upstream()
        self._times.ttft_ms = answer.attempt.first_byte_ms
        try:
            self._completion = completion = await self._read(await answer.read())
        except ValueError as error:
            what = self._operation.answer
            raise UpstreamFailed(f"The model's server sent an answer that is not {what}. You were not charged.") from error
        for choice in completion.choices:
            self._meter.wrote(choice.written())
            self._finish_reason = choice.finish_reason or self._finish_reason
        if isinstance(completion.usage, msgspec.Raw):
            self._meter.report(completion.usage)

    async def _read(self, body: bytes) -> Any:
        """Large ones in a thread: a thousand vectors take a fifth of a second."""
        if len(body) > LARGE_BYTES:
            return await asyncio.to_thread(self._operation.read, body, self._plan.ask)
        return self._operation.read(body, self._plan.ask)

    async def _relay(self) -> None:
        """A stream, passed on event by event until the upstream's [DONE]."""
        answer = await self._call_upstream()
        self._open(Reply(200, headers.of_stream(self._call, self._held, self._bill), stream=self._outbox))
        while not (await answer.pour(self._take_in) or self._is_done):
            await self._outbox.room()
        if not self._is_done and not self._chunks.are_finished():
            raise UpstreamFailed("The model's server broke off in the middle of its answer.")

    def _take_in(self, received: bytes) -> bool:
        """Pass on what has come, in the turn of the event loop it came in. Says whether to stop: after [DONE], or where the reader leaves
        no room."""
        frames: list[bytes] = []
        try:
            for event in self._events.feed(received):
                if event == b"[DONE]":
                    self._is_done = True
                    frames += self._round_off()
                    break
                frames += self._frames_of(event)
        finally:  # what came before something wrong is delivered
            if frames:
                self._outbox.write(b"".join(frames))
        return self._is_done or self._outbox.is_full()

    def _frames_of(self, event: bytes) -> Frames:
        try:
            chunk = self._chunks.read(event)
        except ValueError as error:
            raise UpstreamFailed(f"The model's server sent something that is not a piece of {self._operation.answer}.") from error
        if chunk.is_error():
            raise UpstreamFailed("The model's server reported an error in the middle of its answer.")
        if isinstance(chunk.usage, msgspec.Raw):
            self._meter.report(chunk.usage)
        return (self._frame(chunk),) if chunk.choices else ()

    def _round_off(self) -> list[bytes]:
        """The upstream is done. A choice it never ended is ended here."""
        return [self._frame(chunk) for chunk in self._chunks.ending()]

    def _frame(self, chunk: Any) -> bytes:
        self._count(chunk)
        if self._listener:
            self._listener.hear(chunk.choices)
        frame = self._streamed.chunk_frame(self._head, chunk)
        if self._transcript:
            self._transcript.add(frame)
        return frame

    def _count(self, chunk: Any) -> None:
        for choice in chunk.choices:
            written = choice.written()
            if written and self._times.ttft_ms is None:
                self._times.ttft_ms = self._elapsed_ms()
            self._meter.wrote(written)
            self._finish_reason = choice.finish_reason or self._finish_reason
        if clock.monotonic() - self._checkpointed > CHECKPOINT_S:
            self._checkpointed = clock.monotonic()
            holds.checkpoint(self._held, self._bill.charge(self._meter.reading()).paid)

    # --- how it ended --------------------------------------------------------------------------------

    def _ended_early(self, error: BaseException) -> None:
        self._ending = endings.after(
            error,
            self._call.public_id,
            delivered=self._plan.ask.is_stream and self._times.ttft_ms is not None,
            is_unread=self._outbox.is_full(),
            is_shutting_down=self._is_shutting_down,
        )
        if not isinstance(error, asyncio.CancelledError | UpstreamRefused):
            self._blame(error)
        if self._answer:
            self._answer.close()

    def _blame(self, error: BaseException) -> None:
        """Tell the health of the endpoint, unless it was the reader who left no room for more."""
        self._is_unread = self._outbox.is_full()
        if self._answer and not self._is_unread:
            health.failed(self._bill.route.endpoint_id)
        elif not self._answer and isinstance(error, TimeoutError):
            self._caller.ran_out_of_time()

    async def _settle(self) -> None:
        """Commit what the call cost, then let the client see its end: who has [DONE] finds the request in Activity.

        With the ledger away the client is not kept waiting for long; the settlement waits in memory until it is back.
        """
        self._call.ends("relay")
        began, self._reading = clock.monotonic(), self._meter.reading()
        reading, self._upstream_nanousd = self._reading, self._upstream_cost(self._reading)
        self._counted.settle(reading.prompt_tokens + reading.completion_tokens if self._ending.is_charged else 0)
        self._times.latency_ms = self._elapsed_ms()
        if self._client_left and self._ending.status == Status.OK:
            self._ending.status = Status.CLIENT_CLOSED  # the upstream was read to its end for the bill's sake
        if self._answer:
            self._answer.attempt.end("unread" if self._is_unread else str(self._ending.status))
        writing = self._write(reading, await self._keepsake(reading))
        if self._answer and self._ending.status == Status.OK:
            conversations.answered(self._call.conversation, self._bill.route.endpoint_id)
        with tracing.part(self._call.trace, "settle"):
            is_written = await done_within(writing, SETTLEMENT_PATIENCE_S)
        self._call.ends("settle")
        if is_written:
            self._see_whether_it_is(writing)
        else:
            log.error("%s is answered before it is settled: the ledger does not answer", self._call.public_id)
        self._end(reading)
        self._settling_s = clock.monotonic() - began
        self._outbox.close()
        self._observe(reading)
        await self._part()
        if not is_written:
            await asyncio.wait([writing])
            self._see_whether_it_is(writing)
        await self._keep_bodies(reading)

    def _write(self, reading: Reading, keepsake: Keepsake | None) -> "asyncio.Future[Settled]":
        """What the ledger makes of the call; done once it is committed, or cannot be."""
        try:
            outcome = record.outcome(
                self._call.id,
                self._plan,
                self._bill,
                self._ending,
                reading,
                self._finish_reason,
                self._times,
                self._caller.attempts,
                self._upstream_nanousd,
                keepsake,
            )
            return holds.settle(self._held, outcome, is_charged=self._ending.is_charged)
        except Exception as error:
            failed: asyncio.Future[Settled] = asyncio.get_running_loop().create_future()
            failed.set_exception(error)
            return failed

    def _see_whether_it_is(self, written: "asyncio.Future[Settled]") -> None:
        error = written.exception()
        if error is not None and not (isinstance(error, UnknownHold) and not self._ending.is_charged):
            log.error("%s could not be settled; the sweeper will charge its last checkpoint", self._call.public_id, exc_info=error)
            self._ending.error = Unexpected("The call could not be recorded. You pay at most for its last checkpoint.")

    def _upstream_cost(self, reading: Reading) -> int:
        """What the upstream bills us, whatever the client pays. One that was stopped may bill nothing."""
        was_stopped = not self._is_complete and self._bill.route.cancel_policy == CancelPolicy.NO_BILL
        return self._bill.upstream_cost(*self._meter.claimed(reading)) if self._ending.is_charged and not was_stopped else 0

    async def _keepsake(self, reading: Reading) -> Keepsake | None:
        """What a repetition of this call will be answered: of one that is charged, and never at the cost of its settlement."""
        if self._transcript is None or not self._ending.is_charged:
            return None
        try:
            if self._completion:
                self._transcript.add(self._body(self._completion, reading))
                return await self._transcript.keepsake(headers.of_completion(self._call, self._held, self._bill, reading))
            for frame in self._last_frames(reading):
                self._transcript.add(frame)
            return await self._transcript.keepsake(headers.of_stream(self._call, self._held, self._bill))
        except Exception:
            log.exception("the answer of %s is not kept for a repeated Idempotency-Key", self._call.public_id)
            return None

    async def _keep_bodies(self, reading: Reading) -> None:
        """What was said, where the project keeps it; the client has its answer already."""
        if self._listener is None:
            return
        answer = self._told or (self._body(self._completion, reading) if self._completion else None)
        head = self._head
        of_stream = {"id": head.id, "created": head.created, "model": head.model, "usage": self._usage(reading)}
        await self._listener.keep(self._times.created_at, answer, of_stream, self._ending.error)

    def _end(self, reading: Reading) -> None:
        """The last thing the client hears: a usage and [DONE], a body, a status, or an event without [DONE]."""
        if self._ending.error:
            self._tell(self._ending.error)
        elif self._plan.ask.is_stream and self._opened.done():
            for frame in self._last_frames(reading):
                self._outbox.append(frame)
        elif self._completion and not self._client_left:
            headers_ = headers.of_completion(self._call, self._held, self._bill, reading)
            self._told = self._body(self._completion, reading)
            self._open(Reply(200, headers_, self._told))
        else:
            self._open(error=ClientLeft())

    def _last_frames(self, reading: Reading) -> list[bytes]:
        """After the last chunk: the usage for those who asked for it, and [DONE]; or, where the upstream's never came, an error."""
        if not self._is_complete:
            return [response.error_frame(CutShort(self._ending.error).body())]
        usage = [self._streamed.usage_frame(self._head, self._usage(reading))] if self._plan.ask.wants_usage else []
        return [*usage, response.DONE]

    def _body(self, completion: Any, reading: Reading) -> bytes:
        return self._operation.body(self._head, completion, self._usage(reading))

    def _usage(self, reading: Reading) -> dict[str, Any]:
        return headers.usage(self._bill, self._held, reading)

    def _tell(self, refusal: Refusal) -> None:
        if self._opened.done():
            self._outbox.append(response.error_frame(refusal.body()))
        else:
            self._open(error=refusal)

    def _open(self, reply: Reply | None = None, error: Exception | None = None) -> None:
        """Tell whoever waits for an answer, once; nobody does where it was told already, or where the one who waited was cancelled."""
        if not self._opened.done() and reply:
            self._opened.set_result(reply)
        elif not self._opened.done() and error:
            self._opened.set_exception(error)

    async def _part(self) -> None:
        """Give the connection back to the pool, if the upstream lets go of it."""
        if self._answer:
            await self._answer.release()

    def _observe(self, reading: Reading) -> None:
        """For the strategies, from the start of the attempt that answered: what failed before it is not its fault.

        Only a stream tells when its first token came; a whole answer's rate has its waiting in it.
        """
        if self._ending.status != Status.OK or self._times.ttft_ms is None or not self._answer:
            return
        before_ms = (self._answer.attempt.started - self._started) * 1000
        first_ms = self._times.ttft_ms if self._plan.ask.is_stream else before_ms
        rate = reading.completion_tokens * 1000 / max(self._times.latency_ms - first_ms, 1) if reading.completion_tokens else None
        ttft_ms = max(first_ms - before_ms, 0.0) if self._plan.ask.is_stream else None
        stats.observe(self._bill.route.endpoint_id, ttft_ms=ttft_ms, tokens_per_s=rate)

    def _tell_the_log(self) -> None:
        attempts = self._caller.attempts
        before_s = attempts[0].started - self._call.arrived if attempts else 0.0
        try:
            telling.settled(
                self._call,
                self._plan,
                self._bill,
                self._held,
                self._ending,
                self._times,
                self._reading,
                attempts,
                before_s + self._settling_s,
                self._upstream_nanousd,
            )
        except Exception:
            log.exception("%s is settled, but cannot be told of", self._call.public_id)

    @property
    def _streamed(self) -> operations.Streamed:
        assert self._operation.streamed, "what comes as a whole only is not asked for as a stream"
        return self._operation.streamed

    @cached_property
    def _head(self) -> response.Head:
        """Of what the client gets, once it is known who answers."""
        number = self._call.public_id.removeprefix("req_")
        usage = None if self._plan.ask.wants_usage else msgspec.UNSET
        return response.Head(f"{self._operation.prefix}{number}", int(self._times.created_at.timestamp()), self._bill.card.name, usage)

    def _elapsed_ms(self) -> int:
        return round((clock.monotonic() - self._started) * 1000)


def _seen(answer: "asyncio.Future[Reply]") -> None:
    """An error of a call whose client has left is nobody's, and not to be complained of."""
    if not answer.cancelled():
        answer.exception()

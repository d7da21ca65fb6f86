"""One call from its hold to its settlement.

An exchange is a task of its own. It owns the upstream's answer, and it settles, whether or not the client stays: code
after the loop of a response generator never runs when the client leaves.
"""

import asyncio
import logging
from typing import ClassVar

from activity.models import Status
from billing import holds
from billing.holds import Held, Keepsake, Settled, UnknownHold
from catalog import health, stats
from catalog.models import CancelPolicy
from clod_site.lib import clock, loops
from clod_site.lib.at_hand import settings
from clod_site.lib.refusal import Refusal
from clod_site.lib.waiting import done_within
from gateway import conversations, endings, record, telling, tracing
from gateway.bill import Bill, Plan
from gateway.calls import Call, Reply
from gateway.errors import ClientLeft, CutShort, Unexpected, UpstreamFailed, UpstreamRefused
from gateway.meter import Reading
from gateway.rates import Counted
from gateway.record import Ending, Times
from gateway.saying import Saying
from gateway.upstream import Answer, Caller
from gateway.wire import response

log = logging.getLogger("gateway")

CHECKPOINT_S = 3.0
SETTLEMENT_PATIENCE_S = 5.0
OK = Status.OK.value


class Exchange:
    running: ClassVar[set["Exchange"]] = set()

    def __init__(self, call: Call, plan: Plan, held: Held, counted: Counted) -> None:
        self._call, self._plan, self._held, self._counted = call, plan, held, counted
        self.is_stream = plan.ask.is_stream
        self._started = self._checkpointed = clock.monotonic()
        self._times = Times(created_at=clock.now())
        self._caller = Caller(plan.ask, plan.candidates, call.trace)
        self._bill = Bill(plan, held)
        self._saying = Saying(call, plan, self._bill, held, self._times.created_at, self._started)
        self._outbox = self._saying.outbox
        self._ending = Ending()
        self._answer: Answer | None = None
        self._loop = loops.running()
        self._opened: asyncio.Future[Reply] = self._loop.create_future()
        self._reading = record.NOTHING
        self._upstream_nanousd = 0
        self._settling_s = 0.0
        self._has_begun = self._is_complete = self._is_settling = False
        self._client_left = self._is_unread = self._is_shutting_down = self._is_late = self._is_broken_off = False

    # --- from outside ----------------------------------------------------------------------------

    def start(self) -> None:
        self._counted.owned()
        telling.admitted(self._held)
        self._task = self._loop.create_task(self._run())
        Exchange.running.add(self)

    def reply(self) -> "asyncio.Future[Reply]":
        """The answer: of a stream at its first byte, of a whole completion once it is settled. Whoever stops waiting is told no more."""
        return self._opened

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

    def _run_late(self) -> None:
        """The deadline has passed; whoever was broken off before is not late."""
        self._is_late = not self._is_broken_off
        self._task.cancel()

    def _break_off(self) -> None:
        """A task that is cancelled before its first step never runs, and would never settle: it looks for itself when it begins."""
        self._is_broken_off = True
        if self._has_begun:
            self._task.cancel()

    # --- the life of it ----------------------------------------------------------------------------

    async def _run(self) -> None:
        self._has_begun = True
        deadline = self._loop.call_later(settings.CLOD_UPSTREAM_DEADLINE_S, self._run_late)
        try:
            await self._converse()
            self._is_complete = True
        except BaseException as error:  # however it ended, the hold is settled below
            self._ended_early(TimeoutError() if self._is_late and isinstance(error, asyncio.CancelledError) else error)
        finally:
            deadline.cancel()
        self._is_settling = True
        try:
            await self._settle()
        finally:
            self._outbox.close()
            if not self._opened.done():
                self._open(error=Unexpected())
            self._tell_the_log()
            self._call.settled()
            Exchange.running.discard(self)

    async def _converse(self) -> None:
        if self._client_left or self._is_shutting_down:
            raise asyncio.CancelledError
        await (self._relay() if self.is_stream else self._fetch())

    async def _call_upstream(self) -> Answer:
        self._answer = answer = await self._caller.open()
        self._bill.answered_by(answer.card, answer.attempt.route)
        health.answered(answer.attempt.route.endpoint_id)
        self._call.ends("attempt")
        return answer

    async def _fetch(self) -> None:
        """A whole answer, read to its end before the client hears of it."""
        await self._saying.take_whole(await self._call_upstream())

    async def _relay(self) -> None:
        """A stream, passed on as it comes until the upstream's [DONE]."""
        answer = await self._call_upstream()
        self._open(self._saying.stream())
        while not (await answer.pour(self._take_in) or self._saying.is_done()):
            await self._outbox.room()
        if not self._saying.is_finished():
            raise UpstreamFailed("The model's server broke off in the middle of its answer.")

    def _take_in(self, received: bytes) -> bool:
        try:
            return self._saying.take_in(received)
        finally:
            if clock.monotonic() - self._checkpointed > CHECKPOINT_S:
                self._checkpointed = clock.monotonic()
                holds.checkpoint(self._held, self._bill.charge(self._saying.meter.reading()).paid)

    # --- how it ended --------------------------------------------------------------------------------

    def _ended_early(self, error: BaseException) -> None:
        self._ending = endings.after(
            error,
            self._call.public_id,
            delivered=self.is_stream and self._saying.ttft_ms is not None,
            is_unread=self._outbox.is_full(),
            is_shutting_down=self._is_shutting_down,
        )
        if not isinstance(error, asyncio.CancelledError | UpstreamRefused):
            self._blame(error)
        if self._answer:
            self._answer.close()

    def _blame(self, error: BaseException) -> None:
        """Tell the health of the endpoint, unless it was the reader who left no room for more."""
        self._is_unread = isinstance(error, TimeoutError) and self._outbox.is_full()
        if self._answer and not self._is_unread:
            health.failed(self._bill.route.endpoint_id)
        elif not self._answer and isinstance(error, TimeoutError):
            self._caller.ran_out_of_time()

    async def _settle(self) -> None:
        """Commit what the call cost, then let the client see its end: who has [DONE] finds the request in Activity.

        With the ledger away the client is not kept waiting for long; the settlement waits in memory until it is back.
        """
        self._call.ends("relay")
        began, self._reading = clock.monotonic(), self._saying.meter.reading()
        reading, self._upstream_nanousd = self._reading, self._upstream_cost(self._reading)
        self._counted.settle(reading.prompt_tokens + reading.completion_tokens if self._ending.is_charged else 0)
        self._times.ttft_ms, self._times.latency_ms = self._saying.ttft_ms, round((began - self._started) * 1000)
        if self._client_left and self._ending.status == OK:
            self._ending.status = Status.CLIENT_CLOSED.value  # the upstream was read to its end for the bill's sake
        if self._answer:
            self._answer.attempt.end("unread" if self._is_unread else self._ending.status)
        keepsake = await self._saying.keepsake(reading, self._cut_short()) if self._ending.is_charged else None
        writing = self._write(reading, keepsake)
        if self._answer and self._ending.status == OK:
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
        if self._answer:
            await self._answer.release()
        if not is_written:
            await asyncio.wait([writing])
            self._see_whether_it_is(writing)
        await self._saying.keep_bodies(reading, self._ending.error)

    def _write(self, reading: Reading, keepsake: Keepsake | None) -> "asyncio.Future[Settled]":
        """What the ledger makes of the call; done once it is committed, or cannot be."""
        try:
            outcome = record.outcome(
                self._call.id,
                self._plan,
                self._bill,
                self._ending,
                reading,
                self._saying.finish_reason,
                self._times,
                self._caller.attempts,
                self._upstream_nanousd,
                keepsake,
            )
            return holds.settle(self._held, outcome, is_charged=self._ending.is_charged)
        except Exception as error:
            failed: asyncio.Future[Settled] = self._loop.create_future()
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
        return self._bill.upstream_cost(*self._saying.meter.claimed(reading)) if self._ending.is_charged and not was_stopped else 0

    def _cut_short(self) -> CutShort | None:
        """What a stream ends with whose upstream did not come to its end."""
        return None if self._is_complete else CutShort(self._ending.error)

    def _end(self, reading: Reading) -> None:
        """The last thing the client hears: a usage and [DONE], a body, a status, or an event without [DONE]."""
        if self._ending.error:
            self._tell(self._ending.error)
        elif self.is_stream and self._opened.done():
            for frame in self._saying.last_frames(reading, self._cut_short()):
                self._outbox.append(frame)
        else:
            whole = None if self._client_left else self._saying.whole(reading)
            self._open(whole, None if whole else ClientLeft())

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
            self._opened.exception()  # that of a call whose client has left is nobody's, and not to be complained of

    def _observe(self, reading: Reading) -> None:
        """For the strategies, from the start of the attempt that answered: what failed before it is not its fault.

        Only a stream tells when its first token came; a whole answer's rate has its waiting in it.
        """
        if self._ending.status != OK or self._times.ttft_ms is None or not self._answer:
            return
        before_ms = (self._answer.attempt.started - self._started) * 1000
        first_ms = self._times.ttft_ms if self.is_stream else before_ms
        rate = reading.completion_tokens * 1000 / max(self._times.latency_ms - first_ms, 1) if reading.completion_tokens else None
        ttft_ms = max(first_ms - before_ms, 0.0) if self.is_stream else None
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

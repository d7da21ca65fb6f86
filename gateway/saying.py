"""What a client is told of its call: the pieces of a stream as they come, or a whole answer; and what is measured of it on the way."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.utils.functional import cached_property

from billing.holds import Held, Keepsake
from clod_site.lib import clock
from clod_site.lib.refusal import Refusal
from gateway import bodies, headers
from gateway.bill import Bill, Plan
from gateway.calls import Call, Reply
from gateway.errors import CutShort, UpstreamFailed
from gateway.meter import Meter, Reading
from gateway.outbox import Outbox
from gateway.sse import Events
from gateway.upstream import Answer
from gateway.wire import operations, response

log = logging.getLogger("gateway")

LARGE_BYTES = 512 * 1024  # such an answer is read in a thread: a thousand vectors take a fifth of a second


class Saying:
    """Of one call. What the upstream sends is given to ``take_whole`` or, as it comes, to ``take_in``; a stream's frames go to the
    ``outbox``. ``started`` is on the clock that never jumps; ``ttft_ms`` counts from there."""

    def __init__(self, call: Call, plan: Plan, bill: Bill, held: Held, created_at: datetime, started: float) -> None:
        self._call, self._ask, self._bill, self._held = call, plan.ask, bill, held
        self._created_at, self._started = created_at, started
        self._operation = operations.ALL[plan.ask.operation]
        if plan.ask.is_stream:
            self._chunks: Any = self._streamed.chunks()
            self._events = Events()
        self._completion: Any = None
        self._body: bytes | None = None
        self._is_done = False  # its upstream has said [DONE]
        self._listener = bodies.listener(call, plan.grant)
        self.outbox = Outbox()
        self.meter = Meter(plan.ask.prompt_estimate(), plan.prompt_limit, plan.completion_limit)
        self.finish_reason = ""
        self.ttft_ms: int | None = None

    # --- what comes from the upstream ----------------------------------------------------------------

    async def take_whole(self, answer: Answer) -> None:
        """A whole answer, to its end. UpstreamFailed where it is none."""
        self.ttft_ms = answer.attempt.first_byte_ms
        try:
            body = await answer.read()
            self._completion = completion = self._read(body) if len(body) <= LARGE_BYTES else await asyncio.to_thread(self._read, body)
        except ValueError as error:
            raise UpstreamFailed(
                f"The model's server sent an answer that is not {self._operation.answer}. You were not charged."
            ) from error
        for choice in completion.choices:
            self._note(choice)
        if isinstance(completion.usage, msgspec.Raw):
            self.meter.report(completion.usage)

    def take_in(self, received: bytes) -> bool:
        """Pass on what has come of a stream, in the turn of the event loop it came in. Says whether to stop: after [DONE], or where the
        reader leaves no room. UpstreamFailed where it is no such stream; what came before that is delivered."""
        frames: list[bytes] = []
        try:
            for event in self._events.feed(received):
                if event == b"[DONE]":
                    self._is_done = True
                    frames += [self._frame(chunk) for chunk in self._chunks.ending()]  # a choice it never ended is ended here
                    break
                frames += self._frames_of(event)
        finally:
            if frames:
                self.outbox.write(b"".join(frames))
        return self._is_done or self.outbox.is_full()

    def is_done(self) -> bool:
        """Whether a stream's [DONE] has come."""
        return self._is_done

    def is_finished(self) -> bool:
        """Whether it was all there, though the upstream has said no [DONE]."""
        return self._is_done or bool(self._chunks.are_finished())

    def _read(self, body: bytes) -> Any:
        return self._operation.read(body, self._ask)

    def _frames_of(self, event: bytes) -> Sequence[bytes]:
        try:
            chunk = self._chunks.read(event)
        except ValueError as error:
            raise UpstreamFailed(f"The model's server sent something that is not a piece of {self._operation.answer}.") from error
        if chunk.is_error():
            raise UpstreamFailed("The model's server reported an error in the middle of its answer.")
        if isinstance(chunk.usage, msgspec.Raw):
            self.meter.report(chunk.usage)
        return (self._frame(chunk),) if chunk.choices else ()

    def _frame(self, chunk: Any) -> bytes:
        text = self._chunks.text
        if text is None:
            for choice in chunk.choices:
                self._note(choice)
        else:
            self._wrote(len(text))
        if self._listener:
            self._listener.hear(chunk.choices)
        frame: bytes = self._chunks.frame(self._head, chunk)
        if self._call.transcript:
            self._call.transcript.add(frame)
        return frame

    def _note(self, choice: Any) -> None:
        self._wrote(choice.written())
        self.finish_reason = choice.finish_reason or self.finish_reason

    def _wrote(self, characters: int) -> None:
        if characters and self.ttft_ms is None:
            self.ttft_ms = round((clock.monotonic() - self._started) * 1000)
        self.meter.wrote(characters)

    # --- what the client gets ------------------------------------------------------------------------

    def stream(self) -> Reply:
        return Reply(200, headers.of_stream(self._call, self._held, self._bill), stream=self.outbox)

    def whole(self, reading: Reading) -> Reply | None:
        """None where no answer has come."""
        body = self._told(reading)
        return Reply(200, headers.of_completion(self._call, self._held, self._bill, reading), body) if body else None

    def last_frames(self, reading: Reading, cut_short: CutShort | None) -> list[bytes]:
        """After the last chunk: the usage for those who asked for it, and [DONE]; or, where the upstream's never came, an error."""
        if cut_short:
            return [response.error_frame(cut_short.body())]
        usage = [self._streamed.usage_frame(self._head, self._usage(reading))] if self._ask.wants_usage else []
        return [*usage, response.DONE]

    # --- what is kept --------------------------------------------------------------------------------

    async def keepsake(self, reading: Reading, cut_short: CutShort | None) -> Keepsake | None:
        """What a repetition of this call will be answered, where it may be repeated; never at the cost of its settlement."""
        transcript = self._call.transcript
        if transcript is None:
            return None
        try:
            if whole := self.whole(reading):
                transcript.add(whole.body)
                return await transcript.keepsake(whole.headers)
            for frame in self.last_frames(reading, cut_short):
                transcript.add(frame)
            return await transcript.keepsake(headers.of_stream(self._call, self._held, self._bill))
        except Exception:
            log.exception("the answer of %s is not kept for a repeated Idempotency-Key", self._call.public_id)
            return None

    async def keep_bodies(self, reading: Reading, error: Refusal | None) -> None:
        """What was said, where the project keeps it."""
        if self._listener is None:
            return
        head = self._head
        of_stream = {"id": head.id, "created": head.created, "model": head.model, "usage": self._usage(reading)}
        await self._listener.keep(self._created_at, self._told(reading), of_stream, error)

    def _told(self, reading: Reading) -> bytes | None:
        """The body of a whole answer, written once."""
        if self._body is None and self._completion:
            self._body = self._operation.body(self._head, self._completion, self._usage(reading))
        return self._body

    def _usage(self, reading: Reading) -> dict[str, Any]:
        return headers.usage(self._bill, self._held, reading)

    @property
    def _streamed(self) -> operations.Streamed:
        assert self._operation.streamed, "what comes as a whole only is not asked for as a stream"
        return self._operation.streamed

    @cached_property
    def _head(self) -> response.Head:
        """Of what the client gets, once it is known who answers."""
        number = self._call.public_id.removeprefix("req_")
        usage = None if self._ask.wants_usage else msgspec.UNSET
        return response.Head(f"{self._operation.prefix}{number}", int(self._created_at.timestamp()), self._bill.card.name, usage)

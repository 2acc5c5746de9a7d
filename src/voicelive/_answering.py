"""Waiting for events, for answers and for responses, written once for all styles; see ``_pulling``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

from voicelive.exceptions import (
    EventLostError,
    ReceiveTimeoutError,
    ResponseActiveError,
    ResponseFailedError,
    ServerError,
)
from voicelive.models import (
    ClientEventResponseCancel,
    ClientEventResponseCreate,
    Reconnected,
    ServerEventError,
    ServerEventResponseCreated,
    ServerEventResponseDone,
)
from voicelive.protocol.handlers import matcher
from voicelive.protocol.ledger import make_id
from voicelive.protocol.responses import ACTIVE, ResponseTaker, mark
from voicelive.protocol.session import check_timeout
from voicelive.protocol.stream import Taker
from voicelive.protocol.wire import encode_json

if TYPE_CHECKING:
    from voicelive._pulling import IO, Puller
    from voicelive.calls import Call
    from voicelive.models import Response, ServerEventUnion
    from voicelive.protocol.session import Session
    from voicelive.protocol.stream import Arrived, Stream

__all__ = ("Answers", "Handle", "WhenActive", "raise_unhandled", "server_error")

T = TypeVar("T")
WhenActive = Literal["wait", "refuse", "cancel"]


class Bounded:
    """What is left of a caller's time."""

    def __init__(self, timeout: float | None, now: Callable[[], float]) -> None:
        self._timeout = check_timeout(timeout)
        self._now = now
        self._deadline = None if self._timeout is None else now() + self._timeout

    def passed(self, waited_for: str) -> ReceiveTimeoutError:
        """Return the error for what did not come in time."""
        return ReceiveTimeoutError(self._timeout or 0.0, waited_for)

    def left(self) -> float | None:
        """Return the seconds that are left; ``None``: any number of them."""
        return None if self._deadline is None else max(0.0, self._deadline - self._now())


class Answers:
    """Waits for events, and sends what they answer.

    Args:
        session: What is known about the connection.
        stream: Who gets what.
        puller: Reads.
        io: How to wait and to send.
    """

    def __init__(self, session: Session, stream: Stream, puller: Puller, io: IO) -> None:
        self._session = session
        self._stream = stream
        self._puller = puller
        self._io = io

    async def wait_for(self, wanted: object, timeout: float | None) -> ServerEventUnion:
        """Return the next event that matches."""
        taker = Taker(matcher(wanted), once=True)
        return await self._take_one(taker, check_timeout(timeout))

    async def _take_one(self, taker: Taker, timeout: float | None) -> ServerEventUnion:
        self._add(taker)
        try:
            return (await self._puller.take(taker, timeout)).event
        finally:
            self._discard(taker)

    def _add(self, taker: Taker) -> None:
        with self._stream.guard:
            self._stream.add(taker)

    def _discard(self, taker: Taker) -> None:
        with self._stream.guard:
            self._stream.discard(taker)

    # Calls

    async def call(self, call: Call[T], timeout: float | None) -> T:
        """Send the event of a call, and return what answers it."""
        bound = Bounded(timeout, self._io.now)
        wire = call.event.as_dict()
        event_id = wire.setdefault("event_id", make_id("event"))
        taker = Taker(
            lambda event: _fails(event, event_id) or call.answer(event) is not None, once=True, exclusive=True
        )
        self._add(taker)
        sent = False
        try:
            await self._io.send(encode_json(wire))
            sent = True
            event = (await self._puller.take(taker, bound.left())).event
        except BaseException as error:
            # The answer to a call that was given up must not be taken for the answer to the next one.
            if not (sent and call.in_order):
                self._discard(taker)
            if isinstance(error, ReceiveTimeoutError):
                raise bound.passed(f"answer to {wire['type']}") from None
            raise
        if isinstance(event, ServerEventError):
            raise server_error(event, wire["type"])
        if isinstance(event, Reconnected):
            raise EventLostError(next(gap for gap in event.lost if gap.id == event_id))
        answer = call.answer(event)
        assert answer is not None
        return answer

    # Responses

    async def respond(
        self, event: ClientEventResponseCreate, when_active: WhenActive, timeout: float | None
    ) -> ResponseTaker:
        """Ask for a response when none is active, and return its events once the service has begun it."""
        if when_active not in ("wait", "refuse", "cancel"):
            raise ValueError(f"when_active must be 'wait', 'refuse' or 'cancel', not {when_active!r}")
        bound = Bounded(timeout, self._io.now)
        wire = event.as_dict()
        news = Taker(_changes_responses, watches=True)
        self._add(news)
        try:
            while True:
                taker = await self._await_turn(news, when_active, bound)
                mark(wire, taker.event_id)
                if await self._ask(taker, wire, bound):
                    return taker
                refusal = taker.refusal
                assert refusal is not None
                if refusal.error.code != ACTIVE:
                    raise server_error(refusal, "response.create")
                if when_active == "refuse":
                    raise _active() from server_error(refusal, "response.create")
                with self._stream.guard:
                    self._session.responses.note_refusal()
        except ReceiveTimeoutError:
            raise bound.passed("response") from None
        finally:
            self._discard(news)

    async def _await_turn(self, news: Taker, when_active: WhenActive, bound: Bounded) -> ResponseTaker:
        """Wait until no response is active, and take the turn."""
        responses = self._session.responses
        cancelled = False
        while True:
            with self._stream.guard:
                if not responses.busy:
                    taker = ResponseTaker(responses, make_id("event"))
                    responses.ask(taker)
                    self._stream.add(taker)
                    return taker
            if when_active == "refuse":
                raise _active()
            if when_active == "cancel" and not cancelled:
                cancelled = True
                # If it ends by itself meanwhile, the service answers with an error that says so.
                cancel = ClientEventResponseCancel(event_id=make_id("event"))
                await self._io.send(encode_json(cancel))
            await self._puller.take(news, bound.left())

    async def _ask(self, taker: ResponseTaker, wire: dict[str, Any], bound: Bounded) -> bool:
        """Send a ``response.create``; return whether there is a response now."""
        sent = False
        try:
            await self._io.send(encode_json(wire))
            sent = True
            return await self._puller.until(taker, taker.outcome, bound.left())
        except BaseException:
            # What was sent may still become a response, which is then active.
            if not sent:
                with self._stream.guard:
                    self._session.responses.settle(taker)
                    self._stream.discard(taker)
            raise

    async def cancel(self, taker: ResponseTaker) -> None:
        """Cancel a response."""
        if taker.response is None:
            await self._io.send(encode_json(ClientEventResponseCancel(response_id=taker.response_id)))

    async def end(self, taker: ResponseTaker, timeout: float | None, *, check: bool = False) -> Response:
        """Wait for the end of a response."""

        def ended() -> Response | None:
            _raise_refusal(taker)
            return taker.response

        response = await self._puller.until(taker, ended, check_timeout(timeout))
        if check and response.status != "completed":
            raise _failed(response)
        return response

    async def next_event(self, taker: ResponseTaker) -> ServerEventUnion | None:
        """Return the next event of a response; ``None`` after its last."""

        def next_or_end() -> tuple[ServerEventUnion | None] | None:
            arrived = taker.pop()
            if arrived is not None:
                return (arrived.event,)
            _raise_refusal(taker)
            return (None,) if taker.response is not None else None

        taker.touched = True
        (event,) = await self._puller.until(taker, next_or_end, None)
        return event


class Handle:
    """What handles of responses have in common.

    Args:
        answers: How to wait.
        taker: The response's events.
    """

    def __init__(self, answers: Answers, taker: ResponseTaker) -> None:
        self._answers = answers
        self._taker = taker

    @property
    def id(self) -> str | None:
        """The service's id of the response."""
        return self._taker.response_id

    @property
    def status(self) -> str:
        """How it ended (``"completed"``, ``"cancelled"``, ``"incomplete"``, ``"failed"``), or ``"in_progress"``."""
        response = self._taker.response
        return "in_progress" if response is None else str(response.status or "completed")

    def __repr__(self) -> str:
        name = f"{type(self).__module__.rpartition('.')[0]}.{type(self).__name__}"
        return f"<{name} {self.id!r}, {self.status}>"


def server_error(event: ServerEventError, what: str | None = None) -> ServerError:
    """Return the error for an error event.

    Args:
        event: The event.
        what: Type of the event that it answers, if that is known.
    """
    error = event.error
    named = ": ".join(part for part in (error.code or error.type, error.message) if part)
    return ServerError(
        f"the service could not carry out {what or error.event_id or 'something'} ({named})", event=event
    )


def raise_unhandled(arrived: Arrived) -> None:
    """Raise an error of the service that nobody has taken care of.

    Raises:
        ServerError: It is one, and not benign.
    """
    if not arrived.awaited and isinstance(arrived.event, ServerEventError):
        error = server_error(arrived.event)
        if not error.benign:
            raise error


def _fails(event: ServerEventUnion, event_id: object) -> bool:
    """Whether the service refuses an event, or it is lost."""
    if isinstance(event, Reconnected):
        return any(gap.id == event_id for gap in event.lost)
    return isinstance(event, ServerEventError) and event.error.event_id == event_id


def _changes_responses(event: ServerEventUnion) -> bool:
    return isinstance(event, ServerEventResponseCreated | ServerEventResponseDone | ServerEventError)


def _raise_refusal(taker: ResponseTaker) -> None:
    if taker.refusal is not None:
        raise server_error(taker.refusal, "response.create")


def _active() -> ResponseActiveError:
    return ResponseActiveError(
        "a response is active, and there can be one at a time; wait for its end, "
        "or write when_active='wait' or when_active='cancel'"
    )


def _failed(response: Response) -> ResponseFailedError:
    details = response.status_details
    reason = None if details is None else details.get("reason") or details.get("error")
    if isinstance(reason, Mapping):
        error = cast("Mapping[str, object]", reason)
        reason = ": ".join(str(error[key]) for key in ("code", "message") if error.get(key))
    text = f"response {response.id} ended {response.status}" + (f" ({reason})" if reason else "")
    return ResponseFailedError(f"{text}; what it brought until then is in `response`", response=response)

"""Responses: which are active, which were asked for, and the events of each. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from voicelive.exceptions import EventsDroppedError
from voicelive.models import (
    ResponseFunctionCallItem,
    ServerEventError,
    ServerEventResponseAudioDelta,
    ServerEventResponseAudioTranscriptDelta,
    ServerEventResponseAudioTranscriptDone,
    ServerEventResponseCreated,
    ServerEventResponseDone,
    ServerEventResponseOutputItemDone,
    ServerEventResponseTextDelta,
    ServerEventResponseTextDone,
)
from voicelive.protocol.stream import Arrived, Taker

if TYPE_CHECKING:
    from voicelive.models import Response, ServerEventUnion

__all__ = ("ACTIVE", "MARK", "ResponseTaker", "Responses", "mark")

ACTIVE = "conversation_already_has_active_response"
"""The service's error code for a response that is asked for while another one is active."""
MARK = "voicelive_event_id"
"""Key in a response's metadata that tells which event asked for it: the service sends metadata back, and nothing else
of that event (seen at api-version 2026-04-10)."""
MOST_METADATA = 16
_SOMETHING = ""
# Shared, for an empty set of its own would take 216 bytes of each connection.
_NONE: frozenset[str] = frozenset()


class Responses:
    """The responses of one connection."""

    def __init__(self) -> None:
        self._active = _NONE
        self._asked: list[ResponseTaker] = []
        self._marks_come_back = False

    @property
    def busy(self) -> bool:
        """Whether a response is active, or was asked for without an answer yet."""
        return bool(self._active) or any(taker.response_id is None for taker in self._asked)

    @property
    def active(self) -> str | None:
        """Id of an active response, if that is known."""
        return next(iter(self._active), None) or None

    def note(self, event: ServerEventUnion) -> None:
        """Take note of a response that begins or ends. To be told of each such event, before it is given to takers."""
        if isinstance(event, ServerEventResponseCreated):
            self._active |= {event.response.id or _SOMETHING}
        elif isinstance(event, ServerEventResponseDone):
            self._active -= {event.response.id or _SOMETHING, _SOMETHING}

    def note_refusal(self) -> None:
        """Take note that the service says that one is active, which we may not have seen."""
        if not self._active:
            self._active |= {_SOMETHING}

    def ask(self, taker: ResponseTaker) -> None:
        """Take note that a response is being asked for."""
        self._asked.append(taker)

    def settle(self, taker: ResponseTaker) -> None:
        """Take note that it came to an end, or to nothing."""
        if taker in self._asked:
            self._asked.remove(taker)

    def owner(self, event: ServerEventResponseCreated) -> ResponseTaker | None:
        """Return who asked for a response."""
        mine = (event.response.metadata or {}).get(MARK)
        for taker in self._asked:
            if taker.event_id == mine:
                self._marks_come_back = True
                return taker
        if mine is not None or self._marks_come_back:
            return None
        return next((taker for taker in self._asked if taker.response_id is None), None)


class ResponseTaker(Taker):
    """Gets the events of one response that was asked for.

    Attributes:
        event_id: Id of the event that asks.
        response_id: Id of the response, once there is one.
        response: The response, once it is over.
        refusal: The error, if the service refused.
        touched: Whether somebody took events one by one.
    """

    def __init__(self, responses: Responses, event_id: str) -> None:
        super().__init__(self._is_mine)
        self.event_id = event_id
        self.response_id: str | None = None
        self.response: Response | None = None
        self.refusal: ServerEventError | None = None
        self.touched = False
        self._responses = responses
        self._texts: dict[tuple[str, int], str] = {}
        self._items: dict[int, Any] = {}

    def _is_mine(self, event: ServerEventUnion) -> bool:
        if isinstance(event, ServerEventError):
            return event.error.event_id == self.event_id
        if isinstance(event, ServerEventResponseCreated):
            return self._responses.owner(event) is self
        if self.response_id is None:
            return False
        if isinstance(event, ServerEventResponseDone):
            return event.response.id == self.response_id
        return getattr(event, "response_id", None) == self.response_id

    def put(self, arrived: Arrived) -> None:
        """Queue an event, and take note of what it brings."""
        event = arrived.event
        if isinstance(event, ServerEventError):
            if self.response is None:
                self.refusal = event
                self._end()
            return
        if isinstance(event, ServerEventResponseCreated):
            # Another one may have been taken for ours.
            self.clear()
            self._texts.clear()
            self._items.clear()
            self.response_id = event.response.id
        super().put(arrived)
        if isinstance(event, ServerEventResponseDone):
            self.response = event.response
            self._end()
        else:
            self._collect(event)

    def _end(self) -> None:
        self.complete = True
        self._responses.settle(self)

    def _collect(self, event: ServerEventUnion) -> None:
        if isinstance(event, ServerEventResponseTextDelta | ServerEventResponseAudioTranscriptDelta):
            key = (event.item_id, event.content_index)
            self._texts[key] = self._texts.get(key, "") + (event.delta or "")
        elif isinstance(event, ServerEventResponseTextDone):
            self._texts[event.item_id, event.content_index] = event.text or ""
        elif isinstance(event, ServerEventResponseAudioTranscriptDone):
            self._texts[event.item_id, event.content_index] = event.transcript or ""
        elif isinstance(event, ServerEventResponseOutputItemDone):
            self._items[event.output_index] = event.item

    def outcome(self) -> bool | None:
        """Return whether there is a response, once that is known."""
        if self.refusal is not None:
            return False
        return True if self.response_id is not None else None

    def text(self) -> str:
        """Return what it says: the text, or the transcript of what is spoken."""
        return "".join(self._texts.values())

    def audio(self) -> bytes:
        """Return its audio.

        Raises:
            EventsDroppedError: A part of it was dropped.
            RuntimeError: Events were taken one by one.
        """
        if self.touched:
            raise RuntimeError("the events of this response were iterated over; collect their audio there")
        if self.dropped:
            raise EventsDroppedError(
                "the audio of this response is not complete: nobody took it while others read on, and its first "
                "events were dropped; iterate over the response while it comes"
            )
        deltas = [arrived.event for arrived in self.waiting()]
        return b"".join(event.audio for event in deltas if isinstance(event, ServerEventResponseAudioDelta))

    def function_calls(self) -> list[ResponseFunctionCallItem]:
        """Return the functions it calls."""
        output = self.response.output if self.response is not None and self.response.output else None
        items: list[Any] = list(output) if output else [self._items[index] for index in sorted(self._items)]
        return [item for item in items if isinstance(item, ResponseFunctionCallItem)]


def mark(event: dict[str, Any], event_id: str) -> None:
    """Put the id of a ``response.create`` in wire form into the event, and into the metadata of its response."""
    event["event_id"] = event_id
    params = cast("dict[str, Any]", event.get("response") or {})
    metadata = dict(cast("Mapping[str, Any]", params.get("metadata") or {}))
    metadata.pop(MARK, None)
    if len(metadata) < MOST_METADATA:
        event["response"] = {**params, "metadata": {**metadata, MARK: event_id}}

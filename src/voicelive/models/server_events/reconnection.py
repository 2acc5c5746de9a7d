"""Events that this side puts into the stream while it makes a broken connection anew. The service never sends them."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, InstanceOf

from voicelive.exceptions import VoiceLiveError
from voicelive.models._base import Float, Int, Model, Str
from voicelive.models.server_events._base import ServerEvent

__all__ = ("LocalEvent", "Lost", "Reconnected", "Reconnecting")


class LocalEvent(ServerEvent):
    """Base of the events that this side puts into the stream."""

    _local: ClassVar = True


class Lost(Model):
    """One thing that a new connection does not have. It names the thing and never shows what was in it."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True)

    kind: Literal["session", "item", "response", "event", "audio"]
    """What it is: settings of the session, an item, a response, a client event, or audio of the user."""

    id: Str | None = None
    """Id of the item, response or client event; of audio, the item it would have become, if that was known."""

    type: Str | None = None
    """Type of the item or client event."""

    reason: Literal[
        "interrupted", "no_transcript", "not_heard", "not_replayable", "not_kept", "refused", "unanswered", "superseded"
    ]
    """Why: see the guide on reconnecting."""

    code: Str | None = None
    """The service's error code, where it refused."""

    audio_ms: Int | None = None
    """How much audio, in ms."""


class Reconnecting(LocalEvent):
    """The connection is gone, or is about to be renewed, and an attempt to make it anew follows.

    One comes before every attempt. Everything that was received before the drop has been delivered by then.
    """

    type: Literal["reconnecting"] = "reconnecting"
    """Type of the event."""

    attempt: Int
    """Which attempt it is, from 1."""

    delay: Float
    """Seconds until it begins."""

    error: InstanceOf[VoiceLiveError] | None = None
    """What went wrong last; ``None``: nothing, the session is renewed before it expires."""

    def as_dict(self) -> dict[str, Any]:
        """Return the event with ``error`` as its message."""
        error = None if self.error is None else self.error.message
        return {"type": self.type, "attempt": self.attempt, "delay": self.delay, "error": error}


class Reconnected(LocalEvent):
    """The session goes on, on a new connection. Everything the service sent on it comes after this event."""

    type: Literal["reconnected"] = "reconnected"
    """Type of the event."""

    session_id: Str | None = None
    """Id of the new session."""

    restored: list[Str]
    """Ids of the items that were restored, in order. Empty where the service keeps them, as with agents."""

    resent: list[Str]
    """``event_id`` of the client events that had not been answered and were sent again, in order."""

    lost: list[Lost]
    """What the new session does not have; empty if it has everything."""

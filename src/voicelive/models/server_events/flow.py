"""Events that this side puts into the stream where it had to drop something. The service never sends them."""

from __future__ import annotations

from typing import Literal

from voicelive.models._base import Int
from voicelive.models.server_events.reconnection import LocalEvent

__all__ = ("AudioDropped", "EventsDropped")


class AudioDropped(LocalEvent):
    """Audio of the user was not sent: the network is slower than the microphone, and the oldest had to give way.

    See ``max_queued_bytes`` in the connection options.
    """

    type: Literal["audio_dropped"] = "audio_dropped"
    """Type of the event."""

    count: Int
    """How many appends of ``append_nowait`` were dropped since the last such event."""

    size: Int
    """Bytes of audio in them."""


class EventsDropped(LocalEvent):
    """Events were dropped that waited to be read: something else read on, and the oldest had to give way."""

    type: Literal["events_dropped"] = "events_dropped"
    """Type of the event."""

    count: Int
    """How many events."""

    size: Int
    """Their size, in bytes as received."""

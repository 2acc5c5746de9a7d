"""Events about the session as a whole: its settings, errors, the avatar's connection."""

from __future__ import annotations

from typing import Literal

from voicelive.models._base import Secret, Str
from voicelive.models.errors import ServerEventErrorDetails, ServerEventWarningDetails
from voicelive.models.server_events._base import ServerEvent
from voicelive.models.session import ResponseSession

__all__ = (
    "ServerEventError",
    "ServerEventSessionAvatarConnecting",
    "ServerEventSessionAvatarSwitchToIdle",
    "ServerEventSessionAvatarSwitchToSpeaking",
    "ServerEventSessionCreated",
    "ServerEventSessionUpdated",
    "ServerEventWarning",
)


class ServerEventSessionCreated(ServerEvent):
    """The session is open. The first event of every connection. Since api-version 2025-10-01."""

    type: Literal["session.created"] = "session.created"
    """Type of the event."""

    session: ResponseSession
    """The session's settings, so far the service's defaults."""


class ServerEventSessionUpdated(ServerEvent):
    """The session has changed; answers ``session.update``. Since api-version 2025-10-01."""

    type: Literal["session.updated"] = "session.updated"
    """Type of the event."""

    session: ResponseSession
    """All of the session's settings."""


class ServerEventError(ServerEvent):
    """Something went wrong, mostly with a client event. As a rule the session goes on. Since api-version 2025-10-01."""

    type: Literal["error"] = "error"
    """Type of the event."""

    error: ServerEventErrorDetails
    """What went wrong."""


class ServerEventWarning(ServerEvent):
    """Something is not as it should be, and the session goes on. Since api-version 2026-04-10."""

    type: Literal["warning"] = "warning"
    """Type of the event."""

    warning: ServerEventWarningDetails
    """What is not as it should be."""


class ServerEventSessionAvatarConnecting(ServerEvent):
    """The avatar's WebRTC connection is being made; answers ``session.avatar.connect``.

    Since api-version 2025-10-01.
    """

    type: Literal["session.avatar.connecting"] = "session.avatar.connecting"
    """Type of the event."""

    server_sdp: Secret[str]
    """The service's SDP answer (RFC 8866), which holds ICE passwords and is not shown."""


class ServerEventSessionAvatarSwitchToSpeaking(ServerEvent):
    """The avatar begins to speak. Since api-version 2026-04-10."""

    type: Literal["session.avatar.switch_to_speaking"] = "session.avatar.switch_to_speaking"
    """Type of the event."""

    turn_id: Str | None = None
    """Id of the turn it speaks in."""


class ServerEventSessionAvatarSwitchToIdle(ServerEvent):
    """The avatar has stopped speaking. Since api-version 2026-04-10."""

    type: Literal["session.avatar.switch_to_idle"] = "session.avatar.switch_to_idle"
    """Type of the event."""

    turn_id: Str | None = None
    """Id of the turn it spoke in."""

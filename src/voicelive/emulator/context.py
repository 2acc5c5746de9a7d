"""What the parts of a session share: its settings, its speech parts, and the way out to the client."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from voicelive.emulator.settings import Settings
from voicelive.emulator.speech import Recognizer, Responder, Synthesizer, VoiceActivityFactory
from voicelive.emulator.steps import Steps, Task
from voicelive.emulator.versions import ApiVersion

__all__ = ("Context", "Services", "new_id")


def new_id(prefix: str) -> str:
    """Return a fresh id such as ``item_1f0c...``."""
    return f"{prefix}_{secrets.token_hex(8)}"


@dataclass(frozen=True, slots=True)
class Services:
    """What hears, thinks and speaks; one set serves all sessions."""

    recognizer: Recognizer
    synthesizer: Synthesizer
    voice_activity: VoiceActivityFactory
    responder: Responder


@dataclass(frozen=True, slots=True)
class Context:
    """One session's surroundings.

    Args:
        settings: The session's settings.
        services: What hears, thinks and speaks.
        send: Takes one server event, in order.
        spawn: Drives a generator on its own.
        hang_up: Closes the connection with a code and a reason, once what was sent is out.
        speed: How many times faster than real time spoken replies are sent.
        clock: Returns the time in seconds, from any beginning.
        remote_mcp: Whether MCP servers on other machines are asked as well.
    """

    settings: Settings
    services: Services
    send: Callable[[dict[str, Any]], None]
    spawn: Callable[[Steps], Task]
    hang_up: Callable[[int, str], None]
    speed: float
    clock: Callable[[], float] = time.monotonic
    remote_mcp: bool = False

    @property
    def version(self) -> ApiVersion:
        """The api-version that the client asked for."""
        return self.settings.version

    def emit(self, event_type: str, **fields: Any) -> None:
        """Send one server event, unless it is newer than what the client asked for."""
        if not self.version.sends_event(event_type):
            return
        self.send({"event_id": new_id("event"), "type": event_type, **fields})

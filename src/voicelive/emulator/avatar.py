"""The avatar: how clients connect to it, when it speaks, and its video over the WebSocket."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from typing import Any, cast

import pybase64

from voicelive.emulator import sdp, video
from voicelive.emulator.context import Context, new_id
from voicelive.emulator.refusal import refuse, required, text

__all__ = ("Avatar",)


class Avatar:
    """The avatar of a session, if it has one.

    Over WebRTC only the negotiation is there: no media flows. Over the WebSocket a still picture comes.

    Args:
        context: The session's surroundings.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._turn_id: str | None = None
        self._streams = False
        self._fragments = 0
        self._frames = 0
        self._shown = 0.0
        self.handlers: dict[str, Callable[[Mapping[str, Any]], None]] = {"session.avatar.connect": self._connect}

    def settings_changed(self) -> None:
        """Begin the video if the avatar's protocol is the WebSocket."""
        avatar = self._context.settings["avatar"]
        streams = avatar is not None and avatar["output_protocol"] == "websocket"
        if streams and not self._streams:
            self._fragments = self._frames = 0
            self._send(video.opening() + self._fragment(1))
        self._streams = streams

    def _connect(self, event: Mapping[str, Any]) -> None:
        offer = text(required(event, "client_sdp"), "client_sdp")
        avatar = self._context.settings["avatar"]
        if avatar is None:
            raise refuse("avatar_not_configured")
        if avatar["output_protocol"] == "websocket":
            raise refuse("avatar_uses_websocket")
        plain = offer.startswith("v=")
        try:
            answer = sdp.answer(offer if plain else _unwrapped(offer))
        except ValueError as error:
            raise refuse("invalid_sdp", reason=str(error)) from None
        if not plain:
            wrapped = json.dumps({"type": "answer", "sdp": answer})
            answer = base64.b64encode(wrapped.encode()).decode("ascii")
        self._context.emit("session.avatar.connecting", server_sdp=answer)

    # Speaking

    def speak(self) -> None:
        """Take note that audio begins."""
        if self._context.settings["avatar"] is not None and self._turn_id is None:
            self._turn_id = new_id("turn")
            self._context.emit("session.avatar.switch_to_speaking", turn_id=self._turn_id)

    def show(self, seconds: float) -> None:
        """Send the video that goes with so much audio."""
        if not self._streams:
            return
        self._shown += seconds
        if due := int(self._shown * video.FRAMES_PER_SECOND):
            self._shown -= due / video.FRAMES_PER_SECOND
            self._send(self._fragment(due))

    def rest(self) -> None:
        """Take note that audio has ended."""
        if self._turn_id is not None:
            turn_id, self._turn_id = self._turn_id, None
            self._context.emit("session.avatar.switch_to_idle", turn_id=turn_id)

    def _fragment(self, frames: int) -> bytes:
        number, first = self._fragments, self._frames
        self._fragments += 1
        self._frames += frames
        return video.fragment(number, first, frames)

    def _send(self, data: bytes) -> None:
        delta = pybase64.b64encode(data).decode("ascii")
        self._context.emit("response.video.delta", output_index=0, codec=video.CODEC, delta=delta)


def _unwrapped(offer: str) -> str:
    """Return the description in base64 of ``{"type": "offer", "sdp": ...}``, as browsers' samples send it."""
    try:
        wrapped: Any = json.loads(base64.b64decode(offer, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise ValueError("it is neither a session description nor base64 of JSON with one") from None
    description = cast("dict[str, Any]", wrapped).get("sdp") if isinstance(wrapped, dict) else None
    if not isinstance(description, str):
        raise ValueError("the JSON has no text under sdp")
    return description

"""The answer to a WebRTC offer, as session descriptions (RFC 8866, RFC 8829); nobody listens at its addresses."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

__all__ = ("answer",)

_CODECS = {"audio": "opus/", "video": "h264/"}
_DIRECTIONS = {"sendrecv": "sendrecv", "recvonly": "sendonly", "sendonly": "recvonly", "inactive": "inactive"}


def answer(offer: str) -> str:
    """Return an answer that accepts every medium of the offer, with Opus and H.264 where they are offered.

    Raises:
        ValueError: The offer is no session description; the message says why.
    """
    lines = offer.replace("\r\n", "\n").split("\n")
    if lines[0] != "v=0":
        raise ValueError("a session description begins with v=0")
    starts = [index for index, line in enumerate(lines) if line.startswith("m=")]
    session = lines[: starts[0]] if starts else lines
    media = [lines[start:end] for start, end in zip(starts, [*starts[1:], len(lines)], strict=False)]
    described = ["v=0", f"o=- {secrets.randbits(62)} 2 IN IP4 127.0.0.1", "s=-", "t=0 0"]
    described += (line for line in session if line.startswith("a=group:BUNDLE"))
    fingerprint = ":".join(f"{byte:02X}" for byte in secrets.token_bytes(32))
    user, password = secrets.token_hex(4), secrets.token_hex(12)
    for medium in media:
        described += _medium(medium)
        described += [f"a=ice-ufrag:{user}", f"a=ice-pwd:{password}"]
        described += [f"a=fingerprint:sha-256 {fingerprint}", "a=setup:active"]
    return "\r\n".join([*described, ""])


def _medium(offered: list[str]) -> Iterator[str]:
    parts = offered[0].removeprefix("m=").split(" ")
    if len(parts) < 4:
        raise ValueError("a line m= has a medium, a port, a protocol and formats")
    kind, _, protocol, *formats = parts
    attributes = [line for line in offered if line.startswith("a=")]
    chosen = _formats(kind, formats, attributes)
    yield f"m={kind} 9 {protocol} {' '.join(chosen)}"
    yield "c=IN IP4 127.0.0.1"
    for line in attributes:
        name, _, value = line.removeprefix("a=").partition(":")
        if name in ("mid", "rtcp-mux", "sctp-port") or (
            name in ("rtpmap", "fmtp", "rtcp-fb") and value.split(" ")[0] in chosen
        ):
            yield line
        elif name in _DIRECTIONS:
            yield f"a={_DIRECTIONS[name]}"
    if protocol.endswith("SAVPF") and not any(line[2:] in _DIRECTIONS for line in attributes):
        yield "a=sendrecv"


def _formats(kind: str, offered: list[str], attributes: list[str]) -> list[str]:
    wanted = _CODECS.get(kind)
    if wanted is None:
        return offered
    names = (line.removeprefix("a=rtpmap:").split(" ", 1) for line in attributes if line.startswith("a=rtpmap:"))
    known = {number for number, *name in names if name and name[0].lower().startswith(wanted)}
    return [number for number in offered if number in known] or offered[:1]

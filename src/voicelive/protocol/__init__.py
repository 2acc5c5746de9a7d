"""The protocol without input and output: no sockets, clocks, threads or event loops, for any framework to use."""

from __future__ import annotations

from voicelive.protocol.wire import decode_event, encode_event

__all__ = ("decode_event", "encode_event")

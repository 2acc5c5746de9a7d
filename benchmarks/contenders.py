"""Who is measured: one small adapter per client, with what its user would write.

A contender is written ``client:loop``, such as ``voicelive:uvloop``; loops are asyncio, uvloop, trio and blocking.
``voicelive+reconnect`` and ``voicelive+handlers`` are voicelive with those features in use.
"""

from __future__ import annotations

import base64
import ssl
from typing import Any

KEY = "0123456789abcdef"
BASELINE = "azure-ai-voicelive:asyncio"
ASYNCIO, UVLOOP, TRIO, BLOCKING = (f"voicelive:{loop}" for loop in ("asyncio", "uvloop", "trio", "blocking"))
OURS = (ASYNCIO, UVLOOP, TRIO, BLOCKING)
THEIRS = (BASELINE, "azure-ai-voicelive:uvloop", "openai:asyncio", "openai:uvloop", "openai:blocking")
EXTRAS = ("voicelive+reconnect:asyncio", "voicelive+handlers:asyncio")


def trust(ca: str | None) -> ssl.SSLContext | None:
    return None if ca is None else ssl.create_default_context(cafile=ca)


class VoiceLive:
    """voicelive, in every style."""

    audio_type = "response.audio.delta"

    def __init__(self, port: int, ca: str | None, blocking: bool, *features: str) -> None:
        import voicelive

        if blocking:
            connect: Any = voicelive.connect
        else:
            import voicelive.aio

            connect = voicelive.aio.connect
        scheme = "http" if ca is None else "https"
        self.arguments: dict[str, Any] = {
            "endpoint": f"{scheme}://127.0.0.1:{port}",
            "credential": KEY,
            "model": "gpt-realtime",
            "ssl_context": trust(ca),
        }
        if "reconnect" in features:
            self.arguments["reconnect"] = voicelive.ReconnectPolicy()
        self.handlers = "handlers" in features
        self.connect = connect

    def open(self) -> Any:
        manager = self.connect(**self.arguments)
        if self.handlers:
            for kind in (self.audio_type, "response.audio_transcript.delta", "response.done"):
                manager.on(kind, lambda event: None)
        return manager

    def audio(self, event: Any) -> bytes:
        return event.audio

    def append(self, connection: Any, pcm: bytes) -> Any:
        return connection.input_audio_buffer.append(audio=pcm)


class Azure:
    """azure-ai-voicelive, which has an asyncio client only."""

    audio_type = VoiceLive.audio_type

    def __init__(self, port: int, ca: str | None, blocking: bool) -> None:
        from azure.ai.voicelive.aio import connect
        from azure.core.credentials import AzureKeyCredential

        scheme = "http" if ca is None else "https"
        arguments: dict[str, Any] = {"endpoint": f"{scheme}://127.0.0.1:{port}", "model": "gpt-realtime"}
        if context := trust(ca):
            arguments["connection_options"] = {"vendor_options": {"ssl": context}}
        self.open = lambda: connect(credential=AzureKeyCredential(KEY), **arguments)

    def audio(self, event: Any) -> bytes:
        return event.delta

    def append(self, connection: Any, pcm: bytes) -> Any:
        return connection.input_audio_buffer.append(audio=base64.b64encode(pcm).decode())


class OpenAI:
    """openai's realtime client."""

    audio_type = "response.output_audio.delta"

    def __init__(self, port: int, ca: str | None, blocking: bool) -> None:
        import openai

        scheme = "ws" if ca is None else "wss"
        make: Any = openai.OpenAI if blocking else openai.AsyncOpenAI
        client = make(api_key=KEY, websocket_base_url=f"{scheme}://127.0.0.1:{port}/v1")
        context = trust(ca)
        options = {"ssl": context} if context else {}
        self.open = lambda: client.realtime.connect(model="gpt-realtime", websocket_connection_options=options)

    def audio(self, event: Any) -> bytes:
        return base64.b64decode(event.delta)

    def append(self, connection: Any, pcm: bytes) -> Any:
        return connection.input_audio_buffer.append(audio=base64.b64encode(pcm).decode())


def adapter(contender: str, port: int, ca: str | None) -> Any:
    """Return the adapter of a contender, having imported its client."""
    client, loop = contender.split(":")
    name, *features = client.split("+")
    kind: Any = {"voicelive": VoiceLive, "azure-ai-voicelive": Azure, "openai": OpenAI}[name]
    return kind(port, ca, loop == "blocking", *features)

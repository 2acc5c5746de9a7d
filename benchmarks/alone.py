"""What can be measured without a server: decode, encode, import and size."""

from __future__ import annotations

import base64
import importlib.metadata
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import frames
import harness
from harness import Row

AZURE, OPENAI, VOICELIVE = "azure-ai-voicelive", "openai", "voicelive"
SIZES = (960, 4800, 19200)
"""Bytes of audio: 20, 100 and 400 ms at 24 kHz."""
APPENDS = 100
"""Appends one after the other, as a program has them: starting a coroutine from outside takes as long as some of it."""


def decode(rounds: int) -> Iterator[Row]:
    """Wire frame to typed event, over the whole mix; "decode, audio as bytes" reads the audio of each delta as well."""
    from azure.ai.voicelive.models import ServerEvent
    from openai.resources.realtime.realtime import AsyncRealtimeConnection

    from voicelive.protocol import decode_event

    mix, openai_mix = frames.mix(), frames.mix(frames.OPENAI)
    openai_decode = AsyncRealtimeConnection(None).parse_event  # type: ignore[arg-type]

    def ours(audio: bool) -> None:
        for frame in mix:
            event = decode_event(frame)
            if audio and event.type == "response.audio.delta":
                event.audio  # noqa: B018 - reading decodes

    def azure(audio: bool) -> None:
        for frame in mix:
            # What its recv() does with a frame.
            event: Any = ServerEvent._deserialize(json.loads(frame), [])
            if audio and event.type == "response.audio.delta":
                event.delta  # noqa: B018 - reading decodes

    def openai(audio: bool) -> None:
        for frame in openai_mix:
            event: Any = openai_decode(frame)
            if audio and event.type == "response.output_audio.delta":
                base64.b64decode(event.delta)

    for audio, measure in ((True, "decode, audio as bytes"), (False, "decode, audio left as base64")):
        works: dict[str, Callable[[bool], None]] = {VOICELIVE: ours, AZURE: azure, OPENAI: openai}
        if not audio:
            # What the ratio in the summary is to: its users have no other way to get at what an event brings.
            works[f"{AZURE}, audio as bytes"] = lambda _: azure(True)
        samples = harness.rounds(
            rounds,
            {
                name: harness.cpu_per_call(lambda work=work, audio=audio: work(audio), len(mix))
                for name, work in works.items()
            },
        )
        yield from (Row(measure, name, "CPU µs/event", found) for name, found in samples.items())


class Nowhere:
    """Stands where the WebSocket is, and takes finished texts."""

    open = True

    async def send(self, message: bytes) -> None:
        """What voicelive calls; no latin-1, no copy: bytes go out as they are."""

    async def send_str(self, text: str) -> None:
        """What azure-ai-voicelive calls; its transport encodes every text."""
        text.encode()


def encode(rounds: int) -> Iterator[Row]:
    """Audio bytes to the text of an ``input_audio_buffer.append``, handed to the transport."""
    from azure.ai.voicelive.aio import VoiceLiveConnection as Azure

    from voicelive.aio import VoiceLiveConnection
    from voicelive.protocol.options import parse_options
    from voicelive.protocol.session import Session
    from voicelive.protocol.wire import encode_append

    azure = Azure(None, Nowhere())  # type: ignore[arg-type]
    ours = VoiceLiveConnection(Session("nowhere"), Nowhere(), parse_options())  # type: ignore[arg-type]
    for size in SIZES:
        pcm = frames.pcm(size / 2 / frames.SECOND)
        works: dict[str, Callable[[], object]] = {
            f"{VOICELIVE}, encode alone": lambda pcm=pcm: encode_append(pcm),
            VOICELIVE: lambda pcm=pcm: _run(_append(ours, lambda: pcm)),
            AZURE: lambda pcm=pcm: _run(_append(azure, lambda: base64.b64encode(pcm).decode())),
            OPENAI: _openai_append(pcm),
        }
        calls = {name: APPENDS if name in (VOICELIVE, AZURE) else 1 for name in works}
        measures = {name: harness.cpu_per_call(work, calls[name]) for name, work in works.items()}
        samples = harness.rounds(rounds, measures)
        yield from (Row(f"append, {size} bytes", name, "CPU µs/event", found) for name, found in samples.items())


async def _append(connection: Any, audio: Callable[[], object]) -> None:
    for _ in range(APPENDS):
        await connection.input_audio_buffer.append(audio=audio())


def _openai_append(pcm: bytes) -> Callable[[], object]:
    # Its helper needs a running event loop; this is what it does for an event that is a model, which is its fastest.
    from openai.types.realtime import InputAudioBufferAppendEvent

    def work() -> object:
        audio = base64.b64encode(pcm).decode()
        event = InputAudioBufferAppendEvent(type="input_audio_buffer.append", audio=audio)
        return event.to_json(use_api_names=True, exclude_unset=True).encode()

    return work


def _run(coroutine: Any) -> None:
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise AssertionError("sending to nowhere should not wait")


STATEMENTS = {
    "import": {
        "voicelive": "import voicelive",
        "voicelive.aio": "import voicelive.aio",
        AZURE: "import azure.ai.voicelive.aio",
        OPENAI: "import openai",
    },
    "import of connect": {
        "voicelive": "from voicelive import connect",
        "voicelive.aio": "from voicelive.aio import connect",
        AZURE: "from azure.ai.voicelive.aio import connect",
        OPENAI: "from openai import AsyncOpenAI; from openai.resources.realtime import AsyncRealtime",
    },
    "import of connect and models": {
        "voicelive.aio": "from voicelive.aio import connect; import voicelive.models",
        AZURE: "from azure.ai.voicelive.aio import connect; import azure.ai.voicelive.models",
    },
    "first decode, imports included": {
        "voicelive": f"from voicelive.protocol import decode_event; decode_event({frames.mix()[0]!r})",
        AZURE: "import json; from azure.ai.voicelive.models import ServerEvent; "
        f"ServerEvent._deserialize(json.loads({frames.mix()[0]!r}), [])",
    },
}


def imports(rounds: int) -> Iterator[Row]:
    """CPU of a fresh interpreter, less what an empty one needs."""

    def measure(statement: str) -> Callable[[], float]:
        program = f"import time; start = time.process_time()\n{statement}\nprint(time.process_time() - start)"

        def run() -> float:
            done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
            return 1000 * float(done.stdout)

        return run

    for title, statements in STATEMENTS.items():
        samples = harness.rounds(rounds, {name: measure(statement) for name, statement in statements.items()})
        yield from (Row(title, name, "CPU ms", found) for name, found in samples.items())


def sizes(rounds: int) -> Iterator[Row]:
    """Installed files, less compiled ones, of a package and all it asks for; azure-identity's own tree apart."""
    identity = _closure("azure-identity", set())
    for name in (VOICELIVE, AZURE, OPENAI):
        extras = {AZURE: {"aiohttp"}, OPENAI: {"realtime"}}.get(name, set())
        total = sum(map(_size, _closure(name, extras) - identity))
        yield Row("installed size without azure-identity", name, "MB", [total / 1e6])


def _closure(name: str, extras: set[str]) -> set[str]:
    from packaging.requirements import Requirement

    found: set[str] = set()
    waiting = [(name, extras)]
    while waiting:
        package, wanted = waiting.pop()
        package = re.sub(r"[-_.]+", "-", package).lower()
        if package in found:
            continue
        found.add(package)
        for line in importlib.metadata.requires(package) or ():
            requirement = Requirement(line)
            environments = [{"extra": extra} for extra in wanted] or [{"extra": ""}]
            if requirement.marker is None or any(map(requirement.marker.evaluate, environments)):
                waiting.append((requirement.name, requirement.extras))
    return found


def _size(package: str) -> int:
    files = importlib.metadata.files(package) or ()
    paths = [Path(str(file.locate())) for file in files if file.suffix != ".pyc"]
    return sum(path.stat().st_size for path in paths if path.is_file())

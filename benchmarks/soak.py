"""Conversations whose connections are broken on purpose: what is lost, and what it costs in memory.

    soak.py [--drops 1000] [--sessions 500 --minutes 10] [--seed TEXT] [--json FILE]

Two parts, each against ``soak_service.py`` in a process of its own.

**Drops.** In each of the three styles four conversations at once go on, with texts, audio, answers, function calls and
deletions, while the service breaks their connections at random moments: idle, behind an append or another command or
without having read it, amid an answer, a response or the restoring itself. In the end the service's last session is
compared with what the client was told. Exits with 1 if anything is lost, duplicated, out of order, changed, or missing
and not named.

**Sessions.** So many asyncio sessions at once send 100 ms of audio every 100 ms and take spoken answers, each dropped
about every 30 seconds, and keep the last 10 items of their conversation. The memory of the process is sampled every ten
seconds. Exits with 1 if it differs by more than 5 % between the first minute and the end (Linux only).
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import json
import random
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import harness
import trio
from soak_talker import Json, Talker

import voicelive
import voicelive.aio
from voicelive import ReconnectPolicy

POLICY = ReconnectPolicy(attempts=50, delay=0.005, max_delay=0.1)
PATIENT = ReconnectPolicy(attempts=10, delay=0.2)
STYLES = ("blocking", "asyncio", "trio")
AT_ONCE = 4
EVERY = 0.4
"""Seconds that a connection of the first part lasts, at most about."""
MINUTE = 60.0
BETWEEN = 30.0
"""Seconds between the drops of a session of the second part, on average."""
TURN = 5.0
PERIOD = 0.1
ALLOWED = 5.0
"""Percent that memory may grow by."""
PATIENCE = 120.0
QUIET = 1.0
"""Seconds without an event after which nothing more is to come."""


@contextmanager
def service(seed: str) -> Iterator[int]:
    program = Path(__file__).with_name("soak_service.py")
    command = [sys.executable, str(program), seed]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


def state(port: int, name: str) -> Json:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/state?client={name}", timeout=30) as answer:
        found: Json = json.load(answer)
        return found


def arguments(port: int, talker: Talker, drops: int, every: float, policy: ReconnectPolicy) -> dict[str, Any]:
    query = {"client": talker.name, "drops": str(drops), "every": str(every), "chunk": str(talker.chunk_bytes)}
    return {
        "endpoint": f"http://127.0.0.1:{port}",
        "credential": "soak",
        "model": "soak",
        "query": query,
        "reconnect": policy,
        "proxy": False,
    }


# Drops


class Conversation:
    """What one client does in the first part, in whatever style."""

    def __init__(self, talker: Talker) -> None:
        self.talker = talker
        self.over = False
        self.lock = threading.Lock()
        self.finished = threading.Event()

    def took(self, event: Any) -> None:
        with self.lock:
            self.talker.took(event)

    def next(self) -> tuple[list[Json | bytes], float]:
        """Return what to send now, and the seconds to wait behind it."""
        talker, pick = self.talker, self.talker.random
        with self.lock:
            if len(talker.pending) > 30:
                return [], 0.005
            found: list[Json | bytes] = []
            chance = pick.random()
            if chance < 0.45:
                found += [talker.chunk() for _ in range(pick.randint(1, 6))]
            elif chance < 0.6 and talker.uncommitted:
                found.append(talker.commit())
            elif chance < 0.8:
                found.append(talker.say())
            elif chance < 0.9 and not talker.asked:
                found.append(talker.respond(call=pick.random() < 0.3))
            elif chance < 0.95:
                found.append(talker.update())
            if (tidied := talker.tidy()) is not None:
                found.append(tidied)
            return found, 0.02 * pick.random()

    def last(self) -> list[Json]:
        with self.lock:
            return [self.talker.commit()] if self.talker.uncommitted else []

    @property
    def settled(self) -> bool:
        with self.lock:
            return self.talker.settled and time.monotonic() > self.talker.last + QUIET


def blocking(port: int, conversations: list[Conversation], drops: int) -> None:
    threads = [threading.Thread(target=blocking_one, args=(port, talk, drops)) for talk in conversations]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def blocking_one(port: int, talk: Conversation, drops: int) -> None:
    with voicelive.connect(**arguments(port, talk.talker, drops, EVERY, POLICY)) as connection:

        def read() -> None:
            for event in connection:
                talk.took(event)

        reader = threading.Thread(target=read)
        reader.start()
        while not talk.over:
            events, seconds = talk.next()
            for event in events:
                if isinstance(event, bytes):
                    connection.input_audio_buffer.append(audio=event)
                else:
                    connection.send(event)
            time.sleep(seconds)
        for event in talk.last():
            connection.send(event)
        end = time.monotonic() + PATIENCE
        while not talk.settled and time.monotonic() < end:
            time.sleep(0.01)
    reader.join()


async def async_one(port: int, talk: Conversation, drops: int, sleep: Any, start: Any) -> None:
    async with voicelive.aio.connect(**arguments(port, talk.talker, drops, EVERY, POLICY)) as connection:

        async def read() -> None:
            async for event in connection:
                talk.took(event)

        start(read)
        while not talk.over:
            events, seconds = talk.next()
            for event in events:
                if isinstance(event, bytes):
                    await connection.input_audio_buffer.append(audio=event)
                else:
                    await connection.send(event)
            await sleep(seconds)
        for event in talk.last():
            await connection.send(event)
        end = time.monotonic() + PATIENCE
        while not talk.settled and time.monotonic() < end:
            await sleep(0.01)


def with_asyncio(port: int, conversations: list[Conversation], drops: int) -> None:
    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            for talk in conversations:
                group.create_task(async_one(port, talk, drops, asyncio.sleep, lambda read: group.create_task(read())))

    asyncio.run(main())


def with_trio(port: int, conversations: list[Conversation], drops: int) -> None:
    async def main() -> None:
        async with trio.open_nursery() as nursery:
            for talk in conversations:
                nursery.start_soon(async_one, port, talk, drops, trio.sleep, nursery.start_soon)

    trio.run(main)


def watch(port: int, conversations: list[Conversation], done: threading.Event) -> None:
    """Tell conversations when the service has broken their connections as often as it was to."""
    while not done.wait(0.5):
        for talk in conversations:
            if not talk.over and talk.talker.confirmed:
                talk.over = state(port, talk.talker.name)["left"] <= 0


def break_connections(drops: int, seed: str) -> Json:
    found: Json = {"styles": {}, "drops": collections.Counter(), "how": collections.Counter(), "gaps": {}, "faults": []}
    gaps: collections.Counter[str] = collections.Counter()
    for index, style in enumerate(STYLES):
        mine = drops // len(STYLES) + (index < drops % len(STYLES))
        run = {"blocking": blocking, "asyncio": with_asyncio, "trio": with_trio}[style]
        with service(f"{seed} {style}") as port:
            names = [f"{style}{number}" for number in range(AT_ONCE)]
            conversations = [Conversation(Talker(name, chunk_ms=10, keep=40)) for name in names]
            done = threading.Event()
            watcher = threading.Thread(target=watch, args=(port, conversations, done), daemon=True)
            watcher.start()
            begun = time.monotonic()
            # Rounded up: at least as many as were asked for.
            run(port, conversations, -(-mine // AT_ONCE))
            row: collections.Counter[str] = collections.Counter()
            row["seconds"] = round(time.monotonic() - begun)
            done.set()
            for talk in conversations:
                talker = talk.talker
                held = state(port, talker.name)
                row.update(talker.check(held))
                row["drops"] += sum(held["drops"].values())
                row["refused dials"] += held["refused"]
                row["reconnected"] += talker.reconnected
                row["confirmed"] += len(talker.confirmed) + talker.deletions
                row["audio ms"] += talker.chunks * talker.chunk_bytes // 48
                row["gaps"] += sum(talker.gaps.values())
                found["drops"].update(held["drops"])
                found["how"].update(held["hows"])
                found["faults"] += talker.faults
                gaps.update(talker.gaps)
            found["styles"][style] = row
            print(style, dict(row), flush=True)
    found["gaps"] = gaps
    return found


# Sessions


async def session(port: int, talker: Talker, end: float) -> None:
    await asyncio.sleep(TURN * talker.random.random())
    # For as long as it lasts, but for the end, which is to come to rest.
    drops = int((end - time.monotonic()) / BETWEEN)
    made = arguments(port, talker, max(1, drops), BETWEEN, PATIENT)
    async with voicelive.aio.connect(**made) as connection:

        async def read() -> None:
            async for event in connection:
                talker.took(event)

        reader = asyncio.create_task(read())
        due = time.monotonic()
        tick = talker.random.randrange(round(TURN / PERIOD))
        while due < end:
            await connection.input_audio_buffer.append(audio=talker.chunk())
            tick += 1
            if tick % round(TURN / PERIOD) == 0:
                await connection.send(talker.commit())
                if not talker.asked:
                    await connection.send(talker.respond())
                while (tidied := talker.tidy()) is not None:
                    await connection.send(tidied)
            due += PERIOD
            await asyncio.sleep(max(0.0, due - time.monotonic()))
        if talker.uncommitted:
            await connection.send(talker.commit())
        last = time.monotonic() + PATIENCE
        while not (talker.settled and time.monotonic() > talker.last + QUIET) and time.monotonic() < last:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    await reader


async def sample(begun: float, minutes: float, samples: list[tuple[float, float, float]]) -> None:
    while True:
        at = 10.0 * (len(samples) + 1)
        await asyncio.sleep(max(0.0, begun + at - time.monotonic()))
        samples.append((at, harness.resident() / 1e6, (harness.allocated() or 0) / 1e6))
        _, resident, allocated = samples[-1]
        cpu = time.process_time()
        print(f"{at:5.0f} s  {resident:.1f} MB, {allocated:.1f} MB given out by malloc, CPU {cpu:.0f} s", flush=True)
        if at >= minutes * MINUTE:
            return


async def hold_sessions(port: int, talkers: list[Talker], minutes: float) -> list[tuple[float, float, float]]:
    begun = time.monotonic()
    samples: list[tuple[float, float, float]] = []
    async with asyncio.TaskGroup() as group:
        sampler = group.create_task(sample(begun, minutes, samples))
        # They go on until after the last sample.
        for talker in talkers:
            group.create_task(session(port, talker, begun + minutes * MINUTE + 2))
        await sampler
    return samples


def soak(sessions: int, minutes: float, seed: str) -> Json:
    with service(f"{seed} sessions") as port:
        talkers = [Talker(f"session{number}", chunk_ms=100, keep=10) for number in range(sessions)]
        samples = asyncio.run(hold_sessions(port, talkers, minutes))
        row: collections.Counter[str] = collections.Counter()
        faults: list[str] = []
        gaps: collections.Counter[str] = collections.Counter()
        for talker in talkers:
            held = state(port, talker.name)
            row.update(talker.check(held))
            row["drops"] += sum(held["drops"].values())
            row["reconnected"] += talker.reconnected
            row["confirmed"] += len(talker.confirmed) + talker.deletions
            faults += talker.faults
            gaps.update(talker.gaps)
    first, last = next((taken for taken in samples if taken[0] >= MINUTE), samples[0]), samples[-1]
    found: Json = {"sessions": sessions, "checks": row, "faults": faults, "gaps": gaps, "memory": samples}
    found["growth"] = 100 * (last[1] / first[1] - 1)
    found["allocated growth"] = 100 * (last[2] / first[2] - 1) if first[2] else None
    return found


# All of it

MUST_BE_0 = ("lost", "duplicated", "not confirmed", "out of order", "changed", "unanswered", "other")
ALSO_0 = "audio lost, not named"


def wrong(row: Json) -> int:
    return sum(row.get(name, 0) for name in (*MUST_BE_0, ALSO_0))


def table(rows: dict[str, Json], names: tuple[str, ...]) -> str:
    lines = ["| | " + " | ".join(rows) + " |", "|---|" + "---:|" * len(rows)]
    lines += [f"| {name} | " + " | ".join(f"{row.get(name, 0):,}" for row in rows.values()) + " |" for name in names]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--drops", type=int, default=0)
    parser.add_argument("--sessions", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", default=str(random.randrange(10**6)))
    parser.add_argument("--json", type=Path, default=Path("soak.json"))
    options = parser.parse_args()
    harness.allow_many_files()
    harness.pin(harness.CLIENT_CORE)
    print("seed", options.seed, flush=True)
    found: Json = {"seed": options.seed, "python": sys.version}
    bad = 0
    if options.drops:
        found["drops"] = part = break_connections(options.drops, options.seed)
        counts = ("seconds", "drops", "reconnected", "refused dials", "confirmed", "audio ms", "gaps")
        print(table(part["styles"], (*counts, *MUST_BE_0, ALSO_0)))
        for name in ("drops", "how", "gaps"):
            print(f"{name}: {dict(part[name])}")
        print(*sorted(collections.Counter(part["faults"]).items()), sep="\n")
        bad += sum(map(wrong, part["styles"].values()))
    if options.sessions:
        found["sessions"] = part = soak(options.sessions, options.minutes, options.seed)
        print(table({"sessions": part["checks"]}, ("drops", "reconnected", "confirmed", *MUST_BE_0, ALSO_0)))
        print(f"gaps: {dict(part['gaps'])}")
        print(*sorted(collections.Counter(part["faults"]).items()), sep="\n")
        print(f"memory: {part['growth']:+.1f} % since the first minute")
        if part["allocated growth"] is not None:
            print(f"given out by malloc: {part['allocated growth']:+.1f} %")
        bad += wrong(part["checks"]) + (abs(part["growth"]) > ALLOWED)
    options.json.write_text(json.dumps(found, indent=1))
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())

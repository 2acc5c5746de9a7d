"""Hold many sessions: one event loop per core, each in a process of its own, on uvloop where it is installed.

    python many_sessions.py --sessions 2000

Every session stays open until all of its process have had an answer. Without AZURE_VOICELIVE_ENDPOINT, they talk to an
embedded service in the first process, which takes more CPU than the sessions do.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack, ExitStack
from importlib import import_module
from multiprocessing import get_context
from typing import Any

from voicelive.aio import VoiceLiveConnection, connect
from voicelive.emulator import Emulator

CONNECTING = 50  # at once, in one process: a burst of handshakes makes the first ones time out

Figures = dict[str, float]


def runner() -> Callable[[Coroutine[Any, Any, Figures]], Figures]:
    """Return what runs an event loop: uvloop's, if it is there."""
    try:
        run: Callable[[Coroutine[Any, Any, Figures]], Figures] = import_module("uvloop").run
    except ImportError:
        return asyncio.run
    return run


def memory() -> int:
    """Return the bytes that this process has in RAM; 0 where the system does not tell in /proc."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


async def hold(endpoint: str, key: str | None, sessions: int) -> Figures:
    """Open sessions, have each of them answer once, and close them."""
    limit = asyncio.Semaphore(CONNECTING)
    async with AsyncExitStack() as stack:

        async def open_one() -> VoiceLiveConnection:
            async with limit:
                conn = await stack.enter_async_context(connect(endpoint=endpoint, credential=key, model="gpt-realtime"))
                await conn.recv(timeout=30)
                return conn

        first = await open_one()
        before = memory()
        connections = [first, *await asyncio.gather(*(open_one() for _ in range(sessions - 1)))]
        per_session = (memory() - before) / max(1, sessions - 1)

        async def talk(conn: VoiceLiveConnection) -> float:
            begun = time.monotonic()
            await conn.conversation.item.create(
                item={"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello!"}]}
            )
            response = await conn.respond(response={"modalities": ["text"]}, timeout=120)
            await response.text(timeout=120)
            return time.monotonic() - begun

        cpu = time.process_time()
        times = sorted(await asyncio.gather(*(talk(conn) for conn in connections)))
        cpu = time.process_time() - cpu
    return {
        "sessions": len(times),
        "kB_per_session": round(per_session / 1000, 1),
        "cpu_ms_per_answer": round(1000 * cpu / len(times), 2),
        "slowest_answer_s": round(times[-1], 2),
    }


def work(number: int, endpoint: str, key: str | None, sessions: int) -> Figures:
    """What one process does, on a core of its own where the system has a say in that."""
    if sys.platform == "linux":
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[number % len(cores)]})
    return runner()(hold(endpoint, key, sessions))


def main() -> None:
    """Spread the sessions over processes, and print what each of them had to say as JSON lines."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sessions", type=int, default=200)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    shares = [len(range(number, arguments.sessions, arguments.processes)) for number in range(arguments.processes)]
    with ExitStack() as stack:
        endpoint, key = os.environ.get("AZURE_VOICELIVE_ENDPOINT"), os.environ.get("AZURE_VOICELIVE_API_KEY")
        if endpoint is None:
            service = stack.enter_context(Emulator(speech="builtin"))
            endpoint, key = service.endpoint, service.api_key
        # Spawned, not forked: an event loop, its sockets and its threads do not survive a fork.
        pool = stack.enter_context(ProcessPoolExecutor(len(shares), mp_context=get_context("spawn")))
        waiting = [pool.submit(work, number, endpoint, key, share) for number, share in enumerate(shares) if share]
        for done in waiting:
            print(json.dumps(done.result()))


if __name__ == "__main__":
    main()

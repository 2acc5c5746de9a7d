"""The measures of ``client.py`` for clients whose calls block: a conversation takes a thread to talk, one to listen."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from typing import Any

import harness
from client import START, Clock
from talking import CHUNK, EVENTS_PER_TALK, LONG_CHUNK, Talk, summary

WARM_UP = 20


def flood(adapter: Any, events: int) -> dict[str, float]:
    """As in ``measures_async``, like all of these."""
    with adapter.open() as connection:
        connection.recv()
        clock, taken = Clock(), 0
        connection.send(START)
        while taken < events:
            event = connection.recv()
            if event.type == adapter.audio_type:
                adapter.audio(event)
            taken += 1
        return clock.read()


def connect(adapter: Any, count: int) -> list[dict[str, float]]:
    times = []
    for _ in range(count):
        clock = Clock()
        with adapter.open() as connection:
            connection.recv()
            times.append({**clock.read(), "total": time.process_time(), "ready": time.perf_counter()})
    return times


def round_trip(adapter: Any, count: int) -> dict[str, float]:
    times: list[float] = []
    with adapter.open() as connection:
        connection.recv()
        for number in range(-WARM_UP, count):
            if number == 0:
                clock = Clock()
            begun = time.perf_counter()
            adapter.append(connection, LONG_CHUNK)
            adapter.audio(connection.recv())
            times.append(time.perf_counter() - begun)
        return {**summary(times[WARM_UP:]), "cpu": clock.read()["cpu"] / count}


def idle(adapter: Any, count: int) -> dict[str, float]:
    with ExitStack() as stack:

        def more(number: int) -> None:
            for _ in range(number):
                stack.enter_context(adapter.open()).recv()

        more(WARM_UP)
        before, clock = harness.resident(), Clock()
        more(count)
        time.sleep(0.2)
        after = harness.resident()
        print(harness.as_json({"bytes": (after - before) / count, "cpu": clock.read()["cpu"] / count}), flush=True)
        harness.leave()
    return {}


def talk(adapter: Any, sessions: int) -> dict[str, float]:
    with ExitStack() as stack:
        connections = [stack.enter_context(adapter.open()) for _ in range(sessions)]
        for connection in connections:
            connection.recv()
        result = Talk(sessions)

        def speak(connection: Any, number: int) -> None:
            for tick in range(EVENTS_PER_TALK):
                due = result.due(number, tick)
                delay = due - time.perf_counter()
                if delay > 0:
                    time.sleep(delay)
                now = time.perf_counter()
                result.sent[number].append(now)
                result.late.append(now - due)
                adapter.append(connection, CHUNK)

        def listen(connection: Any, number: int) -> None:
            for tick in range(EVENTS_PER_TALK):
                adapter.audio(connection.recv())
                result.times.append(time.perf_counter() - result.sent[number][tick])

        result.begin()
        threads = [
            threading.Thread(target=work, args=(connection, number))
            for number, connection in enumerate(connections)
            for work in (listen, speak)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        result.end()
        return result.result()

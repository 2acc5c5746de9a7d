"""Conversations at the pace of speech: what is said, when it is due, and how well the pace was kept."""

from __future__ import annotations

import os
import statistics
import time

import frames

TICK = 0.02
"""Seconds of audio in a chunk, and between two of them."""
CHUNK = frames.pcm(TICK)
LONG_CHUNK = frames.pcm(0.1)
EVENTS_PER_TALK = int(os.environ.get("BENCH_TICKS", "150"))
LATEST = 0.02
"""Seconds that one in a hundred may be late where the pace is kept: its chunk, or its answer."""


def summary(times: list[float]) -> dict[str, float]:
    """Return the middle and the hundredth longest of times, in seconds."""
    cuts = statistics.quantiles(times, n=100)
    return {"p50": cuts[49], "p99": cuts[98]}


class Talk:
    """A number of conversations at once, begun a little apart from each other.

    Attributes:
        sent: When each chunk of a session was sent.
        late: How long after it was due each chunk was sent.
        times: How long after its chunk each answer was there, decoded.
    """

    def __init__(self, sessions: int) -> None:
        self.sessions = sessions
        self.sent: list[list[float]] = [[] for _ in range(sessions)]
        self.late: list[float] = []
        self.times: list[float] = []

    def begin(self) -> None:
        self.start = time.perf_counter() + 0.1
        self.cpu = time.process_time()

    def due(self, number: int, tick: int) -> float:
        return self.start + TICK * (tick + number / self.sessions)

    def end(self) -> None:
        self.cpu = time.process_time() - self.cpu

    def kept_pace(self) -> bool:
        return summary(self.times)["p99"] < LATEST and summary(self.late)["p99"] < LATEST

    def result(self) -> dict[str, float]:
        return {**summary(self.times), "late": summary(self.late)["p99"], "cpu": self.cpu / len(self.times)}

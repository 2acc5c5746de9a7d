"""How everything here is measured: CPU time, every contender once per round in an order drawn anew, medians."""

from __future__ import annotations

import gc
import json
import os
import random
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NoReturn

CLIENT_CORE, SERVER_CORE = 0, 1
BASELINE = ("azure-ai-voicelive", "azure-ai-voicelive:asyncio")


@dataclass(frozen=True)
class Row:
    """One line of a table."""

    measure: str
    contender: str
    unit: str
    samples: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.samples)

    @property
    def spread(self) -> float:
        """Distance between the quartiles, in percent of the median."""
        if not self.median:
            return 0.0
        if len(self.samples) < 4:
            return 100 * (max(self.samples) - min(self.samples)) / self.median
        low, _, high = statistics.quantiles(self.samples, n=4)
        return 100 * (high - low) / self.median


def pin(core: int) -> None:
    """Keep this process on one core, where the system allows; two cores are needed to tell client from server."""
    if hasattr(os, "sched_setaffinity") and len(os.sched_getaffinity(0)) > 1:
        os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[core]})


def allow_many_files() -> None:
    """Let this process have as many sockets as the system allows; macOS begins with 256."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 10_000 if hard == resource.RLIM_INFINITY else min(hard, 10_000)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


def resident() -> int:
    """Return the memory that this process has in RAM, in bytes. Linux only."""
    gc.collect()
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def allocated() -> int | None:
    """Return the bytes that malloc has given out and were not freed, where glibc tells.

    Audio is among it, and everything else beyond 512 bytes; Python has arenas of its own for what is smaller. Unlike
    ``resident`` it leaves out what is free but cannot be given back, because something behind it is in use.
    """
    import ctypes

    class Info(ctypes.Structure):
        _fields_ = [
            (name, ctypes.c_size_t)
            for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks")
        ] + [("keepcost", ctypes.c_size_t)]

    try:
        tell = ctypes.CDLL(None).mallinfo2
    except (AttributeError, OSError, TypeError):
        return None
    tell.restype = Info
    info = tell()
    return int(info.uordblks + info.hblkhd)


def as_json(value: object) -> str:
    return json.dumps(value)


def leave() -> NoReturn:
    """End this process here and now."""
    os._exit(0)


def rounds(count: int, contenders: Mapping[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Run every contender once per round, in shuffled order, and return what each reported."""
    samples: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(count):
        for name in random.sample(list(contenders), len(contenders)):
            samples[name].append(contenders[name]())
    return samples


def cpu_per_call(work: Callable[[], object], calls: int) -> Callable[[], float]:
    """Return a measurement of ``work`` that reports CPU microseconds per call, over at least 50 ms.

    Args:
        work: What to measure.
        calls: How many calls it stands for.
    """

    def measure() -> float:
        repeat, spent = 1, 0.0
        gc.collect()
        # The clock is read once per batch: reading it costs as much as the fastest of what is measured.
        while spent < 0.05:
            repeat *= 2
            start = time.process_time()
            for _ in range(repeat):
                work()
            spent = time.process_time() - start
        return spent * 1e6 / (repeat * calls)

    return measure


def table(rows: list[Row]) -> str:
    """Format rows as Markdown, a table for each measure.

    The ratio says how many times less than azure-ai-voicelive a contender needs; of sessions, how many times more it
    has.
    """
    lines = []
    for measure in dict.fromkeys(row.measure for row in rows):
        group = [row for row in rows if row.measure == measure]
        base = next((row.median for row in group if row.contender in BASELINE), None)
        more_is_better = group[0].unit == "sessions"
        lines += [f"\n### {measure}\n", f"| contender | {group[0].unit} | spread | ratio |", "|---|---:|---:|---:|"]
        for row in sorted(group, key=lambda row: row.median, reverse=more_is_better):
            # On a machine that is busy otherwise, a client may sustain no session.
            ratio = (
                ""
                if not base or not row.median
                else f"{row.median / base if more_is_better else base / row.median:.3g}"
            )
            lines.append(f"| {row.contender} | {row.median:.4g} | {row.spread:.0f} % | {ratio} |")
    return "\n".join(lines)

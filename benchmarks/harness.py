"""How everything here is measured: CPU time, every contender once per round in an order drawn anew, medians."""

from __future__ import annotations

import gc
import os
import random
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

CLIENT_CORE, SERVER_CORE = 0, 1
BASELINE = "azure-ai-voicelive"


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
        if len(self.samples) < 4:
            return 100 * (max(self.samples) - min(self.samples)) / self.median
        low, _, high = statistics.quantiles(self.samples, n=4)
        return 100 * (high - low) / self.median


def pin(core: int) -> None:
    """Keep this process on one core, where the system allows; two cores are needed to tell client from server."""
    if hasattr(os, "sched_setaffinity") and len(os.sched_getaffinity(0)) > 1:
        os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[core]})


def rounds(count: int, contenders: Mapping[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Run every contender once per round, in shuffled order, and return what each reported."""
    samples: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(count):
        for name in random.sample(list(contenders), len(contenders)):
            samples[name].append(contenders[name]())
    return samples


def cpu_per_call(work: Callable[[], object], calls: int) -> Callable[[], float]:
    """Return a measurement of ``work`` that reports CPU microseconds per call, over at least 50 ms."""

    def measure() -> float:
        repeat, spent = 0, 0.0
        gc.collect()
        start = time.process_time()
        while spent < 0.05:
            work()
            repeat += 1
            spent = time.process_time() - start
        return spent * 1e6 / (repeat * calls)

    return measure


def table(rows: list[Row]) -> str:
    """Format the rows of one measure as Markdown; the ratio says how many times less the contender needs."""
    lines = []
    for measure in dict.fromkeys(row.measure for row in rows):
        group = [row for row in rows if row.measure == measure]
        base = next((row.median for row in group if row.contender.startswith(BASELINE)), None)
        lines += [f"\n### {measure}\n", f"| contender | {group[0].unit} | spread | ratio |", "|---|---:|---:|---:|"]
        for row in sorted(group, key=lambda row: row.median):
            ratio = f"{base / row.median:.2g}" if base is not None else ""
            lines.append(f"| {row.contender} | {row.median:.4g} | {row.spread:.0f} % | {ratio} |")
    return "\n".join(lines)

"""Measure voicelive beside azure-ai-voicelive and openai. ``nox -s bench`` runs this.

Prints Markdown tables, and what was to be reached; writes every sample to a JSON file and draws charts from it.
docs/performance.md explains the method.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import os
import platform
from collections.abc import Callable, Iterator
from pathlib import Path

import alone
import growth
import harness
import over_sockets
import targets
from harness import Row

PACKAGES = (
    "voicelive",
    "azure-ai-voicelive",
    "openai",
    "aiohttp",
    "pydantic",
    "pybase64",
    "websockets",
    "anyio",
    "trio",
    "uvloop",
)


def machine() -> dict[str, object]:
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load": [round(load, 1) for load in os.getloadavg()] if hasattr(os, "getloadavg") else None,
        "packages": versions,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def measures(scale: over_sockets.Scale) -> dict[str, Callable[[], Iterator[Row]]]:
    return {
        "decode": lambda: alone.decode(scale.rounds),
        "encode": lambda: alone.encode(scale.rounds),
        "import": lambda: alone.imports(scale.rounds),
        "size": lambda: alone.sizes(scale.rounds),
        "flood": lambda: over_sockets.flood(scale),
        "talk": lambda: over_sockets.talk(scale),
        "round_trip": lambda: over_sockets.round_trip(scale),
        "connect": lambda: over_sockets.connect(scale),
        "idle": lambda: over_sockets.idle(scale),
        "sustain": lambda: over_sockets.sustain(scale),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds of less: three minutes instead of twenty")
    parser.add_argument("--rounds", type=int, help="rounds of every measure (default: 7, with --quick 3)")
    parser.add_argument("--only", nargs="+", choices=measures(over_sockets.QUICK), help="these alone")
    parser.add_argument("--json", type=Path, default=Path("benchmark.json"), help="where to write the samples")
    parser.add_argument("--charts", type=Path, help="folder to draw charts in, as SVG (needs matplotlib)")
    parser.add_argument("--growth", action="store_true", help="how cost grows instead; writes growth.json")
    arguments = parser.parse_args()
    if arguments.growth:
        growth.run(arguments.quick, arguments.json.with_name("growth.json"), arguments.charts)
        return
    scale = over_sockets.QUICK if arguments.quick else over_sockets.FULL
    if arguments.rounds:
        scale = scale.with_rounds(arguments.rounds)
    facts = machine()
    print(json.dumps(facts))
    rows: list[Row] = []
    for name, measure in measures(scale).items():
        if arguments.only is None or name in arguments.only:
            new = list(measure())
            print(harness.table(new), flush=True)
            rows += new
            # After each, so that what was measured is there whatever becomes of the rest.
            write(arguments.json, facts, rows)
    print(f"\n{targets.summary(rows)}")
    if arguments.charts and importlib.util.find_spec("matplotlib"):
        import charts

        charts.draw(rows, arguments.charts)


def write(path: Path, facts: dict[str, object], rows: list[Row]) -> None:
    found = [{**vars(row), "median": row.median, "spread_percent": row.spread} for row in rows]
    path.write_text(json.dumps({"machine": facts, "rows": found}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()

"""Write the figures of a run into docs/performance.md, between its markers.

    python benchmarks/report.py benchmark.json [growth.json]

Draws the charts beside them anew too, where matplotlib is installed.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import growth
import harness
import targets
from harness import Row

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance.md"
CONTENDERS = {"voicelive": "voicelive:asyncio", "with `reconnect=`": "voicelive+reconnect:asyncio"}
CONTENDERS |= {"with handlers": "voicelive+handlers:asyncio"}
FEATURES = ("flood", "flood, TLS", "conversation, CPU", "idle memory", "idle memory, TLS")


def read_rows(found: dict[str, Any]) -> list[Row]:
    return [Row(row["measure"], row["contender"], row["unit"], row["samples"]) for row in found["rows"]]


def read_curves(found: list[dict[str, Any]]) -> list[growth.Curve]:
    return [growth.Curve(**{key: row[key] for key in row if key != "exponent"}) for row in found]


def figures(rows: list[Row], about: dict[str, Any]) -> str:
    packages = ", ".join(f"{name} {version}" for name, version in about["packages"].items())
    rounds = max(len(row.samples) for row in rows)
    machine = (
        f"{about['processor']}, {about['cores']} cores, {about['system']}, Python {about['python']}; {packages}. "
        f"{rounds} rounds; load of the machine at the start: {', '.join(map(str, about['load'] or ['unknown']))}."
    )
    parts = [machine, "### What was to be reached", targets.summary(rows)]
    parts += ["### What `reconnect=` and handlers cost", features(rows), "### All measures"]
    parts.append(harness.table(rows).replace("\n### ", "\n#### ").strip())
    return "\n\n".join(parts)


def features(rows: list[Row]) -> str:
    """Return the table of asyncio alone, with a policy to reconnect, and with three handlers."""
    lines = ["| measure | unit | " + " | ".join(CONTENDERS) + " |", "|---|---|---:|---:|---:|"]
    for measure in FEATURES:
        there = {row.contender: row for row in rows if row.measure == measure}
        cells = [f"{there[name].median:.3g}" for name in CONTENDERS.values() if name in there]
        if len(cells) == len(CONTENDERS):
            lines.append(f"| {measure} | {there['voicelive:asyncio'].unit} | {' | '.join(cells)} |")
    return "\n".join(lines)


def fill(text: str, name: str, content: str) -> str:
    """Put content between the markers of that name."""
    start, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    pattern = re.compile(f"{re.escape(start)}.*{re.escape(end)}", re.DOTALL)
    if not pattern.search(text):
        raise SystemExit(f"{PAGE} has no {start} ... {end}")
    return pattern.sub(lambda _: f"{start}\n\n{content}\n\n{end}", text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("benchmark", type=Path)
    parser.add_argument("growth", type=Path, nargs="?")
    arguments = parser.parse_args()
    found = json.loads(arguments.benchmark.read_text(encoding="utf-8"))
    rows = read_rows(found)
    curves = read_curves(json.loads(arguments.growth.read_text(encoding="utf-8"))) if arguments.growth else []
    text = fill(PAGE.read_text(encoding="utf-8"), "figures", figures(rows, found["machine"]))
    if curves:
        text = fill(text, "growth", growth.table(curves))
    PAGE.write_text(text, encoding="utf-8", newline="\n")
    if importlib.util.find_spec("matplotlib"):
        import charts

        charts.draw(rows, PAGE.parent / "charts")
        charts.draw_growth(curves, PAGE.parent / "charts")


if __name__ == "__main__":
    main()

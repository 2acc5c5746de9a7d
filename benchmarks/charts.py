"""Charts of a run, as SVG."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
from harness import Row

if TYPE_CHECKING:
    from growth import Curve

mpl.use("svg")
# The same input makes the same file.
mpl.rcParams.update({"svg.hashsalt": "voicelive", "svg.fonttype": "none", "font.size": 9})

import matplotlib.pyplot as plt  # noqa: E402 - the backend comes first

COLOURS = {"voicelive": "#2563a8", "azure-ai-voicelive": "#b45f2b", "openai": "#8a8a8a"}
CHARTS = {
    "decode": ["decode, audio as bytes", "decode, audio left as base64"],
    "flood": ["flood", "flood, TLS"],
    "conversation": ["conversation, CPU", "round trip, p50"],
    "connections": ["idle memory", "idle memory, TLS"],
}


def draw(rows: list[Row], folder: Path) -> None:
    """Draw the measures that were made, two to a file; shorter is better."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, measures in CHARTS.items():
        there = [(measure, group) for measure in measures if (group := [row for row in rows if row.measure == measure])]
        if not there:
            continue
        height = 1 + 0.3 * max(len(group) for _, group in there)
        figure, axes = plt.subplots(1, len(there), figsize=(10, height), squeeze=False)
        for axis, (measure, group) in zip(axes[0], there, strict=True):
            _bars(axis, measure, sorted(group, key=lambda row: -row.median))
        save(figure, folder / f"{name}.svg")


def _bars(axis: plt.Axes, measure: str, group: list[Row]) -> None:
    names = [row.contender for row in group]
    colours = [COLOURS[name.split(":")[0].split("+")[0].split(",")[0].split(".")[0]] for name in names]
    bars = axis.barh(names, [row.median for row in group], color=colours)
    axis.bar_label(bars, [f"{row.median:.3g}" for row in group], padding=3)
    axis.margins(x=0.15)
    axis.set(title=measure, xlabel=group[0].unit)
    axis.spines[["top", "right"]].set_visible(False)


def save(figure: plt.Figure, path: Path) -> None:
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def draw_growth(curves: list[Curve], folder: Path) -> None:
    """Draw each chart of ``growth.py``, one plot per unit beside each other; a straight line is linear growth."""
    folder.mkdir(parents=True, exist_ok=True)
    for chart in dict.fromkeys(curve.chart for curve in curves):
        group = [curve for curve in curves if curve.chart == chart]
        figure, axes = plt.subplots(1, len(group), figsize=(10, 2.8), squeeze=False)
        for axis, curve in zip(axes[0], group, strict=True):
            axis.plot(curve.xs, curve.ys, marker="o", markersize=3, color=COLOURS["voicelive"])
            axis.set(title=curve.series, xlabel=curve.of, ylabel=curve.unit)
            axis.set_xlim(left=0)
            axis.set_ylim(bottom=0)
            axis.spines[["top", "right"]].set_visible(False)
        save(figure, folder / f"growth-{chart}.svg")

"""Charts of a run, as SVG."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
from harness import Row

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

"""What is to be reached: ratios to azure-ai-voicelive 1.3.1 in the same run, or plain figures."""

from __future__ import annotations

from dataclasses import dataclass

from harness import Row


@dataclass(frozen=True)
class Target:
    """One line of the summary.

    Args:
        measure: The measure.
        contender: Who has to reach it.
        reach: How much.
        kind: "times less" than the baseline needs, at most that "share" of it, or a figure "at least" or "at most".
    """

    measure: str
    contender: str
    reach: float
    kind: str
    baseline: str = "azure-ai-voicelive:asyncio"

    def judge(self, rows: list[Row]) -> tuple[str, str, bool] | None:
        """Return what is to be reached, what was, and whether that is enough; ``None`` if it was not measured."""
        found = {row.contender: row.median for row in rows if row.measure == self.measure}
        ours, theirs = found.get(self.contender), found.get(self.baseline, found.get(self.baseline.split(":")[0]))
        if ours is None:
            return None
        if self.kind == "at least":
            return f">= {self.reach:g}", f"{ours:.4g}", ours >= self.reach
        if self.kind == "at most":
            return f"<= {self.reach:g}", f"{ours:.3g}", ours <= self.reach
        if theirs is None:
            return None
        if self.kind == "times less":
            return f">= {self.reach:g}x", f"{theirs / ours:.1f}x", theirs / ours >= self.reach
        return f"<= {self.reach:g}", f"{ours / theirs:.2f}", ours / theirs <= self.reach


def _same(measure: str, reaches: dict[str, float], kind: str) -> list[Target]:
    return [Target(measure, f"voicelive:{loop}", reach, kind) for loop, reach in reaches.items()]


UVLOOP = "azure-ai-voicelive:uvloop"
TARGETS = [
    Target("decode, audio as bytes", "voicelive", 12, "times less"),
    Target("decode, audio left as base64", "voicelive", 22, "times less", "azure-ai-voicelive, audio as bytes"),
    Target("append, 960 bytes", "voicelive", 50, "times less"),
    Target("append, 4800 bytes", "voicelive", 60, "times less"),
    Target("append, 19200 bytes", "voicelive", 50, "times less"),
    *_same("flood", {"asyncio": 6.5, "trio": 5.8, "blocking": 6.0}, "times less"),
    *_same("flood, TLS", {"asyncio": 4.6, "trio": 4.5, "blocking": 4.6}, "times less"),
    *_same("conversation, CPU", {"asyncio": 0.45, "trio": 0.65, "blocking": 0.5}, "share"),
    Target("conversation, CPU", "voicelive:uvloop", 0.42, "share", UVLOOP),
    Target("round trip, p50", "voicelive:asyncio", 0.5, "share"),
    Target("round trip, p99", "voicelive:asyncio", 0.55, "share"),
    Target("sessions that one core sustains", "voicelive:asyncio", 450, "at least"),
    *_same("idle memory", {"asyncio": 12, "trio": 12, "blocking": 12}, "at most"),
    *_same("idle memory, TLS", {"asyncio": 55, "trio": 55, "blocking": 55}, "at most"),
    *_same("connect, CPU", {"asyncio": 0.5, "trio": 0.5, "blocking": 0.5}, "share"),
    *_same("connect, CPU, TLS", {"asyncio": 0.75, "trio": 0.75, "blocking": 0.75}, "share"),
    Target("import", "voicelive", 0.6, "share"),
    Target("import", "voicelive.aio", 0.6, "share"),
    Target("installed size without azure-identity", "voicelive", 12, "at most"),
]


def summary(rows: list[Row]) -> str:
    """Return the table of what was to be reached and what was."""
    lines = ["| measure | contender | to reach | reached | |", "|---|---|---:|---:|---|"]
    for target in TARGETS:
        if judged := target.judge(rows):
            wanted, found, enough = judged
            lines.append(
                f"| {target.measure} | {target.contender} | {wanted} | {found} | {'' if enough else 'short'} |"
            )
    return "\n".join(lines)

"""Write docs/faults.md: what a program sees of each fault that the tests in tests/faults play.

``python scripts/fault_table.py`` writes it; with ``--check`` it fails if the file is not what this would write.
"""

# ruff: noqa: E501

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "faults.md"
SERVERS = {
    "unknown": "a server with such a certificate",
    "other name": "a server with such a certificate",
    "expired": "a server with such a certificate",
    "none": "a server without TLS",
}

HEAD = """# What every fault comes to

<!-- Written by scripts/fault_table.py from tests/faults/cases.py; edit those, and run the first again. -->

Each line is a test that runs over real sockets in blocking, asyncio and trio programs alike, and holds each of them to the
same: this error or this event, within its deadline, and afterwards no thread, task or socket that was not there before.
Faults that can be mended are played a second time with [`reconnect=ReconnectPolicy(first_dial=True)`](guides/reconnect.md);
the last column says whether the session is restored then.

The second column is what makes the [emulator](guides/faults.md) do it, so that you can see how your own program takes it:
`voicelive emulator --fault "..."`, or `Emulator(faults=["..."])`. The errors are explained [here](guides/errors.md).
"""
TABLE = """
## {title}

| what goes wrong | emulator's fault | what the program sees | reconnecting |
|---|---|---|---|
"""
END = """
Half-open connections, and servers that do not answer pings, are found by the `heartbeat`: at most two intervals after they
fell silent. The tests set it, `handshake_timeout` and `receive_timeout` to fractions of a second.
"""


def render(chapters: dict[str, list[Any]]) -> str:
    """Return the page.

    Args:
        chapters: Cases by chapter.
    """
    text = HEAD
    for title, cases in chapters.items():
        text += TABLE.format(title=title) + "".join(map(_row, cases))
    return text + END


def _row(case: Any) -> str:
    fault = f"`{case.fault}`" if case.fault else SERVERS[case.certificate]
    goes_on = type(case.outcome).__name__ == "GoesOn"
    restored = "restored" if case.restored else "not needed" if goes_on else "no"
    return f"| {case.name} | {fault} | {case.outcome} | {restored} |\n"


def main() -> int:
    """Write the page, or check it."""
    sys.path.insert(0, str(ROOT / "tests" / "faults"))
    from cases import CASES

    text = render(CASES)
    if sys.argv[1:] == ["--check"]:
        current = TARGET.read_text(encoding="utf-8") == text
        print("current" if current else f"{TARGET.name} is not current: run python scripts/fault_table.py")
        return 0 if current else 1
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

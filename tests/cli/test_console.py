"""Output as the other end can take it."""

from __future__ import annotations

import io
import math
import os

import pytest

from voicelive.cli.console import Console, decibels


class Terminal(io.TextIOWrapper):
    """A terminal's stream, in memory."""

    def __init__(self, encoding: str = "utf-8") -> None:
        self.bytes = io.BytesIO()
        super().__init__(self.bytes, encoding=encoding)

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def known_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr("sys.platform", "linux")


def test_terminals_get_colours_and_lines_that_fit() -> None:
    console = Console(Terminal(), {})
    assert console.width == 59
    assert console.paint("x", "dim") == "\x1b[2mx\x1b[0m"
    short = console.row("  1.00 ", "response.done", "completed", 40, "dim")
    assert short.endswith("completed") and "\n" not in short
    first, *rest = console.row("  1.00 ", "response.done", "word " * 30, 40, "dim").split("\n")
    assert "response.done" in first
    assert len(rest) > 1
    assert all(line.startswith("    word") and len(line) <= 59 for line in rest)


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colours_can_be_turned_off(environ: dict[str, str]) -> None:
    assert Console(Terminal(), environ).paint("x", "dim") == "x"


def test_an_empty_no_color_means_nothing() -> None:
    assert Console(Terminal(), {"NO_COLOR": ""}).paint("x", "dim") != "x"


def test_pipes_get_plain_lines_of_any_length() -> None:
    console = Console(io.StringIO(), {})
    assert console.width is None
    assert console.row("1 ", "kind", "word " * 100, 10, "dim").count("\n") == 0
    assert console.paint("x", "error") == "x"


def test_other_encodings_get_ascii_and_never_fail() -> None:
    stream = Terminal("ascii")
    console = Console(stream, {})
    assert console.arrows == (">", "<")
    assert console.bar(-30) == "#####-----"
    console.line("naïve 你好")
    assert stream.bytes.getvalue().replace(os.linesep.encode(), b"\n") == b"na?ve ??\n"


def test_bars_go_from_minus_60_to_0() -> None:
    console = Console(Terminal(), {})
    assert console.bar(-math.inf) == console.bar(-60) == "\u2591" * 10
    assert console.bar(0) == "\u2588" * 10
    assert console.bar(-24, 5) == "\u2588" * 3 + "\u2591" * 2


def test_levels_in_words() -> None:
    assert decibels(-23.44) == "-23.4 dBFS"
    assert decibels(-math.inf) == "silence"


def test_very_narrow_terminals_still_get_whole_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "3")
    console = Console(Terminal(), {"NO_COLOR": "1"})
    text = console.row("", "response.done", "one two three four five", 40, "dim")
    assert text.split() == ["response.done", "one", "two", "three", "four", "five"]

"""Tests of neural speech; they need the extra voicelive[emulator], which nox installs."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable
from typing import Any

import pytest

from voicelive.emulator.neural import models

SETS = (models.SILERO, models.MOONSHINE, models.HIBARI)


def missing() -> list[str]:
    packages = ["numpy", "onnxruntime", *(model.package for model in SETS)]
    return [package for package in packages if importlib.util.find_spec(package) is None]


def pytest_ignore_collect(collection_path: Any) -> bool | None:
    """Leave out what cannot be imported; a test of its own says so."""
    return True if missing() and collection_path.name.startswith("test_neural") else None


def _words(text: str) -> list[str]:
    # One spelling for what is heard the same.
    text = re.sub(r"\bmr\.", "mister", text.lower()).replace("-", "")
    text = re.sub(r"\b(sea|good) (shells?|shore|bye)\b", r"\1\2", text)
    return re.findall(r"[a-z0-9']+", text)


def _errors(expected: list[str], heard: list[str]) -> int:
    """Words to change, add or take away (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for number, word in enumerate(expected, 1):
        before, row[0] = row[:], number
        for column, other in enumerate(heard, 1):
            row[column] = min(before[column] + 1, row[column - 1] + 1, before[column - 1] + (word != other))
    return row[-1]


@pytest.fixture
def word_error_rate() -> Callable[[list[tuple[str, str]]], float]:
    """Returns errors per word over pairs of what was said and what was heard."""

    def rate(pairs: list[tuple[str, str]]) -> float:
        errors = sum(_errors(_words(said), _words(heard)) for said, heard in pairs)
        return errors / sum(len(_words(said)) for said, _ in pairs)

    return rate

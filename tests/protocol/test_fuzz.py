"""The fuzz target, for a moment: so that it goes on working, and what was found once is not found again."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

FUZZ = Path(__file__).parents[2] / "fuzz"


@pytest.fixture
def fuzz(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[ModuleType, ModuleType]]:
    monkeypatch.syspath_prepend(str(FUZZ))
    # Names that others may use as well.
    for name in ("run", "target"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield importlib.import_module("run"), importlib.import_module("target")
    for name in ("run", "target"):
        sys.modules.pop(name, None)


def test_the_corpus_and_some_thousand_inputs_by_chance(fuzz: tuple[ModuleType, ModuleType]) -> None:
    run, target = fuzz
    seeds = run.seeds()
    assert len(seeds) > 150
    assert run.plain(target.test_one_input, len(seeds) + 3000, float("inf"), seed=1) == len(seeds) + 3000


def test_inputs_by_chance_are_the_same_for_the_same_seed(fuzz: tuple[ModuleType, ModuleType]) -> None:
    run, _ = fuzz
    one, other = run.Mutator(3), run.Mutator(3)
    assert [one.next() for _ in range(100)] == [other.next() for _ in range(100)]


def test_what_is_not_allowed_is_found(fuzz: tuple[ModuleType, ModuleType], monkeypatch: pytest.MonkeyPatch) -> None:
    _, target = fuzz
    monkeypatch.setitem(target.ALLOWED, "decode_client_event", ())
    with pytest.raises(ValueError):
        target.test_one_input(b"[]")

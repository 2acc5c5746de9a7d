"""Every fault in every style: the typed error or a session that goes on, in time, and nothing left behind."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from .cases import CASES, Case
from .leaks import assert_steady
from .play import play, recover
from .secrets import watching

ALL = [case for cases in CASES.values() for case in cases]
REPEATED = {"HTTP status 401", "TCP reset in the midst of a message", "Close 1011 `out of memory`", "Malformed JSON"}


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_fault(case: Case, style: Any) -> None:
    with watching():
        play(case, style)


@pytest.mark.parametrize("case", [case for case in ALL if case.restored], ids=lambda case: case.name)
def test_fault_with_reconnecting(case: Case, style: Any) -> None:
    with watching():
        recover(case, style)


@pytest.mark.parametrize("case", [case for case in ALL if case.name in REPEATED], ids=lambda case: case.name)
def test_memory_after_many_faults_is_as_before(case: Case, style: Any) -> None:
    assert_steady(partial(play, case, style), 8)

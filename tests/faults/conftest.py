"""Fixtures for the fault matrix."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="package")
def quick_collections() -> Iterator[None]:
    """Every test looks for garbage: leave what was there before out of that."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()

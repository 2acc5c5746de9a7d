"""Fixtures for tests with a scripted service."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .server import HANG_GUARD, stopping


@pytest.fixture(autouse=True)
def servers_stop() -> Iterator[None]:
    """Wait for the threads of the test's servers once its event loop is gone."""
    yield
    while stopping:
        thread = stopping.pop()
        thread.join(HANG_GUARD)
        assert not thread.is_alive()

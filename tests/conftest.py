"""Fixtures for all tests; see ``facades/styles.py`` for the three styles."""

from __future__ import annotations

import inspect
import os
from functools import partial
from typing import Any

import pytest


@pytest.fixture(params=["blocking", "asyncio", "trio"])
def style(request: pytest.FixtureRequest) -> Any:
    # Most tests need none of what this imports.
    from .facades.styles import STYLES

    return STYLES[request.param]


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run an ``async def`` test that asks for ``style`` in that style."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj) or "style" not in pyfuncitem.fixturenames:
        return None
    names = pyfuncitem._fixtureinfo.argnames
    arguments: dict[str, Any] = {name: pyfuncitem.funcargs[name] for name in names}
    pyfuncitem.funcargs["style"].run(partial(pyfuncitem.obj, **arguments))
    return True


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the developer's own key, endpoint and proxies out."""
    for name in tuple(os.environ):
        if name.startswith("AZURE_VOICELIVE_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)

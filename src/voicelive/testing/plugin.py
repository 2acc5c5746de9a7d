"""The pytest plugin: fixtures that start the embedded service for a test, and stop it behind it.

Fixtures:
    voicelive_emulator: An emulator of this test's own, with a free port and a random key.
    voicelive_emulator_factory: Starts emulators with the options it is given.
    voicelive_script: Starts an emulator that plays the turns it is given.
    voicelive_environment: Sets the environment variables that make ``voicelive.connect`` go to ``voicelive_emulator``.

Markers:
    voicelive_script(turns): ``voicelive_emulator`` plays these turns.
    voicelive_emulator(**options): ``voicelive_emulator`` has these options.

All of them send replies without pauses and hear and speak with the built-in parts unless told otherwise, so that one is
up in milliseconds. What goes otherwise than a script expects fails the test when it is over.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

# pytest loads this wherever voicelive is installed: what only the fixtures need is imported by them.
if TYPE_CHECKING:
    from voicelive.emulator import Emulator, Script
    from voicelive.testing import EmulatorFactory, ScriptedEmulatorFactory, Turns

__all__ = (
    "pytest_configure",
    "voicelive_emulator",
    "voicelive_emulator_factory",
    "voicelive_environment",
    "voicelive_script",
)

_MARKERS = (
    "voicelive_script(turns): the fixture voicelive_emulator plays these turns",
    "voicelive_emulator(**options): the fixture voicelive_emulator has these options of voicelive.emulator.Emulator",
)


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known."""
    for marker in _MARKERS:
        config.addinivalue_line("markers", marker)


@pytest.fixture
def voicelive_emulator_factory() -> Iterator[EmulatorFactory]:
    """Starts emulators with the options it is given; all of them stop when the test is over."""
    from voicelive.emulator import Emulator

    with ExitStack() as running:

        def start(**options: Any) -> Emulator:
            defaults: dict[str, Any] = {"speed": float("inf"), "speech": "builtin"}
            return running.enter_context(Emulator(**{**defaults, **options}))

        yield start


@pytest.fixture
def voicelive_script(voicelive_emulator_factory: EmulatorFactory) -> ScriptedEmulatorFactory:
    """Starts an emulator that plays the turns it is given; it stops when the test is over."""

    def start(turns: Turns, **options: Any) -> Emulator:
        return voicelive_emulator_factory(script=_script(turns), **options)

    return start


@pytest.fixture
def voicelive_emulator(request: pytest.FixtureRequest, voicelive_emulator_factory: EmulatorFactory) -> Emulator:
    """An emulator of this test's own; the markers voicelive_script and voicelive_emulator set it up."""
    options: dict[str, Any] = {}
    # The closest last: what is set on a test counts more than what is set on its class or module.
    for marker in reversed(list(request.node.iter_markers("voicelive_emulator"))):
        if marker.args:
            raise pytest.UsageError("the marker voicelive_emulator takes options by name, such as faults=[...]")
        options.update(marker.kwargs)
    if (marker := request.node.get_closest_marker("voicelive_script")) is not None:
        if len(marker.args) != 1 or marker.kwargs:
            raise pytest.UsageError("the marker voicelive_script takes one list of turns, or the path of a script")
        options["script"] = _script(marker.args[0])
    return voicelive_emulator_factory(**options)


@pytest.fixture
def voicelive_environment(voicelive_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """Sets AZURE_VOICELIVE_ENDPOINT and AZURE_VOICELIVE_API_KEY for this test, and keeps proxies out of its way."""
    monkeypatch.setenv("AZURE_VOICELIVE_ENDPOINT", voicelive_emulator.endpoint)
    monkeypatch.setenv("AZURE_VOICELIVE_API_KEY", voicelive_emulator.api_key)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, ",".join(filter(None, [os.environ.get(name), "127.0.0.1,localhost"])))
    return voicelive_emulator


def _script(turns: Turns) -> Script | str | Path:
    from voicelive.emulator import Script

    return turns if isinstance(turns, Script | str | Path) else Script(turns)

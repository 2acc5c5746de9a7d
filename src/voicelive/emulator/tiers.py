"""Which parts hear and speak where the user brings none: neural ones where they are installed, else the built-in ones.

Choosing looks for packages and compares the hashes of their files. Nothing heavy is imported before a part is used for
the first time; then it is loaded once for the whole process.
"""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Generic, Literal, TypeVar, get_args

from voicelive.emulator.activity import EnergyVoiceActivity
from voicelive.emulator.neural.models import (
    HIBARI,
    MOONSHINE,
    SILERO,
    ModelSet,
    ModelUnavailableError,
    native_code,
)
from voicelive.emulator.speech import (
    Recognizer,
    Speech,
    SpeechEdge,
    Synthesizer,
    Transcript,
    VoiceActivity,
    VoiceActivityFactory,
)
from voicelive.emulator.unheard import DurationRecognizer
from voicelive.emulator.voice import BuiltinVoice

__all__ = ("INSTALL", "SpeechTier", "SpeechUnavailableError", "Tier")

SpeechTier = Literal["auto", "neural", "builtin"]
"""``auto``: neural parts where they can be used, built-in ones in place of the others. The rest demand one kind."""

INSTALL = "pip install 'voicelive[emulator]'"
"""What brings the neural parts."""

_log = logging.getLogger("voicelive.emulator")
_T = TypeVar("_T")


class _CallableRecognizer:
    def __init__(self, transcribe: Callable[[bytes, int], str | Transcript]) -> None:
        self.transcribe = transcribe


class _RememberingVoice:
    """Speaks the same text at the same rate only once: plain Python takes its time."""

    def __init__(self) -> None:
        self._voice = BuiltinVoice()
        self.synthesize = lru_cache(maxsize=64)(self._synthesize)

    def _synthesize(self, text: str, rate: int) -> list[Speech]:
        return list(self._voice.synthesize(text, rate))


class SpeechUnavailableError(RuntimeError):
    """Neural speech was demanded and cannot be had; the message says why, and what to install."""


class Part(Generic[_T]):
    """One part of a tier.

    Args:
        role: What it is for.
        given: The user's own part, which is always used.
        builtin: The built-in part.
        builtin_name: What that one goes by.
        neural_name: What the neural one goes by.
        models: What the neural one loads.
        load: Imports and loads the neural one.
    """

    def __init__(
        self,
        role: str,
        given: _T | None,
        builtin: _T,
        builtin_name: str,
        neural_name: str,
        models: Sequence[ModelSet],
        load: Callable[[], _T],
    ) -> None:
        self._role = role
        self._given = given
        self._builtin = builtin
        self._builtin_name = builtin_name
        self._neural_name = neural_name
        self._models = models
        self._load = load
        self._demanded = False
        self.neural = False
        """Whether the neural part is used."""
        self.problem: str | None = None
        """Why the neural part is not used although it is wanted, in one line."""

    def choose(self, speech: SpeechTier) -> None:
        """Choose the neural part if it is wanted and can be used."""
        self._demanded = speech == "neural"
        if self._given is not None or speech == "builtin":
            return
        try:
            for package in ("numpy", "onnxruntime"):
                if importlib.util.find_spec(package) is None:
                    raise ModelUnavailableError(f"{package} is not installed")
            for model in self._models:
                model.check()
        except ModelUnavailableError as error:
            self._give_up(error)
        else:
            self.neural = True

    def get(self) -> _T:
        """Return the part; the neural one is loaded the first time.

        Raises:
            SpeechUnavailableError: The neural one is demanded, and does not load.
        """
        if self.neural:
            try:
                with native_code:
                    return self._load()
            except ModelUnavailableError as error:
                self._give_up(error)
        return self._builtin if self._given is None else self._given

    def _give_up(self, error: ModelUnavailableError) -> None:
        if self._demanded:
            raise SpeechUnavailableError(f"no neural speech: {error}; what it needs comes with: {INSTALL}") from None
        self.neural = False
        self.problem = f"not by {self._neural_name}: {error}"
        if not self.missing:
            _log.warning("%s by %s, %s", self._role, self._builtin_name, self.problem)

    @property
    def missing(self) -> bool:
        """Whether it is only that nobody installed the neural part."""
        return self.problem is not None and self.problem.endswith("is not installed")

    def __str__(self) -> str:
        name = self._neural_name if self.neural else self._builtin_name
        return f"{self._role} by {name if self._given is None else 'a part of yours'}"


class Tier:
    """The parts that hear and speak, each loaded at its first use.

    Args:
        speech: Which kind of parts is wanted.
        voice_activity: The user's own part, in place of any other.
        recognizer: The same.
        synthesizer: The same.

    Raises:
        ValueError: ``speech`` is not one of the three kinds.
        SpeechUnavailableError: Neural parts are demanded and cannot be used.
    """

    def __init__(
        self,
        speech: SpeechTier = "auto",
        *,
        voice_activity: VoiceActivityFactory | None = None,
        recognizer: Recognizer | Callable[[bytes, int], str | Transcript] | None = None,
        synthesizer: Synthesizer | None = None,
    ) -> None:
        if speech not in get_args(SpeechTier):
            raise ValueError(f"speech is one of {', '.join(map(repr, get_args(SpeechTier)))}, not {speech!r}")
        if recognizer is not None and not isinstance(recognizer, Recognizer):
            recognizer = _CallableRecognizer(recognizer)
        self._activity = Part[VoiceActivityFactory](
            "activity", voice_activity, EnergyVoiceActivity, "energy", "Silero VAD", [SILERO], _load_activity
        )
        self._recognizer = Part[Recognizer](
            "recognition",
            recognizer,
            DurationRecognizer(),
            "length alone",
            "Moonshine tiny",
            [SILERO, MOONSHINE],
            _load_recognizer,
        )
        self._synthesizer = Part[Synthesizer](
            "voice", synthesizer, _RememberingVoice(), "formants", "hibari", [HIBARI], _load_synthesizer
        )
        self.parts = (self._activity, self._recognizer, self._synthesizer)
        for part in self.parts:
            part.choose(speech)

    @property
    def recognizes(self) -> bool:
        """Whether words are recognized."""
        return self._recognizer.neural

    @property
    def problems(self) -> list[str]:
        """Why what is installed is not used, a line each."""
        return [part.problem for part in self.parts if part.problem and not part.missing]

    def load(self) -> None:
        """Load now what would be loaded at its first use, which takes about a second.

        Raises:
            SpeechUnavailableError: Neural parts are demanded, and one does not load.
        """
        for part in self.parts:
            part.get()

    def __str__(self) -> str:
        """Return one line that names every part, and why it is not another."""
        kinds = {part.neural for part in self.parts}
        kind = "partly neural" if len(kinds) == 2 else "neural" if True in kinds else "built-in"
        line = f"{kind} speech: {', '.join(map(str, self.parts))}"
        if kind == "built-in" and any(part.missing for part in self.parts):
            return f"{line} (neural speech comes with: {INSTALL})"
        return "; ".join([line, *dict.fromkeys(part.problem for part in self.parts if part.problem)])

    # As the service uses them

    def voice_activity(self, rate: int, threshold: float) -> VoiceActivity:
        """Return a fresh detector."""
        if self._activity.neural:
            return _Activity(self._activity, rate, threshold)
        return self._activity.get()(rate, threshold)

    def transcribe(self, pcm: bytes, rate: int) -> str | Transcript:
        """Return what was said."""
        return self._recognizer.get().transcribe(pcm, rate)

    def synthesize(self, text: str, rate: int) -> bytes | Speech | Iterable[bytes | Speech]:
        """Return the spoken text."""
        return self._synthesizer.get().synthesize(text, rate)


class _Activity:
    """A detector that is made when the first audio comes."""

    def __init__(self, part: Part[VoiceActivityFactory], rate: int, threshold: float) -> None:
        self._part = part
        self._rate = rate
        self._threshold = threshold
        self._made: VoiceActivity | None = None

    def feed(self, pcm: bytes) -> Sequence[SpeechEdge]:
        if self._made is None:
            self._made = self._part.get()(self._rate, self._threshold)
        return self._made.feed(pcm)


def _load_activity() -> VoiceActivityFactory:
    from voicelive.emulator.neural import vad

    vad.load()
    return vad.SileroVoiceActivity


def _load_recognizer() -> Recognizer:
    from voicelive.emulator.neural import recognizer

    return recognizer.load()


def _load_synthesizer() -> Synthesizer:
    from voicelive.emulator.neural import synthesizer

    return synthesizer.load()

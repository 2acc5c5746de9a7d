"""When the user's turn ends, and the model's begins.

A session without turn detection (``turn_detection=None``, sent as null) leaves it to the client: it commits the input
audio and asks for a response itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, field_validator

from voicelive.models._base import Between, Bool, Float, Int, Model, OpenEnum, Str, Unknown, refuse_known_kind
from voicelive.models.enums import EouThresholdLevel

__all__ = (
    "AzureSemanticDetection",
    "AzureSemanticDetectionEn",
    "AzureSemanticDetectionMultilingual",
    "AzureSemanticVad",
    "AzureSemanticVadEn",
    "AzureSemanticVadMultilingual",
    "EouDetection",
    "EouDetectionUnion",
    "ServerVad",
    "TurnDetection",
    "TurnDetectionUnion",
    "UnknownEouDetection",
    "UnknownTurnDetection",
)


class EouDetection(Model, init=False):
    """Base of all kinds of end-of-utterance detection: by its meaning, on top of voice activity.

    ``EouDetection(threshold_level=..., timeout_ms=...)`` leaves the kind to the turn detection it is given to: the
    English and the multilingual one take theirs, the others take `AzureSemanticDetection`, which it is until then.
    Since api-version 2025-10-01.
    """

    if TYPE_CHECKING:

        def __new__(
            cls, *, threshold_level: EouThresholdLevel | str | None = None, timeout_ms: int | None = None
        ) -> AzureSemanticDetection:
            """Make the kind that fits where it is put."""
            ...
    else:

        def __new__(cls, *_, **__):
            """Make the kind that fits where it is put."""
            return super().__new__(_AnyDetection if cls is EouDetection else cls)


class _SemanticDetection(EouDetection):
    if TYPE_CHECKING:

        def __new__(cls, *args: Any, **fields: Any) -> Self: ...

    threshold_level: OpenEnum[EouThresholdLevel | Str] | None = None
    """How sure the detection must be that the user has finished. The service's default: ``"default"``."""

    timeout_ms: Annotated[Int | None, Between(0, unit="ms")] = None
    """Longest wait, in ms, for the user to go on before the utterance counts as finished. At least 0."""


class AzureSemanticDetection(_SemanticDetection):
    """Semantic end-of-utterance detection, the general kind. Since api-version 2025-10-01."""

    model: Literal["semantic_detection_v1"] = "semantic_detection_v1"
    """Which detection this is."""


class AzureSemanticDetectionEn(_SemanticDetection):
    """Semantic end-of-utterance detection for English. Since api-version 2025-10-01."""

    model: Literal["semantic_detection_v1_en"] = "semantic_detection_v1_en"
    """Which detection this is."""


class AzureSemanticDetectionMultilingual(_SemanticDetection):
    """Semantic end-of-utterance detection for many languages. Since api-version 2025-10-01."""

    model: Literal["semantic_detection_v1_multilingual"] = "semantic_detection_v1_multilingual"
    """Which detection this is."""


class _AnyDetection(AzureSemanticDetection):
    # What EouDetection(...) makes: told apart from a kind that was chosen, so that a turn detection may fit its own.
    pass


# For whom the difference is of no interest; pickle goes by the qualified name.
_AnyDetection.__name__ = "AzureSemanticDetection"


class UnknownEouDetection(EouDetection):
    """End-of-utterance detection of a kind this version does not know; all its keys are kept."""

    if TYPE_CHECKING:
        model: Literal["*"]

        def __new__(cls, *args: Any, **fields: Any) -> Self:
            """Make this one."""
            ...
    else:
        model: Str | None = None

        @field_validator("model", mode="after")
        @classmethod
        def _not_a_known_kind(cls, value: str | None) -> str | None:
            return refuse_known_kind(cls, "model", value)

    def _check(self) -> None:
        if self.get("model") is None:
            raise ValueError(f"{type(self).__name__} needs a 'model', which says what kind it is")


EouDetectionUnion = Annotated[
    Annotated[
        AzureSemanticDetection | AzureSemanticDetectionEn | AzureSemanticDetectionMultilingual,
        Field(discriminator="model"),
    ]
    | UnknownEouDetection,
    Field(union_mode="left_to_right"),
]
"""End-of-utterance detection of any kind; ``model`` tells which."""


class TurnDetection(Model):
    """Base of all kinds of turn detection. Since api-version 2025-10-01."""


class _VoiceActivity(TurnDetection):
    _also_accepts: ClassVar[Mapping[str, str]] = {"eou_detection": "end_of_utterance_detection"}
    _own_detection: ClassVar[str] = "semantic_detection_v1"

    threshold: Annotated[Float | None, Between(0, 1)] = None
    """How distinct speech must be to count as such, from 0 to 1: a higher value ignores more noise.

    The default of ``server_vad``: 0.5.
    """

    prefix_padding_ms: Int | None = None
    """How much audio from before the start of speech is kept, in ms. The default of ``server_vad``: 300."""

    silence_duration_ms: Int | None = None
    """How long a silence ends the turn, in ms. Shorter answers sooner, and cuts in sooner.

    The default of ``server_vad``: 200, or 500 with some models.
    """

    end_of_utterance_detection: EouDetectionUnion | None = None
    """Waits on through pauses in the middle of a thought. Off unless it is given."""

    auto_truncate: Bool | None = None
    """Whether an answer that the user interrupts is cut, in the conversation, to what was played until then.

    The service's default: false.
    """

    create_response: Bool | None = None
    """Whether the end of a turn starts a response.

    The service's default: true, though its API description says false.
    """

    interrupt_response: Bool | None = None
    """Whether the start of speech cancels the response being given.

    The service's default: true, though its API description says false.
    """

    if TYPE_CHECKING:
        eou_detection: EouDetectionUnion | None = None
        """Older name of ``end_of_utterance_detection``."""
    else:
        eou_detection = property(attrgetter("end_of_utterance_detection"))

    @classmethod
    def _from_given(cls, given: dict[str, Any]) -> dict[str, Any]:
        given = super()._from_given(given)
        detection: object = given.get("end_of_utterance_detection")
        if isinstance(detection, _AnyDetection):
            detection = {key: value for key, value in detection.items() if key != "model"}
        if isinstance(detection, Mapping):
            given["end_of_utterance_detection"] = {"model": cls._own_detection, **detection}
        return given


class ServerVad(_VoiceActivity):
    """Turn detection by voice activity: who is louder than the threshold speaks. Since api-version 2025-10-01."""

    type: Literal["server_vad"] = "server_vad"
    """Which turn detection this is."""


class _SemanticVad(_VoiceActivity):
    speech_duration_ms: Int | None = None
    """How long speech must last to start a turn, in ms."""

    remove_filler_words: Bool | None = None
    """Whether words like "um" are kept from starting a turn. The service's default: false."""


class AzureSemanticVad(_SemanticVad):
    """Turn detection that tells speech from other sounds by its meaning, the general kind.

    Since api-version 2025-10-01.
    """

    type: Literal["azure_semantic_vad"] = "azure_semantic_vad"
    """Which turn detection this is."""

    languages: list[Str] | None = None
    """Languages to expect, as codes such as ``"en"`` or ``"de-DE"``."""


class AzureSemanticVadEn(_SemanticVad):
    """Turn detection that tells speech from other sounds by its meaning, for English. Since api-version 2025-10-01."""

    _own_detection: ClassVar[str] = "semantic_detection_v1_en"

    type: Literal["azure_semantic_vad_en"] = "azure_semantic_vad_en"
    """Which turn detection this is."""


class AzureSemanticVadMultilingual(_SemanticVad):
    """Turn detection that tells speech from other sounds by its meaning, for many languages.

    Since api-version 2025-10-01.
    """

    _own_detection: ClassVar[str] = "semantic_detection_v1_multilingual"

    type: Literal["azure_semantic_vad_multilingual"] = "azure_semantic_vad_multilingual"
    """Which turn detection this is."""

    languages: list[Str] | None = None
    """Languages to expect, as codes such as ``"en"`` or ``"de-DE"``."""


class UnknownTurnDetection(Unknown, TurnDetection):
    """Turn detection of a kind this version does not know (``semantic_vad``, for one); all its keys are kept."""


TurnDetectionUnion = Annotated[
    Annotated[
        ServerVad | AzureSemanticVad | AzureSemanticVadEn | AzureSemanticVadMultilingual, Field(discriminator="type")
    ]
    | UnknownTurnDetection,
    Field(union_mode="left_to_right"),
]
"""Turn detection of any kind; ``type`` tells which."""

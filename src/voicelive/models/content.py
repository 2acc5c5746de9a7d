"""Parts that the content of a message consists of.

A part is written with the ``Input...`` and ``Output...`` classes or `RequestImageContentPart`. What the service sends
back is read as the ``Request...`` (what the user said or wrote) and ``Response...`` (what the model answered) classes.
Messages take either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import pybase64
from pydantic import Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from voicelive.models._base import Base64, Model, Needed, OpenEnum, Str, Unknown, encode_base64
from voicelive.models.enums import RequestImageContentPartDetail

__all__ = (
    "ContentPart",
    "ContentPartUnion",
    "InputAudioContentPart",
    "InputTextContentPart",
    "MessageContentPart",
    "MessageContentPartUnion",
    "OutputTextContentPart",
    "RequestAudioContentPart",
    "RequestImageContentPart",
    "RequestTextContentPart",
    "ResponseAudioContentPart",
    "ResponseTextContentPart",
    "UnknownContentPart",
)


class ContentPart(Model):
    """Base of every part of a message. Since api-version 2025-10-01."""


class MessageContentPart(ContentPart):
    """Base of the parts that messages are written with. Since api-version 2025-10-01."""


class InputTextContentPart(MessageContentPart):
    """Text of a user or system message. Since api-version 2025-10-01."""

    type: Literal["input_text"] = "input_text"
    """Which kind of part this is."""

    text: Str
    """The text."""


class InputAudioContentPart(MessageContentPart):
    """Speech of a user message. Since api-version 2025-10-01."""

    type: Literal["input_audio"] = "input_audio"
    """Which kind of part this is."""

    audio: Base64
    """Audio as base64, in the session's ``input_audio_format``. Bytes are encoded when given."""

    transcript: Str | None = None
    """What is said in it."""


class OutputTextContentPart(MessageContentPart):
    """Text of an assistant message. Since api-version 2025-10-01."""

    type: Literal["text"] = "text"
    """Which kind of part this is."""

    text: Str
    """The text."""


class RequestTextContentPart(ContentPart):
    """Text that the user wrote.

    Older code calls the kind ``"text"``: that is taken, and becomes ``"input_text"``. Since api-version 2025-10-01.
    """

    type: Literal["input_text"] = "input_text"
    """Which kind of part this is."""

    text: Str | None = None
    """The text."""

    @classmethod
    def _from_given(cls, given: dict[str, Any]) -> dict[str, Any]:
        if given.get("type") == "text":
            given["type"] = "input_text"
        return super()._from_given(given)


class RequestAudioContentPart(ContentPart):
    """Speech of the user. For realtime models only; others know it by its transcript.

    Older code calls the kind ``"audio"``: that is taken, and becomes ``"input_audio"``. Since api-version 2025-10-01.
    """

    type: Literal["input_audio"] = "input_audio"
    """Which kind of part this is."""

    audio: Needed[Base64]
    """Audio as base64, in the session's ``input_audio_format``; bytes are encoded when given.

    The service leaves it out, but for items that were asked for with ``conversation.item.retrieve``.
    Since api-version 2026-04-10.
    """

    transcript: Str | None = None
    """What is said in it; None until it is transcribed, and without ``input_audio_transcription``."""

    @classmethod
    def _from_given(cls, given: dict[str, Any]) -> dict[str, Any]:
        if given.get("type") == "audio":
            given["type"] = "input_audio"
        return super()._from_given(given)


class RequestImageContentPart(ContentPart):
    """An image for the model to look at. Since api-version 2026-04-10.

    Besides ``image_url`` it takes ``url``, the field's older name, and ``base64``: the image itself, as bytes or base64
    text, from which a data URL is made. PNG, JPEG, GIF and WebP are told apart by their first bytes.
    """

    _also_accepts: ClassVar = {"url": "image_url", "base64": "base64"}

    type: Literal["input_image"] = "input_image"
    """Which kind of part this is."""

    image_url: Str | None = None
    """Address of the image, or a data URL: ``data:image/png;base64,...``. Known as ``url`` before 2026-07-15."""

    detail: OpenEnum[RequestImageContentPartDetail | Str] | None = None
    """How closely the model looks: closer costs more tokens."""

    @property
    def url(self) -> str | None:
        """The image's address, under its older name."""
        return self.image_url

    @classmethod
    def _from_given(cls, given: dict[str, Any]) -> dict[str, Any]:
        if (image := given.pop("base64", None)) is not None:
            if given.get("image_url") is not None:
                raise ValueError("an image is given as image_url or as base64, not both")
            given["image_url"] = _data_url(image)
        return super()._from_given(given)


class ResponseTextContentPart(ContentPart):
    """Text that the model wrote. Since api-version 2025-10-01."""

    type: Literal["text"] = "text"
    """Which kind of part this is."""

    text: Str | None = None
    """The text. May be empty in ``response.content_part.done``; ``response.text.done`` has it."""


class ResponseAudioContentPart(ContentPart):
    """Speech of the model. Since api-version 2025-10-01."""

    type: Literal["audio"] = "audio"
    """Which kind of part this is."""

    transcript: Str | None = None
    """What is said in it."""

    audio: Base64 | None = None
    """Audio as base64, in the session's ``output_audio_format``.

    Only there in items that were asked for with ``conversation.item.retrieve``. Not in the service's published
    contract, yet sent since api-version 2026-04-10.
    """


class UnknownContentPart(Unknown, ContentPart):
    """A part of a kind this version does not know, such as ``output_text``; ``part["type"]`` tells which."""


_IMAGES = (
    (b"\x89PNG", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"RIFF", "image/webp"),
)


def _data_url(image: object) -> str:
    text = encode_base64(image)
    start = pybase64.b64decode(text[:16])
    for signature, kind in _IMAGES:
        if start.startswith(signature):
            return f"data:{kind};base64,{text}"
    raise ValueError("the image is neither PNG, JPEG, GIF nor WebP; give it as image_url='data:<type>;base64,<data>'")


class _OrPart:
    """Takes the part classes of the other direction too.

    Both directions use the same tags, so one discriminated union cannot hold all classes.
    """

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        kinds = handler(source)
        python = core_schema.union_schema([kinds, core_schema.is_instance_schema(ContentPart)], mode="left_to_right")
        return core_schema.json_or_python_schema(json_schema=kinds, python_schema=python)


ContentPartUnion = Annotated[
    Annotated[
        RequestTextContentPart
        | RequestAudioContentPart
        | RequestImageContentPart
        | ResponseTextContentPart
        | ResponseAudioContentPart,
        Field(discriminator="type"),
    ]
    | UnknownContentPart,
    Field(union_mode="left_to_right"),
    _OrPart(),
]
"""A part of a message as the service sends it."""

if TYPE_CHECKING:
    MessageContentPartUnion = (
        InputTextContentPart
        | InputAudioContentPart
        | OutputTextContentPart
        | RequestTextContentPart
        | RequestAudioContentPart
        | RequestImageContentPart
        | ResponseTextContentPart
        | ResponseAudioContentPart
        | UnknownContentPart
    )
else:
    MessageContentPartUnion = Annotated[
        Annotated[
            InputTextContentPart
            | InputAudioContentPart
            | RequestImageContentPart
            | OutputTextContentPart
            | ResponseAudioContentPart,
            Field(discriminator="type"),
        ]
        | UnknownContentPart,
        Field(union_mode="left_to_right"),
        _OrPart(),
    ]
"""A part of a message as it is sent. Mappings become ``Input...`` and ``Output...`` parts; any other part is kept."""

"""What server events have in common, and what stands in for those that are not known or not readable."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, SkipValidation

from voicelive.models._base import Int, Model, Str, Unknown
from voicelive.models._values import Hidden

__all__ = (
    "ContentFields",
    "InvalidServerEvent",
    "ItemFields",
    "OutputFields",
    "ResponseContentFields",
    "ResponseItemFields",
    "ResponseOutputFields",
    "ServerEvent",
    "UnknownServerEvent",
)


class ServerEvent(Model):
    """Base of the events that the service sends. They cannot be assigned to. Since api-version 2025-10-01."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True)

    event_id: Str | None = None
    """Id of the event, to tell support about."""


class UnknownServerEvent(Unknown, ServerEvent):
    """An event of a type this version does not know; ``event["type"]`` tells which. All of its data is kept."""


class InvalidServerEvent(ServerEvent):
    """A frame that is no event: not a JSON object with a type, or an event that lacks what its type requires.

    It is delivered in its place, and the stream goes on.
    """

    _local: ClassVar = True

    type: Literal["invalid"] = "invalid"
    """Type of the event."""

    raw: Annotated[SkipValidation[str | bytes], Hidden()]
    """The frame as it came. Not shown, for it may hold audio."""

    error: Str
    """What is wrong with it, and where. Holds nothing of its content."""

    def as_dict(self) -> dict[str, Any]:
        """Return ``type``, ``raw`` and ``error``; ``raw`` as text, with bytes escaped that are not UTF-8."""
        text = self.raw if isinstance(self.raw, str) else self.raw.decode("utf-8", "backslashreplace")
        return {"type": self.type, "raw": text, "error": self.error}


class ItemFields(ServerEvent):
    """An event about an item."""

    item_id: Str
    """Id of the item."""


class ContentFields(ServerEvent):
    """An event about one part of an item."""

    content_index: Int
    """Which part of the item's content, from 0."""


class OutputFields(ServerEvent):
    """An event about one of a response's items."""

    output_index: Int
    """Which item of the response's output, from 0."""


class ResponseOutputFields(OutputFields):
    """An event about one of a response's items, which it may carry whole."""

    response_id: Str
    """Id of the response."""


class ResponseItemFields(ResponseOutputFields, ItemFields):
    """An event about one of a response's items."""


class ResponseContentFields(ResponseItemFields, ContentFields):
    """An event about one part of one of a response's items."""

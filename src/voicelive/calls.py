"""Calls: commands that wait for their answer. ``connection.call(update_session(...))`` returns the event that answers.

A call is a value, the same for all styles: the event to send, and how to recognize its answer. If the service answers
with an error instead, which it tells by the event's id, `ServerError` is raised. The other readers of the connection
get the answer too.

Some answers do not tell what they answer: of those the first call gets the first. Plain commands of the same kind, sent
shortly before, would be answered by them just as well, so do not mix the two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from voicelive.models import (
    ClientEvent,
    ClientEventConversationItemCreate,
    ClientEventConversationItemDelete,
    ClientEventConversationItemRetrieve,
    ClientEventConversationItemTruncate,
    ClientEventInputAudioBufferClear,
    ClientEventInputAudioBufferCommit,
    ClientEventOutputAudioBufferClear,
    ClientEventSessionAvatarConnect,
    ClientEventSessionUpdate,
    ConversationRequestItem,
    RequestSession,
    ServerEvent,
    ServerEventConversationItemCreated,
    ServerEventConversationItemDeleted,
    ServerEventConversationItemRetrieved,
    ServerEventConversationItemTruncated,
    ServerEventInputAudioBufferCleared,
    ServerEventInputAudioBufferCommitted,
    ServerEventOutputAudioBufferCleared,
    ServerEventSessionAvatarConnecting,
    ServerEventSessionUpdated,
)
from voicelive.protocol.ledger import make_id
from voicelive.resources import given

if TYPE_CHECKING:
    from voicelive.models import ServerEventUnion

__all__ = (
    "Call",
    "clear_audio",
    "clear_output_audio",
    "commit_audio",
    "connect_avatar",
    "create_item",
    "delete_item",
    "retrieve_item",
    "truncate_item",
    "update_session",
)

T = TypeVar("T")
EventT = TypeVar("EventT", bound=ServerEvent)


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """An event to send, and how to recognize its answer."""

    event: ClientEvent
    """What to send. An ``event_id`` is added if it has none."""
    answer: Callable[[ServerEventUnion], T | None]
    """Returns the result if an event is the answer, and else ``None``."""
    in_order: bool = False
    """Whether answers do not tell what they answer, and belong to the calls in the order they were made."""


def update_session(
    session: RequestSession | Mapping[str, Any], *, event_id: str | None = None
) -> Call[ServerEventSessionUpdated]:
    """Change the session's settings; the answer holds all of them. See ``SessionResource.update``."""
    event = _build(ClientEventSessionUpdate, session=session, event_id=event_id)
    return Call(event, _first(ServerEventSessionUpdated), in_order=True)


def connect_avatar(client_sdp: str, *, event_id: str | None = None) -> Call[ServerEventSessionAvatarConnecting]:
    """Offer a WebRTC connection; the answer holds the service's SDP. See ``SessionAvatarResource.connect``."""
    event = _build(ClientEventSessionAvatarConnect, client_sdp=client_sdp, event_id=event_id)
    return Call(event, _first(ServerEventSessionAvatarConnecting), in_order=True)


def create_item(
    item: ConversationRequestItem | Mapping[str, Any],
    *,
    previous_item_id: str | None = None,
    event_id: str | None = None,
) -> Call[ServerEventConversationItemCreated]:
    """Add an item to the conversation; the answer holds it. An item without ``id`` is given one.

    See ``ConversationItemResource.create``.
    """
    wire = item.as_dict() if isinstance(item, ConversationRequestItem) else dict(item)
    item_id = wire.setdefault("id", make_id("item"))
    event = _build(ClientEventConversationItemCreate, item=wire, previous_item_id=previous_item_id, event_id=event_id)
    return Call(event, _about(ServerEventConversationItemCreated, item_id))


def retrieve_item(item_id: str, *, event_id: str | None = None) -> Call[ServerEventConversationItemRetrieved]:
    """Ask for an item; the answer holds it. See ``ConversationItemResource.retrieve``."""
    event = _build(ClientEventConversationItemRetrieve, item_id=item_id, event_id=event_id)
    return Call(event, _about(ServerEventConversationItemRetrieved, item_id))


def truncate_item(
    item_id: str, *, audio_end_ms: int, content_index: int = 0, event_id: str | None = None
) -> Call[ServerEventConversationItemTruncated]:
    """Cut off what the user did not hear of an assistant message. See ``ConversationItemResource.truncate``.

    Args:
        item_id: The assistant's message.
        audio_end_ms: Milliseconds of it that were played.
        content_index: Index of the content part with the audio.
        event_id: See ``voicelive.resources``.
    """
    event = _build(
        ClientEventConversationItemTruncate,
        item_id=item_id,
        audio_end_ms=audio_end_ms,
        content_index=content_index,
        event_id=event_id,
    )
    return Call(event, _about(ServerEventConversationItemTruncated, item_id))


def delete_item(item_id: str, *, event_id: str | None = None) -> Call[ServerEventConversationItemDeleted]:
    """Remove an item. See ``ConversationItemResource.delete``."""
    event = _build(ClientEventConversationItemDelete, item_id=item_id, event_id=event_id)
    return Call(event, _about(ServerEventConversationItemDeleted, item_id))


def commit_audio(*, event_id: str | None = None) -> Call[ServerEventInputAudioBufferCommitted]:
    """Make the buffered audio a user message; the answer holds its id. See ``InputAudioBufferResource.commit``."""
    event = _build(ClientEventInputAudioBufferCommit, event_id=event_id)
    return Call(event, _first(ServerEventInputAudioBufferCommitted), in_order=True)


def clear_audio(*, event_id: str | None = None) -> Call[ServerEventInputAudioBufferCleared]:
    """Throw the buffered audio away. See ``InputAudioBufferResource.clear``."""
    event = _build(ClientEventInputAudioBufferClear, event_id=event_id)
    return Call(event, _first(ServerEventInputAudioBufferCleared), in_order=True)


def clear_output_audio(*, event_id: str | None = None) -> Call[ServerEventOutputAudioBufferCleared]:
    """Throw away what an avatar has still to say. See ``OutputAudioBufferResource.clear``."""
    event = _build(ClientEventOutputAudioBufferClear, event_id=event_id)
    return Call(event, _first(ServerEventOutputAudioBufferCleared), in_order=True)


def _build(kind: type[ClientEvent], **fields: object) -> ClientEvent:
    return kind(**given(fields))


def _first(kind: type[EventT]) -> Callable[[ServerEventUnion], EventT | None]:
    return lambda event: event if isinstance(event, kind) else None


def _about(kind: type[EventT], item_id: object) -> Callable[[ServerEventUnion], EventT | None]:
    def answer(event: ServerEventUnion) -> EventT | None:
        if not isinstance(event, kind):
            return None
        about = cast("Any", event)
        found = about.item_id if "item_id" in kind.model_fields else getattr(about.item, "id", None)
        return event if found == item_id else None

    return answer

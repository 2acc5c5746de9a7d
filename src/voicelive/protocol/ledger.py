"""What a session consists of, so that it can be restored on a new connection. Pure: no clock, no I/O.

A facade tells it of every event: `record` before one is sent, `received` when one came. When the connection is gone it
calls `dropped`. For each attempt to make it anew it calls `restore`, and sends the frames of what that returns, which
takes their answers; then it sends what `take_unwritten` returns until there is nothing left, and calls `go_online`.
An attempt that comes to nothing ends with `failed`.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

from voicelive.exceptions import UnsentEvent
from voicelive.models import (
    Lost,
    Reconnected,
    ResponseSession,
    ServerEvent,
    ServerEventConversationItemCreated,
    ServerEventError,
    ServerEventSessionUpdated,
)
from voicelive.protocol.history import History, Json, output_rate
from voicelive.protocol.outbox import Outbox
from voicelive.protocol.policy import ReconnectPolicy
from voicelive.protocol.wire import encode_json

__all__ = ("Ledger", "Restoring")

_INPUT_BYTES = {"g711_ulaw": 1, "g711_alaw": 1}
"""Bytes per sample, where it is not 2."""

# Errors that belong to one kind of event, for when the service does not say to which event.
_REFUSED = {
    "conversation_already_has_active_response": "response.create",
    "input_audio_buffer_commit_empty": "input_audio_buffer.commit",
    "response_cancel_not_active": "response.cancel",
}


def make_id(kind: str) -> str:
    """Return a new id, no longer than those of the service."""
    return f"{kind}_{secrets.token_hex(10)}"


class Restoring:
    """A session being put into a new connection.

    Attributes:
        frames: What to send first, in order.
        restored: Ids of the items that were put in.
        lost: What was refused, or could not even be tried.
        session: The new session as the service describes it, by the names on the wire.
        with_items: Whether the items are put in.
    """

    def __init__(self, session: ResponseSession, *, with_items: bool) -> None:
        self.with_items = with_items
        self.frames: list[bytes] = []
        self.lost: list[Lost] = []
        self.session = session.as_dict()
        self._items: dict[str, Json] = {}
        self._waiting: dict[str, str | None] = {}
        # The same the other way round: ids of events by what they restore.
        self._asked: dict[str | None, str] = {}

    def add(self, event: Json, item_id: str | None = None, *, answered: bool = True) -> None:
        """Take an event that restores something: an item, or the session's settings."""
        event_id = make_id("restore")
        self.frames.append(encode_json({**event, "event_id": event_id}))
        if answered:
            self._waiting[event_id] = item_id
            self._asked[item_id] = event_id
        if item_id is not None:
            self._items[item_id] = event["item"]

    @property
    def restored(self) -> list[str]:
        """Ids of the items that were put in, in order."""
        return list(self._items)

    @property
    def done(self) -> bool:
        """Whether everything has been answered."""
        return not self._waiting

    def take(self, event: ServerEvent) -> bool:
        """Follow an event of the new session; return whether it was an answer that is meant for nobody else."""
        match event:
            case ServerEventSessionUpdated():
                self.session |= event.session.as_dict()
                return self._answered(None)
            case ServerEventConversationItemCreated() if event.item is not None and event.item.id is not None:
                return self._answered(event.item.id)
            case ServerEventError() if event.error.event_id in self._waiting:
                self._refused(event.error.event_id, event.error.code)
                return True
            case _:
                return False

    def _answered(self, item_id: str | None) -> bool:
        event_id = self._asked.pop(item_id, None)
        if event_id is None:
            return False
        del self._waiting[event_id]
        return True

    def _refused(self, event_id: str, code: str | None) -> None:
        item_id = self._waiting.pop(event_id)
        del self._asked[item_id]
        if item_id is None:
            self.lost.append(Lost(kind="session", type="session.update", reason="refused", code=code))
        else:
            kind = self._items.pop(item_id).get("type")
            self.lost.append(Lost(kind="item", id=item_id, type=kind, reason="refused", code=code))


class Ledger:
    """See the module.

    Args:
        policy: Which audio and how much of the rest to keep.
        new_id: Makes a new id that begins with the given word.
    """

    def __init__(self, policy: ReconnectPolicy, new_id: Callable[[str], str] = make_id) -> None:
        self._history = History()
        self._outbox = Outbox(policy.keep_audio * 1000, policy.max_queued, new_id)
        self._session: Json = {}
        self._settings: Json = {}
        self._transcription: Json = {}
        self._responses: dict[str, Json] = {}
        self._outputs: dict[str, list[str]] = {}
        self._avatar = False
        self._thread_id: str | None = None
        self._resent: list[str] = []
        self._lost: list[Lost] = []
        self._takes: dict[str, Callable[[Any], None]] = {
            "error": self._error,
            "session.updated": self._session_updated,
            "session.avatar.connecting": self._avatar_connecting,
            "conversation.item.created": self._item_created,
            "conversation.item.deleted": self._item_answered,
            "conversation.item.truncated": self._item_answered,
            "conversation.item.retrieved": self._item_retrieved,
            "conversation.item.input_audio_transcription.completed": self._transcribed,
            "input_audio_buffer.speech_started": self._speech_started,
            "input_audio_buffer.speech_stopped": self._speech_stopped,
            "input_audio_buffer.committed": self._committed,
            "input_audio_buffer.cleared": self._cleared,
            "output_audio_buffer.cleared": self._output_cleared,
            "response.created": self._response_created,
            "response.output_item.added": self._output_added,
            "response.done": self._response_done,
        }

    # While the connection lives

    def begin(self, session: ResponseSession) -> None:
        """Take the first event's session."""
        self._configure(session.as_dict())

    def record(self, frame: bytes) -> tuple[bytes, bool]:
        """Take an event to send. Return it with the ids it needs, and whether to send it now.

        Otherwise it will be among what `take_unwritten` returns.

        Raises:
            SendQueueFullError: There is no connection, and too much waits for one already.
        """
        online = self._outbox.online
        entry = self._outbox.record(frame)
        if entry.type == "transcription_session.update":
            # What answers it is not documented, so it counts as soon as it is sent.
            self._transcription |= _part(entry.frame, "session")
        elif entry.type == "conversation.item.truncate" and not online:
            self._cut_short(entry.frame)
        return entry.frame, online and not self._outbox.stalled

    def stall(self) -> None:
        """Take note that sending has failed, though what came before that is still being read."""
        self._outbox.stalled = True

    def _cut_short(self, frame: bytes) -> None:
        """Truncate an item here that no service can truncate any more."""
        with suppress(ValueError, KeyError, TypeError):
            event = json.loads(frame)
            self._history.truncate(event["item_id"], int(event["content_index"]), int(event["audio_end_ms"]))

    def received(self, event: ServerEvent) -> None:
        """Follow an event that came."""
        if (take := self._takes.get(cast(str, getattr(event, "type", "")))) is not None:
            take(event)
        self._history.received(event)

    @property
    def busy(self) -> bool:
        """Whether a drop would interrupt something: a response, speech, or a request without an answer yet."""
        return bool(self._responses) or self._outbox.busy

    @property
    def thread_id(self) -> str | None:
        """Id of the agent's conversation, if the service told it."""
        return self._thread_id

    # What the events mean

    def _configure(self, session: Json) -> None:
        """Take over what the service says of the session. It may leave out what has not changed."""
        self._session |= session
        audio_format = self._session.get("input_audio_format") or "pcm16"
        sample = _INPUT_BYTES.get(audio_format, 2)
        self._outbox.reformat(
            sample * (self._session.get("input_audio_sampling_rate") or (24000 if sample == 2 else 8000))
        )
        self._outbox.detects = self._session.get("turn_detection", True) is not None
        self._history.rate = output_rate(self._session.get("output_audio_format") or "pcm16")
        agent: Json = self._session.get("agent") or {}
        self._thread_id = agent.get("thread_id") or self._thread_id

    def _session_updated(self, event: ServerEventSessionUpdated) -> None:
        self._configure(event.session.as_dict())
        if (entry := self._outbox.answered("session.update")) is not None:
            self._settings |= _part(entry.frame, "session")

    def _error(self, event: ServerEventError) -> None:
        if event.error.event_id is not None:
            self._outbox.refused(event.error.event_id)
        elif (kind := _REFUSED.get(event.error.code or "")) is not None:
            self._outbox.answered(kind)

    def _avatar_connecting(self, event: ServerEvent) -> None:
        self._outbox.answered("session.avatar.connect")
        self._avatar = True

    def _item_created(self, event: ServerEventConversationItemCreated) -> None:
        if event.item is None or event.item.id is None:
            return
        entry = self._outbox.answered("conversation.item.create", event.item.id)
        request = cast("Json", json.loads(entry.frame)) if entry is not None else {}
        first = request.get("previous_item_id") == "root"
        self._history.created(event.item, event.previous_item_id, request.get("item"), first=first)

    def _item_answered(self, event: Any) -> None:
        kind = {"deleted": "delete", "truncated": "truncate"}[event.type.rpartition(".")[2]]
        self._outbox.answered(f"conversation.item.{kind}", event.item_id)

    def _item_retrieved(self, event: Any) -> None:
        if event.item is not None:
            self._outbox.answered("conversation.item.retrieve", event.item.id)

    def _transcribed(self, event: Any) -> None:
        self._outbox.transcribed(event.item_id)

    def _speech_started(self, event: Any) -> None:
        self._outbox.speech_started(event.item_id, event.audio_start_ms)

    def _speech_stopped(self, event: Any) -> None:
        self._outbox.speech_stopped(event.item_id, event.audio_end_ms)

    def _committed(self, event: Any) -> None:
        self._outbox.committed(event.item_id)
        # Its audio is not sent again from here on, so a drop before the item itself comes must not lose it.
        self._history.announced(event.item_id, event.previous_item_id)

    def _cleared(self, event: ServerEvent) -> None:
        self._outbox.cleared()

    def _output_cleared(self, event: ServerEvent) -> None:
        self._outbox.answered("output_audio_buffer.clear")

    def _response_created(self, event: Any) -> None:
        self._outbox.answered("response.create")
        if event.response.id is not None:
            self._responses[event.response.id] = event.response.as_dict()
            self._outputs[event.response.id] = []
            if event.response.output_audio_format is not None:
                self._history.rate = output_rate(event.response.output_audio_format)

    def _output_added(self, event: Any) -> None:
        if event.item is not None and event.item.id is not None and event.response_id in self._outputs:
            self._outputs[event.response_id].append(event.item.id)

    def _response_done(self, event: Any) -> None:
        self._outbox.answered("response.cancel")
        self._responses.pop(event.response.id, None)
        self._outputs.pop(event.response.id, None)

    # The end of a connection

    def dropped(self) -> list[bytes]:
        """Take note that the connection is gone.

        Returns:
            The ends of the responses that were under way, as the ``response.done`` that the service did not send: with
            status ``incomplete``, the reason ``connection_lost``, and what there is of them.
        """
        for entry in self._outbox.entries("conversation.item.truncate"):
            self._cut_short(entry.frame)
        if self._avatar:
            self._lost.append(Lost(kind="session", type="session.avatar.connect", reason="not_replayable"))
            self._avatar = False
        frames = [self._settle(response_id, response) for response_id, response in self._responses.items()]
        self._responses.clear()
        self._outputs.clear()
        self._outbox.dropped()
        self._resent = [entry.event_id for entry in self._outbox.entries() if entry.event_id is not None]
        return frames

    def _settle(self, response_id: str, response: Json) -> bytes:
        self._lost.append(Lost(kind="response", id=response_id, reason="interrupted"))
        output = self._history.settle(self._outputs.get(response_id, []))
        details = {"type": "incomplete", "reason": "connection_lost"}
        ended = {**response, "status": "incomplete", "status_details": details, "output": output}
        return encode_json({"type": "response.done", "response": ended})

    def unsent(self) -> tuple[UnsentEvent, ...]:
        """Return what was not sent, or not answered, in order."""
        return self._outbox.unsent()

    # A new one

    def restore(self, session: ResponseSession, *, with_items: bool) -> Restoring:
        """Begin to put the session into a new connection.

        Args:
            session: The new session, as its first event describes it.
            with_items: Whether the items go in, too; not where the service has kept them.
        """
        restoring = Restoring(session, with_items=with_items)
        if self._settings:
            restoring.add({"type": "session.update", "session": self._settings})
        if self._transcription:
            restoring.add({"type": "transcription_session.update", "session": self._transcription}, answered=False)
        if with_items:
            items, restoring.lost = self._history.replay(self._outbox.speech)
            for item in items:
                restoring.add({"type": "conversation.item.create", "item": item}, item["id"])
        return restoring

    def take_unwritten(self) -> list[bytes]:
        """Return what is still to be sent on the new connection, in order, and count it as sent."""
        return self._outbox.take_unwritten()

    def failed(self) -> None:
        """Take note that the new connection has come to nothing."""
        self._outbox.unwrite()

    def go_online(self, restoring: Restoring) -> Reconnected:
        """Take note that the session goes on, and return the event that says so."""
        outbox = self._outbox
        outbox.online = True
        self._session = {}
        self._configure(restoring.session)
        lost = [*self._lost, *outbox.lost, *restoring.lost]
        if restoring.with_items:
            for item_id in set(self._history.ids).difference(restoring.restored):
                self._history.forget(item_id)
        if outbox.lost_ms >= 1:
            lost.append(Lost(kind="audio", reason="not_kept", audio_ms=round(outbox.lost_ms)))
        self._lost = []
        outbox.told()
        resent, self._resent = self._resent, []
        return Reconnected(
            session_id=restoring.session.get("id"), restored=restoring.restored, resent=resent, lost=lost
        )


def _part(frame: bytes, name: str) -> Json:
    """Return one object of an event that was sent as it was given, and may hold anything."""
    part = json.loads(frame).get(name)
    return cast("Json", part) if isinstance(part, dict) else {}

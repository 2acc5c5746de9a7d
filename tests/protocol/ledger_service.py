"""A service without sockets: client events in, server events out, in order, each when the test says so."""

from __future__ import annotations

import base64
import itertools
import json
from collections import deque
from typing import Any

Json = dict[str, Any]
_ids = itertools.count(1)


def new_id(kind: str) -> str:
    return f"{kind}_s{next(_ids)}"


class Service:
    """One session."""

    def __init__(self, *, detects: bool = False) -> None:
        self.items: list[Json] = []
        self.session: Json = {
            "id": new_id("sess"),
            "input_audio_format": "pcm16",
            "input_audio_sampling_rate": 24000,
            "turn_detection": {"type": "server_vad"} if detects else None,
        }
        self.buffer = b""
        self.audio: dict[str, bytes] = {}
        self.inbox: deque[bytes] = deque()
        self.outbox: deque[Json] = deque()
        self.response: str | None = None
        self.speaking: list[str] = []

    def emit(self, kind: str, **fields: Any) -> None:
        self.outbox.append({"type": kind, "event_id": new_id("ev"), **fields})

    def created(self) -> Json:
        return {"type": "session.created", "session": self.session}

    @property
    def ids(self) -> list[str]:
        return [item["id"] for item in self.items]

    def step(self) -> None:
        """Carry out the next event of the client."""
        event = json.loads(self.inbox.popleft())
        handler = getattr(self, "_" + event["type"].replace(".", "_"), None)
        if handler is not None:
            handler(event)

    def refuse(self, event: Json, code: str) -> None:
        self.emit("error", error={"type": "invalid_request_error", "code": code, "message": "no"} | _named(event))

    def _session_update(self, event: Json) -> None:
        if event["session"].get("instructions") == "refuse":
            self.refuse(event, "invalid_value")
            return
        self.session = {**self.session, **event["session"]}
        self.emit("session.updated", session=self.session)

    def _conversation_item_create(self, event: Json) -> None:
        item = event["item"]
        previous = event.get("previous_item_id")
        if item["id"] in self.ids or _text(item) == "refuse":
            self.refuse(event, "duplicate" if item["id"] in self.ids else "invalid_value")
            return
        if previous not in (None, "root") and previous not in self.ids:
            self.refuse(event, "item_create_invalid_previous_item_id")
            return
        index = len(self.items) if previous is None else 0 if previous == "root" else self.ids.index(previous) + 1
        if item["type"] == "message":
            for part in item["content"]:
                if part["type"] == "input_audio":
                    self.audio[item["id"]] = base64.b64decode(part["audio"])
        self._insert(item, index)

    def _insert(self, item: Json, index: int | None = None) -> None:
        self.items.insert(len(self.items) if index is None else index, item)
        at = self.items.index(item)
        shown = json.loads(json.dumps(item))
        for part in shown.get("content", ()):
            part.pop("audio", None)
        wire = {"object": "realtime.item", "status": "completed", **shown}
        self.emit("conversation.item.created", previous_item_id=self.items[at - 1]["id"] if at else None, item=wire)

    def _conversation_item_delete(self, event: Json) -> None:
        if event["item_id"] not in self.ids:
            self.refuse(event, "item_delete_invalid_item_id")
            return
        self.items = [item for item in self.items if item["id"] != event["item_id"]]
        self.emit("conversation.item.deleted", item_id=event["item_id"])

    def _conversation_item_retrieve(self, event: Json) -> None:
        found = [item for item in self.items if item["id"] == event["item_id"]]
        if found:
            self.emit("conversation.item.retrieved", item={"status": "completed", **found[0]})
        else:
            self.refuse(event, "item_retrieve_invalid_item_id")

    def _input_audio_buffer_append(self, event: Json) -> None:
        self.buffer += base64.b64decode(event["audio"])

    def _input_audio_buffer_clear(self, event: Json) -> None:
        self.buffer = b""
        self.emit("input_audio_buffer.cleared")

    def _input_audio_buffer_commit(self, event: Json) -> None:
        if not self.buffer:
            self.refuse(event, "input_audio_buffer_commit_empty")
            return
        item_id = new_id("item")
        self.audio[item_id], self.buffer = self.buffer, b""
        previous = self.ids[-1] if self.items else None
        self.emit("input_audio_buffer.committed", item_id=item_id, previous_item_id=previous)
        content = [{"type": "input_audio", "transcript": None}]
        self._insert({"id": item_id, "type": "message", "role": "user", "content": content})

    def transcribe(self, item_id: str) -> None:
        for item in self.items:
            if item["id"] == item_id and item.get("role") == "user" and item["content"][0]["type"] == "input_audio":
                words = f"said {item_id}"
                item["content"] = [{"type": "input_audio", "transcript": words}]
                kind = "conversation.item.input_audio_transcription.completed"
                self.emit(kind, item_id=item_id, content_index=0, transcript=words)

    def _response_create(self, event: Json) -> None:
        if self.response is not None:
            self.refuse(event, "conversation_already_has_active_response")
            return
        self.response, item_id = new_id("resp"), new_id("item")
        where = {"response_id": self.response, "output_index": 0}
        self.emit("response.created", response={"id": self.response, "status": "in_progress", "output": []})
        item = {"id": item_id, "type": "message", "role": "assistant", "content": [], "status": "in_progress"}
        self.emit("response.output_item.added", **where, item=item)
        self._insert(item)
        self.speaking = [f"answer {item_id} ", "goes on ", "to its end."]

    def speak(self) -> None:
        """Go on with the response that is under way."""
        item = next((item for item in self.items if item.get("status") == "in_progress"), None)
        if self.response is None:
            return
        if item is None:
            # It was deleted.
            self.emit("response.done", response={"id": self.response, "status": "completed", "output": []})
            self.response = None
            return
        where = {"response_id": self.response, "item_id": item["id"], "output_index": 0}
        if self.speaking:
            word = self.speaking.pop(0)
            said = item["content"][0]["transcript"] if item["content"] else ""
            item["content"] = [{"type": "audio", "transcript": said + word}]
            self.emit("response.audio_transcript.delta", **where, content_index=0, delta=word)
            return
        self._end(item, "completed", "completed")

    def _response_cancel(self, event: Json) -> None:
        item = next((item for item in self.items if item.get("status") == "in_progress"), None)
        if self.response is None:
            self.refuse(event, "response_cancel_not_active")
        elif item is None:
            self.speak()
        else:
            self._end(item, "incomplete", "cancelled")

    def _end(self, item: Json, item_status: str, status: str) -> None:
        item["status"] = item_status
        self.emit("response.output_item.done", response_id=self.response, output_index=0, item=dict(item))
        self.emit("response.done", response={"id": self.response, "status": status, "output": [dict(item)]})
        self.response = None


def _named(event: Json) -> Json:
    return {"event_id": event["event_id"]} if "event_id" in event else {}


def _text(item: Json) -> str | None:
    return item["content"][0].get("text") if item.get("content") else None


def said(item: Json) -> str | None:
    """Return what an item says, however it says it."""
    if "content" not in item:
        return None
    return "".join(part.get("text") or part.get("transcript") or "" for part in item["content"])

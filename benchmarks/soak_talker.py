"""What a client of the soak says, what it was told, and whether a service holds it in the end. No I/O.

Every piece can be told apart: texts, chunks of audio and words are numbered. What the service confirmed, and no
`Reconnected` event named as lost, must be there in the end: once, in order, with its content.
"""

from __future__ import annotations

import random
import time
from collections import deque
from typing import Any

Json = dict[str, Any]

EXPECTED = (
    "conversation_already_has_active_response",
    "input_audio_buffer_commit_empty",
    # Behind an answer that a drop ended before its first word, and that was named as lost.
    "invalid_previous_item_id",
)
"""Refusals that this client may bring upon itself."""


class Talker:
    """One client.

    Args:
        name: Tells it from others.
        chunk_ms: Audio per chunk.
        keep: Delete the oldest items beyond so many.
    """

    def __init__(self, name: str, *, chunk_ms: int, keep: int) -> None:
        self.name = name
        self.random = random.Random(f"talker {name}")
        self.chunk_bytes = chunk_ms * 48
        self.keep = keep
        self.number = 0
        self.chunks = 0
        self.uncommitted = 0
        self.pending: dict[str, Json] = {}
        self.confirmed: list[str] = []
        self.sent: dict[str, Json] = {}
        self.heard: dict[str, str] = {}
        self.announced: set[str] = set()
        self.deleting: set[str] = set()
        # Bounded, so that the memory that grows is not this program's own.
        self.deleted: deque[str] = deque(maxlen=20)
        self.deletions = 0
        self.accounted: list[range] = []
        self.response: str | None = None
        self.outputs: list[str] = []
        self.reconnected = 0
        self.lost_audio_ms = 0
        self.gaps: dict[str, int] = {}
        self.refused: dict[str, int] = {}
        self.faults: list[str] = []
        self.asked = False
        self.last = 0.0

    # Saying

    def _named(self, kind: str, **fields: Any) -> Json:
        self.number += 1
        event = {"type": kind, "event_id": f"{self.name}-{self.number}", **fields}
        self.pending[event["event_id"]] = event
        return event

    def chunk(self) -> bytes:
        self.chunks += 1
        self.uncommitted += 1
        return b"%012d" % self.chunks + bytes(self.chunk_bytes - 12)

    def say(self) -> Json:
        item = {
            "id": f"i-{self.name}-{self.number}",
            "type": "message",
            "role": "user",
            "content": [{"type": "input_text", "text": f"text {self.name} {self.number}"}],
        }
        self.sent[item["id"]] = item
        more: Json = {}
        if self.confirmed and self.random.random() < 0.2:
            # Not behind what may be gone by then.
            behind = [i for i in self.confirmed[-5:] if i not in self.deleting]
            more = {"previous_item_id": self.random.choice(behind)} if behind else {}
        return self._named("conversation.item.create", item=item, **more)

    def commit(self) -> Json:
        self.uncommitted = 0
        return self._named("input_audio_buffer.commit")

    def respond(self, *, call: bool = False) -> Json:
        self.asked = True
        return self._named("response.create", response={"instructions": "call" if call else "talk"})

    def update(self) -> Json:
        return self._named("session.update", session={"instructions": f"be {self.number}"})

    def tidy(self) -> Json | None:
        """Delete the oldest item, if there are too many."""
        kept = [item_id for item_id in self.confirmed if item_id not in self.deleting]
        # What it says has to be known, for it is to be accounted for.
        if len(kept) <= self.keep or kept[0] not in self.sent | self.heard:
            return None
        return self.delete(kept[0])

    def delete(self, item_id: str) -> Json:
        self.deleting.add(item_id)
        return self._named("conversation.item.delete", item_id=item_id)

    # Being told

    def took(self, event: Any) -> None:
        self.last = time.monotonic()
        take = getattr(self, "_" + event.type.replace(".", "_"), None)
        if take is not None:
            take(event)

    def _oldest(self, kind: str) -> None:
        for event_id, event in self.pending.items():
            if event["type"] == kind:
                del self.pending[event_id]
                return
        self.faults.append(f"answer to no {kind}")

    def _error(self, event: Any) -> None:
        asked = self.pending.pop(event.error.event_id or "", None)
        if asked is None:
            self.faults.append(f"refused what was not asked: {event.error.code}")
            return
        if asked["type"] == "response.create":
            self.asked = False
        code = event.error.code or ""
        self.refused[code] = self.refused.get(code, 0) + 1
        if code not in EXPECTED:
            self.faults.append(f"{asked['type']} refused: {code}")

    def _session_updated(self, event: Any) -> None:
        self._oldest("session.update")

    def _place(self, item_id: str, previous: str | None) -> None:
        at = self.confirmed.index(previous) + 1 if previous in self.confirmed else 0 if previous is None else None
        if at is None:
            self.faults.append("an item behind one that is not known")
            at = len(self.confirmed)
        self.confirmed.insert(at, item_id)

    def _conversation_item_created(self, event: Any) -> None:
        item_id = event.item.id
        if item_id in self.announced:
            self.announced.discard(item_id)
            self.confirmed.remove(item_id)
        elif item_id in self.confirmed or item_id in self.deleted:
            self.faults.append("an item created twice")
            return
        self._place(item_id, event.previous_item_id)
        if item_id in self.sent:
            found = [key for key, asked in self.pending.items() if asked.get("item", {}).get("id") == item_id]
            for key in found:
                del self.pending[key]
            if not found:
                self.faults.append("an item created that was not asked for")

    def _conversation_item_deleted(self, event: Any) -> None:
        if event.item_id in self.confirmed:
            self.confirmed.remove(event.item_id)
        else:
            self.faults.append("an item deleted that was not there")
        self.deleted.append(event.item_id)
        self.deletions += 1
        self.deleting.discard(event.item_id)
        for number in numbers(self.heard.get(event.item_id, "")):
            if self.accounted and self.accounted[-1].stop == number:
                self.accounted[-1] = range(self.accounted[-1].start, number + 1)
            else:
                self.accounted.append(range(number, number + 1))
        for known in (self.sent, self.heard):
            known.pop(event.item_id, None)
        for key in [key for key, asked in self.pending.items() if asked.get("item_id") == event.item_id]:
            del self.pending[key]

    def _input_audio_buffer_committed(self, event: Any) -> None:
        self._oldest("input_audio_buffer.commit")
        # The item itself comes next; from here on the service has the audio.
        self.announced.add(event.item_id)
        self._place(event.item_id, event.previous_item_id)

    def _conversation_item_input_audio_transcription_completed(self, event: Any) -> None:
        self.heard[event.item_id] = event.transcript

    def _response_created(self, event: Any) -> None:
        self._oldest("response.create")
        if self.response is not None:
            self.faults.append("a response that never ended")
        self.response = event.response.id

    def _response_audio_transcript_delta(self, event: Any) -> None:
        self.heard[event.item_id] = self.heard.get(event.item_id, "") + event.delta

    def _response_function_call_arguments_done(self, event: Any) -> None:
        self.heard[event.item_id] = event.arguments

    def _response_done(self, event: Any) -> None:
        if event.response.id != self.response:
            self.faults.append("the end of a response that was not known")
        if event.response.status == "incomplete":
            self.outputs.append(event.response.id)
        self.response, self.asked = None, False

    def _reconnected(self, event: Any) -> None:
        self.reconnected += 1
        ended, self.outputs = set(self.outputs), []
        gone = set()
        for gap in event.lost:
            kind = f"{gap.kind} {gap.type or ''} {gap.reason}".replace("  ", " ")
            self.gaps[kind] = self.gaps.get(kind, 0) + 1
            if gap.kind == "audio":
                self.lost_audio_ms += gap.audio_ms
            elif gap.kind == "item":
                gone.add(gap.id)
            elif gap.kind == "response":
                if gap.id not in ended:
                    self.faults.append("a gap for a response that did not end")
                ended.discard(gap.id)
            elif gap.kind == "event" and self.pending.pop(gap.id, None) is None:
                self.faults.append(f"a gap for an event that was not open: {gap.type}")
        if ended:
            self.faults.append("a response that was interrupted and is not named")
        if not gone <= set(self.confirmed):
            self.faults.append("a gap for an item that is not known")
        expected = [item_id for item_id in self.confirmed if item_id not in gone]
        if event.restored != expected:
            self.faults.append(f"restored {len(event.restored)} items where {len(expected)} were due")
        self.confirmed = expected
        self.announced.clear()
        for item_id in gone:
            self.heard.pop(item_id, None)
        if self.response is not None:
            self.faults.append("a response under way over a drop")

    # In the end

    @property
    def settled(self) -> bool:
        """Whether everything has been answered."""
        return not self.pending and self.response is None

    def check(self, state: Json) -> Json:
        """Compare with what the service's last session holds; return what is wrong."""
        held = {item["id"]: item for item in state["items"]}
        order = [item["id"] for item in state["items"]]
        lost = [item_id for item_id in self.confirmed if item_id not in held]
        known = [item_id for item_id in order if item_id in set(self.confirmed)]
        wrong = [item_id for item_id in self.confirmed if item_id in held and not self._same(held[item_id])]
        chunks = [number for span in self.accounted for number in span]
        chunks += [number for item in state["items"] for number in spoken(item)]
        missing = self.chunks - len(set(chunks))
        for item_id in wrong:
            self.faults.append(f"changed: {held[item_id]} {self.heard.get(item_id)} {self.sent.get(item_id)}")
        return {
            "lost": len(lost),
            "duplicated": len(order) - len(held) + len(chunks) - len(set(chunks)),
            "not confirmed": len(set(order) - set(self.confirmed)),
            "out of order": int(known != [i for i in self.confirmed if i in held]),
            "changed": len(wrong),
            "unanswered": len(self.pending),
            "other": len(self.faults),
            "audio lost, not named": max(0, missing * self.chunk_bytes // 48 - self.lost_audio_ms),
        }

    def _same(self, item: Json) -> bool:
        if item["id"] in self.sent:
            return bool(item.get("content") == self.sent[item["id"]]["content"])
        if item["type"] == "function_call":
            return bool(item["arguments"] == self.heard.get(item["id"]))
        text = "".join(part.get("text") or part.get("transcript") or "" for part in item["content"])
        # A sentence whose transcript did not come has its audio, which the numbers of its chunks are compared by.
        return text == self.heard.get(item["id"], text if spoken(item) else "")


def spoken(item: Json) -> list[int]:
    """Return the numbers of the chunks of audio that an item was made of, told by its transcript if it has one."""
    found: list[int] = []
    for part in item.get("content", ()):
        text = part.get("text") or part.get("transcript") or ""
        if item.get("role") == "user":
            found += [int(chunk) for chunk in part.get("chunks") or ()] or numbers(text)
    return found


def numbers(text: str) -> list[int]:
    """Return the numbers of chunks in a transcript."""
    return [int(word) for word in text.split() if len(word) == 12 and word.isdigit()]

"""Whatever is sent, whatever comes and wherever it breaks off: a new session has it all, or it is named as lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from voicelive.models import Reconnected, ServerEventResponseDone
from voicelive.protocol.ledger import Ledger
from voicelive.protocol.policy import ReconnectPolicy
from voicelive.protocol.wire import decode_event, encode_append

from .ledger_service import Json, Service, new_id, said

CHUNK_MS = 10


class Reconnection(RuleBasedStateMachine):
    """A client that sends anything at any time, over connections that break anywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger(ReconnectPolicy(keep_audio=3600))
        self.service: Service | None = Service()
        self.ledger.begin(decode_event(json.dumps(self.service.created())).session)  # type: ignore[union-attr]
        # What the client knows.
        self.confirmed: list[str] = []
        self.texts: dict[str, str] = {}
        self.pending: dict[str, str] = {}
        self.kinds: dict[str, str] = {}
        self.created: dict[str, str] = {}
        self.settings: Json = {}
        self.updates: list[tuple[str, Json]] = []
        self.chunk = 0
        self.buffered = b""
        self.commits: list[tuple[str, bytes]] = []
        self.speech: dict[str, bytes] = {}
        self.announced: set[str] = set()
        self.response: str | None = None

    # Sending

    def send(self, event: Json) -> Json:
        frame, online = self.ledger.record(json.dumps(event).encode())
        assert online == (self.service is not None)
        if self.service is not None:
            self.service.inbox.append(frame)
        sent: Json = json.loads(frame)
        self.pending[sent["event_id"]] = self.kinds[sent["event_id"]] = sent["type"]
        if sent["type"] == "conversation.item.create":
            self.created[sent["item"]["id"]] = sent["event_id"]
        return sent

    @rule(where=st.sampled_from(["end", "root", "after"]), known=st.booleans(), refuse=st.integers(0, 9))
    def create_item(self, where: str, known: bool, refuse: int) -> None:
        text = "refuse" if refuse == 0 else f"text {len(self.texts)}"
        item: Json = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
        if known:
            item["id"] = new_id("mine")
        event: Json = {"type": "conversation.item.create", "item": item}
        if where == "root":
            event["previous_item_id"] = "root"
        elif where == "after" and self.confirmed:
            event["previous_item_id"] = self.confirmed[len(self.confirmed) // 2]
        sent = self.send(event)
        self.texts[sent["item"]["id"]] = text

    @rule()
    def create_call(self) -> None:
        call = {"type": "function_call", "name": "f", "call_id": new_id("call"), "arguments": "{}"}
        self.send({"type": "conversation.item.create", "item": call})
        output = {"type": "function_call_output", "call_id": call["call_id"], "output": "1"}
        self.send({"type": "conversation.item.create", "item": output})

    @precondition(lambda self: self.confirmed)
    @rule(data=st.data(), kind=st.sampled_from(["delete", "retrieve"]))
    def about_item(self, data: st.DataObject, kind: str) -> None:
        self.send({"type": f"conversation.item.{kind}", "item_id": data.draw(st.sampled_from(self.confirmed))})

    @rule(refuse=st.booleans(), key=st.sampled_from(["voice", "reasoning_effort"]))
    def update_session(self, refuse: bool, key: str) -> None:
        changes: Json = {key: new_id("value"), "instructions": "refuse" if refuse else "be kind"}
        sent = self.send({"type": "session.update", "session": changes})
        self.updates.append((sent["event_id"], changes))

    @rule()
    def ask_for_response(self) -> None:
        self.send({"type": "response.create"})

    @rule()
    def cancel(self) -> None:
        self.send({"type": "response.cancel"})

    @rule(count=st.integers(1, 5))
    def append(self, count: int) -> None:
        for _ in range(count):
            self.chunk += 1
            audio = self.chunk.to_bytes(4, "little") * (CHUNK_MS * 48 // 4)
            frame, online = self.ledger.record(encode_append(audio))
            if online:
                assert self.service is not None
                self.service.inbox.append(frame)
            self.buffered += audio

    @rule()
    def commit(self) -> None:
        sent = self.send({"type": "input_audio_buffer.commit"})
        self.commits.append((sent["event_id"], self.buffered))
        self.buffered = b""

    @rule()
    def clear(self) -> None:
        self.send({"type": "input_audio_buffer.clear"})
        self.buffered = b""

    # The service

    @precondition(lambda self: self.service)
    @rule(count=st.integers(1, 20))
    def carry_out(self, count: int) -> None:
        assert self.service is not None
        for _ in range(min(count, len(self.service.inbox))):
            self.service.step()

    @precondition(lambda self: self.service)
    @rule()
    def speak(self) -> None:
        assert self.service is not None
        self.service.speak()

    @precondition(lambda self: self.service and self.service.audio)
    @rule(data=st.data())
    def transcribe(self, data: st.DataObject) -> None:
        assert self.service is not None
        self.service.transcribe(data.draw(st.sampled_from(sorted(self.service.audio))))

    @precondition(lambda self: self.service)
    @rule(count=st.integers(1, 20))
    def receive(self, count: int) -> None:
        assert self.service is not None
        for _ in range(min(count, len(self.service.outbox))):
            self.take(self.service.outbox.popleft())

    @precondition(lambda self: self.service and self.service.outbox)
    @rule(data=st.data())
    def receive_out_of_order(self, data: st.DataObject) -> None:
        """Answers of different kinds may pass each other; those of one kind come in the order they were asked for."""
        assert self.service is not None
        outbox = self.service.outbox
        lane = data.draw(st.sampled_from(sorted({self.lane(event) for event in outbox})))
        event = next(event for event in outbox if self.lane(event) == lane)
        outbox.remove(event)
        self.take(event)

    def lane(self, wire: Json) -> str:
        kind = wire["type"]
        if kind == "error":
            kind = self.kinds[wire["error"]["event_id"]]
        if kind in ("session.update", "session.updated"):
            return "settings"
        # What is refused about items, and shows of them, says nothing of what there is.
        return (
            "items" if kind.startswith("conversation.item") and wire["type"] == "error" or "retrieved" in kind else ""
        )

    def answer(self, kind: str, event_id: str | None = None) -> str | None:
        """The oldest event of a type has its answer."""
        for pending, of_kind in self.pending.items():
            if of_kind == kind and event_id in (None, pending):
                del self.pending[pending]
                return pending
        return None

    def take(self, wire: Json) -> None:
        self.ledger.received(decode_event(json.dumps(wire)))
        kind = wire["type"]
        if kind == "error":
            event_id = wire["error"]["event_id"]
            if self.kinds[event_id] != "response.cancel":
                # The end of the response that was to be cancelled may have passed for the answer.
                assert event_id in self.pending, "refused what was not asked, or asked twice"
            self.pending.pop(event_id, None)
            self.updates = [update for update in self.updates if update[0] != event_id]
            if any(commit[0] == event_id for commit in self.commits):
                self.commits = [commit for commit in self.commits if commit[0] != event_id]
        elif kind == "session.updated":
            event_id = self.answer("session.update")
            assert self.updates[0][0] == event_id
            self.settings |= self.updates.pop(0)[1]
        elif kind == "conversation.item.created":
            self.take_item(wire)
        elif kind == "conversation.item.deleted":
            self.answer("conversation.item.delete")
            self.confirmed.remove(wire["item_id"])
        elif kind == "conversation.item.retrieved":
            self.answer("conversation.item.retrieve")
        elif kind == "input_audio_buffer.committed":
            event_id, audio = self.commits.pop(0)
            assert self.answer("input_audio_buffer.commit", event_id)
            self.speech[wire["item_id"]] = audio
            # The item itself comes next, but the service has the audio from here on.
            self.place(wire["item_id"], wire["previous_item_id"])
            self.announced.add(wire["item_id"])
        elif kind == "input_audio_buffer.cleared":
            self.answer("input_audio_buffer.clear")
        elif kind.endswith("transcription.completed"):
            self.texts[wire["item_id"]] = wire["transcript"]
        else:
            self.take_response(kind, wire)

    def take_item(self, wire: Json) -> None:
        item = wire["item"]
        if item["id"] in self.announced:
            self.announced.remove(item["id"])
            self.confirmed.remove(item["id"])
        assert item["id"] not in self.confirmed, "created twice"
        self.place(item["id"], wire["previous_item_id"])
        if item["id"] in self.created:
            assert self.answer("conversation.item.create", self.created[item["id"]])

    def place(self, item_id: str, previous: str | None) -> None:
        index = self.confirmed.index(previous) + 1 if previous in self.confirmed else None
        if index is None:
            index = 0 if previous is None else len(self.confirmed)
        self.confirmed.insert(index, item_id)

    def take_response(self, kind: str, wire: Json) -> None:
        if kind == "response.created":
            self.answer("response.create")
            self.response = wire["response"]["id"]
        elif kind == "response.audio_transcript.delta":
            self.texts[wire["item_id"]] = self.texts.get(wire["item_id"], "") + wire["delta"]
        elif kind == "response.done":
            self.answer("response.cancel")
            self.response = None

    # Breaking and mending

    @precondition(lambda self: self.service)
    @rule(carried_out=st.integers(0, 5), heard=st.integers(0, 5))
    def drop(self, carried_out: int, heard: int) -> None:
        """Break the connection; just before, the service may still have read something, and the client too."""
        assert self.service is not None
        for _ in range(min(carried_out, len(self.service.inbox))):
            self.service.step()
        for _ in range(min(heard, len(self.service.outbox))):
            self.take(self.service.outbox.popleft())
        self.service = None
        settled = [decode_event(frame) for frame in self.ledger.dropped()]
        assert len(settled) == (self.response is not None)
        for event in settled:
            assert isinstance(event, ServerEventResponseDone)
            assert (event.response.id, event.response.status) == (self.response, "incomplete")

    @precondition(lambda self: not self.service)
    @rule(breaks=st.one_of(st.none(), st.integers(0, 60)), late=st.integers(0, 3))
    def reconnect(self, breaks: int | None, late: int) -> None:
        """Try once. The new connection may break after some frames; some events are sent while it is being made."""
        service = Service()
        opened: Any = decode_event(json.dumps(service.created()))
        restoring = self.ledger.restore(opened.session, with_items=True)
        left = 10**6 if breaks is None else breaks
        service.inbox.extend(restoring.frames[:left])
        left -= len(restoring.frames)
        while service.inbox:
            service.step()
        while service.outbox:
            assert restoring.take(decode_event(json.dumps(service.outbox.popleft())))
        if left < 0:
            self.ledger.failed()
            return
        assert restoring.done
        self.check_restored(service, restoring.restored, [gap.id for gap in restoring.lost])
        for _ in range(late):
            self.create_item("end", True, 1)
        while frames := self.ledger.take_unwritten():
            service.inbox.extend(frames[:left])
            left -= len(frames)
        if left < 0:
            self.ledger.failed()
            return
        self.service = service
        self.went_online(self.ledger.go_online(restoring))

    def check_restored(self, service: Service, restored: list[str], lost: list[str | None]) -> None:
        assert service.ids == restored == [item_id for item_id in self.confirmed if item_id not in lost]
        assert set(lost) <= set(self.confirmed)
        for item in service.items:
            if item["id"] in self.speech and item["id"] not in self.texts:
                assert service.audio[item["id"]] == self.speech[item["id"]]
            elif item["id"] in self.texts:
                assert said(item) == self.texts[item["id"]]
        for item_id in lost:
            # Only an answer of which nothing was heard yet.
            assert item_id not in self.texts
            assert item_id not in self.speech
        assert {key: service.session.get(key) for key in self.settings} == self.settings

    def went_online(self, event: Reconnected) -> None:
        gone = [gap for gap in event.lost if gap.kind == "item"]
        self.confirmed = [item_id for item_id in self.confirmed if item_id not in [gap.id for gap in gone]]
        self.announced.clear()
        interrupted = [gap.id for gap in event.lost if gap.kind == "response"]
        assert interrupted == ([] if self.response is None else [self.response])
        self.response = None
        for gap in event.lost:
            assert gap.kind in ("item", "response", "event")
            if gap.kind == "event":
                assert gap.id is not None
                self.commits = [commit for commit in self.commits if commit[0] != gap.id]
                assert self.pending.pop(gap.id) in ("response.cancel", "input_audio_buffer.commit")

    # What must hold

    @invariant()
    def what_was_not_answered_is_still_known(self) -> None:
        kept = [event.event_id for event in self.ledger.unsent()]
        asked = [event_id for event_id in kept if event_id is not None]
        assert asked == list(self.pending), "not all of it, or in another order"

    def teardown(self) -> None:
        if self.service is None:
            self.reconnect(None, 0)
        assert self.service is not None
        for _ in range(200):
            while self.service.inbox:
                self.service.step()
            while self.service.outbox:
                self.take(self.service.outbox.popleft())
            self.service.speak()
        assert not self.pending, "neither answered nor named"
        assert self.service.ids == self.confirmed
        assert len(set(self.confirmed)) == len(self.confirmed)
        assert self.service.buffer == self.buffered
        for item_id, audio in self.speech.items():
            if item_id in self.confirmed and item_id in self.service.audio:
                assert self.service.audio[item_id] == audio


Reconnection.TestCase.settings = settings(max_examples=300, stateful_step_count=60, deadline=None)
TestReconnection = pytest.mark.timeout(300)(Reconnection.TestCase)

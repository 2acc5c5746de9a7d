"""What becomes of each kind of thing when a session is put into a new connection."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from voicelive.exceptions import SendQueueFullError
from voicelive.models import Lost, Reconnected
from voicelive.protocol.ledger import Ledger, Restoring
from voicelive.protocol.policy import ReconnectPolicy
from voicelive.protocol.wire import decode_event, encode_append

Json = dict[str, Any]
MS = 48
SESSION: Json = {"id": "sess_2", "turn_detection": {"type": "server_vad"}}


class Client:
    """A ledger, and what it is told."""

    def __init__(self, *, session: Json = SESSION, **policy: Any) -> None:
        self.ledger = Ledger(ReconnectPolicy(**policy))
        self.session: Any = self.event("session.created", session=session)
        self.ledger.begin(self.session.session)

    def event(self, kind: str, **fields: Any) -> Any:
        return decode_event(json.dumps({"type": kind, "event_id": "ev", **fields}))

    def get(self, kind: str, **fields: Any) -> None:
        self.ledger.received(self.event(kind, **fields))

    def send(self, kind: str, **fields: Any) -> Json:
        frame, _ = self.ledger.record(json.dumps({"type": kind, **fields}).encode())
        sent: Json = json.loads(frame)
        return sent

    def say(self, ms: int, *, byte: int = 1) -> None:
        for _ in range(ms // 20):
            self.ledger.record(encode_append(bytes([byte]) * 20 * MS))

    def created(self, item: Json) -> None:
        self.get("conversation.item.created", previous_item_id=None, item={"status": "completed", **item})

    def answer(self, *texts: str, response: str = "resp_1", item: str = "item_a", done: bool = True) -> None:
        where = {"response_id": response, "item_id": item, "output_index": 0, "content_index": 0}
        head = {"id": item, "type": "message", "role": "assistant", "content": [], "status": "in_progress"}
        self.get("response.created", response={"id": response, "metadata": {"a": "b"}})
        self.get("response.output_item.added", response_id=response, output_index=0, item=head)
        self.created(head)
        for text in texts:
            audio = base64.b64encode(bytes(100 * MS)).decode()
            self.get("response.audio_transcript.delta", **where, delta=text)
            self.get("response.audio.delta", **where, delta=audio)
        if done:
            content = [{"type": "audio", "transcript": "".join(texts)}]
            whole = {**head, "status": "completed", "content": content}
            self.get("response.output_item.done", response_id=response, output_index=0, item=whole)
            self.get("response.done", response={"id": response, "status": "completed"})

    def reconnect(self, *, with_items: bool = True) -> tuple[list[Json], list[Json], Reconnected]:
        """Return what restores the session, what is sent again, and what the reader is told."""
        self.ledger.dropped()
        restoring = self.ledger.restore(self.session.session, with_items=with_items)
        restored = [json.loads(frame) for frame in restoring.frames]
        self.accept(restoring, restored)
        assert restoring.done
        again = [json.loads(frame) for frame in self.ledger.take_unwritten()]
        return restored, again, self.ledger.go_online(restoring)

    def accept(self, restoring: Restoring, frames: list[Json]) -> None:
        for frame in frames:
            if frame["type"] == "session.update":
                assert restoring.take(self.event("session.updated", session={**SESSION, **frame["session"]}))
            elif frame["type"] == "conversation.item.create":
                item = {"status": "completed", **frame["item"]}
                assert restoring.take(self.event("conversation.item.created", item=item))


def items(frames: list[Json]) -> list[Json]:
    return [frame["item"] for frame in frames if frame["type"] == "conversation.item.create"]


def audio_of(frames: list[Json]) -> bytes:
    return b"".join(base64.b64decode(f["audio"]) for f in frames if f["type"] == "input_audio_buffer.append")


# Settings


def test_the_settings_that_were_confirmed_come_first_and_as_one() -> None:
    client = Client()
    client.send("session.update", session={"instructions": "a", "temperature": 0.7})
    client.get("session.updated", session=SESSION)
    client.send("session.update", session={"instructions": "b", "turn_detection": None})
    client.get("session.updated", session=SESSION)
    client.created({"id": "i", "type": "message", "role": "user", "content": [{"type": "input_text", "text": "t"}]})
    unconfirmed = client.send("session.update", session={"temperature": 0.8})
    restored, again, event = client.reconnect()
    assert [frame["type"] for frame in restored] == ["session.update", "conversation.item.create"]
    assert restored[0]["session"] == {"instructions": "b", "temperature": 0.7, "turn_detection": None}
    assert again == [unconfirmed]
    assert event.resent == [unconfirmed["event_id"]]
    assert (event.session_id, event.restored, event.lost) == ("sess_2", ["i"], [])


def test_settings_the_new_session_refuses_are_named() -> None:
    client = Client()
    client.send("session.update", session={"voice": "a"})
    client.get("session.updated", session=SESSION)
    client.ledger.dropped()
    restoring = client.ledger.restore(client.session.session, with_items=True)
    event_id = json.loads(restoring.frames[0])["event_id"]
    error = {"type": "e", "message": "m", "code": "no_voice", "event_id": event_id}
    assert restoring.take(client.event("error", error=error))
    lost = client.ledger.go_online(restoring).lost
    assert lost == [Lost(kind="session", type="session.update", reason="refused", code="no_voice")]


def test_a_transcription_session_is_set_again() -> None:
    client = Client()
    client.send("transcription_session.update", session={"a": 1})
    restored, again, event = client.reconnect()
    assert [(frame["type"], frame["session"]) for frame in restored] == [("transcription_session.update", {"a": 1})]
    assert (again, event.lost) == ([], [])


def test_an_avatar_needs_a_new_offer() -> None:
    client = Client()
    client.send("session.avatar.connect", client_sdp="sdp")
    client.get("session.avatar.connecting", server_sdp="sdp")
    _, again, event = client.reconnect()
    assert again == []
    assert event.lost == [Lost(kind="session", type="session.avatar.connect", reason="not_replayable")]


# Items


def test_what_the_model_said_comes_back_as_text() -> None:
    client = Client()
    client.answer("Good ", "morning.")
    restored, _, event = client.reconnect()
    content = [{"type": "text", "text": "Good morning."}]
    assert items(restored) == [{"type": "message", "role": "assistant", "content": content, "id": "item_a"}]
    assert event.lost == []


def test_what_was_cut_comes_back_to_the_last_word_that_was_heard() -> None:
    client = Client()
    client.answer("one two ", "three four")
    client.get("conversation.item.truncated", item_id="item_a", content_index=0, audio_end_ms=90)
    restored, _, _ = client.reconnect()
    assert items(restored)[0]["content"] == [{"type": "text", "text": "one two"}]


def test_a_cut_that_was_not_confirmed_is_made_here() -> None:
    client = Client()
    client.answer("one two ", "three four")
    sent = client.send("conversation.item.truncate", item_id="item_a", content_index=0, audio_end_ms=90)
    restored, again, event = client.reconnect()
    assert items(restored)[0]["content"] == [{"type": "text", "text": "one two"}]
    assert again == []
    reason = {"kind": "event", "id": sent["event_id"], "type": "conversation.item.truncate", "reason": "superseded"}
    assert event.lost == [Lost(**reason)]


def test_an_answer_nobody_heard_is_named() -> None:
    client = Client()
    client.answer("one two")
    client.get("conversation.item.truncated", item_id="item_a", content_index=0, audio_end_ms=0)
    restored, _, event = client.reconnect()
    assert items(restored) == []
    assert event.lost == [Lost(kind="item", id="item_a", type="message", reason="not_heard")]


def test_a_response_under_way_ends_and_is_not_asked_for_again() -> None:
    client = Client()
    client.send("response.create")
    client.answer("Good ", done=False)
    (frame,) = client.ledger.dropped()
    done: Any = decode_event(frame)
    assert (done.type, done.response.id, done.response.status) == ("response.done", "resp_1", "incomplete")
    assert done.response.status_details.reason == "connection_lost"
    assert done.response["metadata"] == {"a": "b"}
    assert done.response.output[0].content[0].transcript == "Good "
    restoring = client.ledger.restore(client.session.session, with_items=True)
    frames = [json.loads(frame) for frame in restoring.frames]
    assert items(frames)[0]["content"] == [{"type": "text", "text": "Good "}]
    client.accept(restoring, frames)
    assert client.ledger.take_unwritten() == []
    assert client.ledger.go_online(restoring).lost == [Lost(kind="response", id="resp_1", reason="interrupted")]


def test_a_response_that_had_not_begun_is_asked_for_again() -> None:
    client = Client()
    sent = client.send("response.create", response={"instructions": "x"})
    assert client.reconnect()[1] == [sent]


def test_function_calls_and_outputs_come_back() -> None:
    client = Client()
    call = {"id": "c", "type": "function_call", "name": "f", "call_id": "call", "arguments": ""}
    client.get("response.created", response={"id": "r"})
    client.get("response.output_item.added", response_id="r", output_index=0, item={**call, "status": "in_progress"})
    client.created({**call, "status": "in_progress"})
    where = {"response_id": "r", "item_id": "c", "output_index": 0, "call_id": "call"}
    client.get("response.function_call_arguments.delta", **where, delta="{}")
    client.get("response.function_call_arguments.done", **where, arguments="{}", name="f")
    client.get("response.done", response={"id": "r"})
    sent = client.send(
        "conversation.item.create", item={"type": "function_call_output", "call_id": "call", "output": "1"}
    )
    client.created(sent["item"])
    restored, _, event = client.reconnect()
    assert items(restored) == [{**call, "arguments": "{}"}, sent["item"]]
    assert (event.restored, event.lost) == (["c", sent["item"]["id"]], [])


def test_half_a_function_call_is_named() -> None:
    client = Client()
    call = {"id": "c", "type": "function_call", "name": "f", "call_id": "call", "arguments": ""}
    client.created({**call, "status": "in_progress"})
    _, _, event = client.reconnect()
    assert event.lost == [Lost(kind="item", id="c", type="function_call", reason="interrupted")]


def test_items_of_the_services_own_are_named_and_lists_of_tools_are_made_anew() -> None:
    client = Client()
    client.created({"id": "l", "type": "mcp_list_tools", "server_label": "s", "tools": []})
    client.created({"id": "m", "type": "mcp_call", "server_label": "s", "name": "f", "arguments": "{}"})
    client.created({"id": "x", "type": "poem"})
    restored, _, event = client.reconnect()
    assert items(restored) == []
    assert [(gap.id, gap.type, gap.reason) for gap in event.lost] == [
        ("m", "mcp_call", "not_replayable"),
        ("x", "poem", "not_replayable"),
    ]
    assert client.reconnect()[2].lost == []


def test_an_item_the_new_session_refuses_is_named_once() -> None:
    client = Client()
    client.created({"id": "i", "type": "message", "role": "user", "content": [{"type": "input_text", "text": "t"}]})
    client.ledger.dropped()
    restoring = client.ledger.restore(client.session.session, with_items=True)
    error = {"type": "e", "message": "m", "event_id": json.loads(restoring.frames[0])["event_id"]}
    assert restoring.take(client.event("error", error=error))
    event = client.ledger.go_online(restoring)
    assert (event.restored, event.lost) == (
        [],
        [Lost(kind="item", id="i", type="message", reason="refused", code=None)],
    )
    assert client.reconnect()[2].lost == []


def test_an_agents_conversation_is_not_put_in_again() -> None:
    agent = {"type": "agent", "name": "a", "agent_id": "a", "thread_id": "thread_1"}
    client = Client(session={**SESSION, "agent": agent})
    assert client.ledger.thread_id == "thread_1"
    client.created({"id": "i", "type": "message", "role": "user", "content": [{"type": "input_text", "text": "t"}]})
    sent = client.send("conversation.item.create", item={"type": "message", "role": "user", "content": []})
    restored, again, event = client.reconnect(with_items=False)
    assert (restored, again, event.restored, event.lost) == ([], [sent], [], [])


def test_items_of_a_response_that_is_not_committed_are_not_restored() -> None:
    client = Client()
    item = {"id": "o", "type": "message", "role": "assistant", "content": [], "status": "in_progress"}
    client.get("response.created", response={"id": "r"})
    client.get("response.output_item.added", response_id="r", output_index=0, item=item)
    client.get("response.output_item.done", response_id="r", output_index=0, item=item)
    client.get("response.done", response={"id": "r"})
    assert client.reconnect()[0] == []


# Speech


def spoken(client: Client, *, item: str = "item_u", start: int = 0, end: int = 100) -> None:
    client.get("input_audio_buffer.speech_started", item_id=item, audio_start_ms=start)
    client.get("input_audio_buffer.speech_stopped", item_id=item, audio_end_ms=end)
    client.get("input_audio_buffer.committed", item_id=item, previous_item_id=None)
    content = [{"type": "input_audio", "transcript": None}]
    client.created({"id": item, "type": "message", "role": "user", "content": content})


def test_what_the_user_said_comes_back_as_its_transcript() -> None:
    client = Client()
    client.say(200)
    spoken(client)
    kind = "conversation.item.input_audio_transcription.completed"
    client.get(kind, item_id="item_u", content_index=0, transcript="Hello.")
    restored, _, event = client.reconnect()
    assert items(restored)[0]["content"] == [{"type": "input_text", "text": "Hello."}]
    assert event.lost == []


def test_speech_without_a_transcript_yet_comes_back_as_audio() -> None:
    client = Client()
    client.say(100, byte=1)
    client.say(100, byte=2)
    spoken(client, start=50, end=150)
    restored, _, event = client.reconnect()
    (part,) = items(restored)[0]["content"]
    assert base64.b64decode(part["audio"]) == b"\1" * 50 * MS + b"\2" * 50 * MS
    assert event.lost == []


def test_speech_without_transcript_and_audio_is_named() -> None:
    client = Client(keep_audio=0)
    client.say(200)
    spoken(client)
    _, _, event = client.reconnect()
    assert event.lost[0] == Lost(kind="item", id="item_u", type="message", reason="no_transcript")


def test_the_sentence_being_spoken_is_sent_again_from_where_it_began() -> None:
    client = Client()
    client.say(5000, byte=1)
    client.say(3000, byte=2)
    client.get("input_audio_buffer.speech_started", item_id="u", audio_start_ms=4990)
    _, again, event = client.reconnect()
    assert audio_of(again) == b"\1" * 10 * MS + b"\2" * 3000 * MS
    assert event.lost == []


def test_in_silence_only_the_last_two_seconds_are_sent_again() -> None:
    client = Client()
    client.say(5000)
    _, again, event = client.reconnect()
    assert (len(audio_of(again)), event.lost) == (2000 * MS, [])


def test_without_turn_detection_everything_since_the_last_commit_is_sent_again() -> None:
    client = Client(session={**SESSION, "turn_detection": None})
    client.say(100, byte=1)
    client.send("input_audio_buffer.commit")
    client.get("input_audio_buffer.committed", item_id="u", previous_item_id=None)
    client.say(5000, byte=2)
    _, again, event = client.reconnect()
    assert (audio_of(again), event.lost) == (b"\2" * 5000 * MS, [])


def test_audio_comes_before_the_commit_that_was_not_answered() -> None:
    client = Client(session={**SESSION, "turn_detection": None})
    client.say(20)
    client.send("input_audio_buffer.commit")
    client.send("response.create")
    client.say(40)
    _, again, _ = client.reconnect()
    append = "input_audio_buffer.append"
    order = [append, "input_audio_buffer.commit", "response.create", append, append]
    assert [frame["type"] for frame in again] == order


def test_audio_that_is_not_kept_is_named_with_its_length() -> None:
    client = Client(keep_audio=1, session={**SESSION, "turn_detection": None})
    client.say(3000)
    _, again, event = client.reconnect()
    assert len(audio_of(again)) == 1000 * MS
    assert event.lost == [Lost(kind="audio", reason="not_kept", audio_ms=2000)]


def test_a_commit_whose_audio_is_not_kept_is_not_sent() -> None:
    client = Client(keep_audio=0, session={**SESSION, "turn_detection": None})
    client.say(100)
    client.send("input_audio_buffer.commit", event_id="c")
    _, again, event = client.reconnect()
    assert again == []
    assert event.lost == [
        Lost(kind="event", id="c", type="input_audio_buffer.commit", reason="not_kept"),
        Lost(kind="audio", reason="not_kept", audio_ms=100),
    ]


def test_audio_of_the_gap_is_kept_up_to_the_bound_the_newest_of_it() -> None:
    client = Client(keep_audio=1)
    client.ledger.dropped()
    client.say(1000, byte=1)
    client.say(500, byte=2)
    restoring = client.ledger.restore(client.session.session, with_items=True)
    again = [json.loads(frame) for frame in client.ledger.take_unwritten()]
    assert audio_of(again) == b"\1" * 500 * MS + b"\2" * 500 * MS
    assert client.ledger.go_online(restoring).lost == [Lost(kind="audio", reason="not_kept", audio_ms=500)]


def test_g711_is_measured_at_its_own_rate() -> None:
    client = Client(keep_audio=1, session={**SESSION, "turn_detection": None, "input_audio_format": "g711_ulaw"})
    for _ in range(20):
        client.ledger.record(encode_append(bytes(800)))
    _, again, event = client.reconnect()
    assert (len(audio_of(again)), event.lost[0].audio_ms) == (8000, 1000)


# Events


def test_ids_are_added_where_they_are_needed_and_kept_where_they_are() -> None:
    client = Client()
    sent = client.send("conversation.item.create", item={"type": "message", "role": "user", "content": []})
    assert sent["event_id"].startswith("event_")
    assert sent["item"]["id"].startswith("item_")
    assert len(sent["item"]["id"]) <= 32
    frame = b'{"type":"response.create","event_id":"mine"}'
    assert client.ledger.record(frame)[0] == frame
    append = encode_append(b"\0\0")
    assert client.ledger.record(append)[0] == append


def test_events_that_the_service_does_not_answer_are_named_unless_a_later_one_was_answered() -> None:
    client = Client()
    client.send("input_audio.turn.start", turn_id="t", event_id="early")
    client.send("session.update", session={})
    client.get("session.updated", session=SESSION)
    client.send("future.event", event_id="late")
    client.send("input_text.delta", id="x", delta="a")
    client.send("input_text.delta", id="x", delta="b")
    client.send("response.cancel", event_id="stop")
    _, again, event = client.reconnect()
    assert again == []
    assert [(gap.id, gap.type, gap.reason) for gap in event.lost] == [
        ("late", "future.event", "unanswered"),
        (None, "input_text.delta", "unanswered"),
        ("stop", "response.cancel", "superseded"),
    ]


def test_an_event_that_was_refused_is_not_sent_again() -> None:
    client = Client()
    client.send("response.create", event_id="one")
    client.get("error", error={"type": "e", "message": "m", "event_id": "one"})
    client.send("response.create", event_id="two")
    error = {"type": "e", "message": "m", "code": "conversation_already_has_active_response"}
    client.get("error", error=error)
    assert client.reconnect()[1] == []


def test_what_is_sent_meanwhile_goes_out_in_order_up_to_a_bound() -> None:
    client = Client(max_queued=1000)
    client.ledger.dropped()
    sent = [client.send("response.create", event_id="a"), client.send("future.event", event_id="b")]
    assert client.ledger.record(b'{"type":"response.cancel","event_id":"gone"}')[1] is False
    with pytest.raises(SendQueueFullError, match="'big' was not taken"):
        client.send("future.event", event_id="big", text="x" * 1000)
    restoring = client.ledger.restore(client.session.session, with_items=True)
    assert [json.loads(frame) for frame in client.ledger.take_unwritten()] == sent
    event = client.ledger.go_online(restoring)
    assert [(gap.id, gap.reason) for gap in event.lost] == [("gone", "superseded")]
    assert event.resent == []


def test_what_was_not_sent_can_be_told_without_its_content() -> None:
    client = Client()
    client.send("response.create", event_id="a", response={"instructions": "a secret"})
    client.say(20)
    client.ledger.dropped()
    unsent = client.ledger.unsent()
    assert [(event.type, event.event_id) for event in unsent] == [
        ("response.create", "a"),
        ("input_audio_buffer.append", None),
    ]
    assert b"a secret" in unsent[0].frame
    assert "secret" not in repr(unsent)


@pytest.mark.parametrize(
    "frame",
    [
        b"not json",
        b"[]",
        b'{"type":5}',
        b'{"type":"conversation.item.create","item":5}',
        b'{"type":"conversation.item.truncate"}',
        b'{"type":"session.update","session":null}',
        b'{"type":"input_audio_buffer.append","audio":5}',
        b'{"type":"input_audio_buffer.append","audio":"%%%"}',
        b'{"type":"input_audio_buffer.append","audio":"AAA',
        b'{"type":"x","text":"\\ud800"}',
    ],
)
def test_frames_that_make_no_sense_do_no_harm(frame: bytes) -> None:
    client = Client()
    client.ledger.record(frame)
    client.get("session.updated", session=SESSION)
    client.get("input_audio_buffer.committed", item_id="u", previous_item_id=None)
    client.reconnect()
    client.ledger.dropped()
    client.ledger.record(frame)
    restoring = client.ledger.restore(client.session.session, with_items=True)
    client.ledger.take_unwritten()
    client.ledger.go_online(restoring)


def test_busy_while_something_is_due() -> None:
    client = Client()
    assert not client.ledger.busy
    client.say(100)
    assert not client.ledger.busy
    client.send("response.create")
    assert client.ledger.busy
    client.answer("a", done=False)
    assert client.ledger.busy
    client.get("response.done", response={"id": "resp_1"})
    assert not client.ledger.busy
    client.get("input_audio_buffer.speech_started", item_id="u", audio_start_ms=0)
    assert client.ledger.busy


def test_speech_is_restored_though_the_drop_came_between_its_two_answers() -> None:
    client = Client(session={**SESSION, "turn_detection": None})
    client.created({"id": "a", "type": "message", "role": "user", "content": [{"type": "input_text", "text": "A"}]})
    client.say(100)
    client.send("input_audio_buffer.commit")
    client.get("input_audio_buffer.committed", item_id="u", previous_item_id="a")
    restored, again, told = client.reconnect()
    assert [item["id"] for item in items(restored)] == told.restored == ["a", "u"]
    assert base64.b64decode(items(restored)[1]["content"][0]["audio"]) == bytes([1]) * 100 * MS
    assert (again, told.lost) == ([], [])


def test_speech_is_named_as_lost_though_the_drop_came_between_its_two_answers() -> None:
    client = Client(session={**SESSION, "turn_detection": None}, keep_audio=0)
    client.say(100)
    client.send("input_audio_buffer.commit")
    client.get("input_audio_buffer.committed", item_id="u", previous_item_id=None)
    restored, again, told = client.reconnect()
    assert (restored, again) == ([], [])
    assert told.lost == [Lost(kind="item", id="u", type="message", reason="no_transcript")]


def test_an_item_takes_the_place_that_its_own_event_tells() -> None:
    client = Client()
    client.created({"id": "a", "type": "message", "role": "user", "content": [{"type": "input_text", "text": "A"}]})
    client.get("input_audio_buffer.committed", item_id="u", previous_item_id=None)
    content = [{"type": "input_audio", "transcript": "hello"}]
    client.created({"id": "u", "type": "message", "role": "user", "content": content})
    client.created({"id": "c", "type": "message", "role": "user", "content": [{"type": "input_text", "text": "C"}]})
    restored, _, _ = client.reconnect()
    assert [item["id"] for item in items(restored)] == ["a", "u", "c"]
    assert items(restored)[1]["content"] == [{"type": "input_text", "text": "hello"}]


def test_what_a_drop_made_pointless_is_unsent_until_it_was_told() -> None:
    client = Client()
    client.send("response.cancel", event_id="online")
    client.send("session.update", event_id="kept", session={"instructions": "a"})
    client.send("transcription_session.update", event_id="settings", session={})
    client.send("something.new", event_id="unanswered")
    client.ledger.dropped()
    client.send("response.cancel", event_id="offline")
    client.send("response.create", event_id="queued")
    unsent = [event.event_id for event in client.ledger.unsent()]
    assert unsent == ["online", "kept", "settings", "unanswered", "offline", "queued"]
    restoring = client.ledger.restore(client.session.session, with_items=True)
    client.accept(restoring, [json.loads(frame) for frame in restoring.frames])
    client.ledger.take_unwritten()
    told = client.ledger.go_online(restoring)
    assert [(gap.id, gap.reason) for gap in told.lost] == [
        ("online", "superseded"),
        ("unanswered", "unanswered"),
        ("offline", "superseded"),
    ]
    assert [event.event_id for event in client.ledger.unsent()] == ["kept", "queued"]

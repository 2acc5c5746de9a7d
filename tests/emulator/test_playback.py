"""What was heard of a reply: truncation by the client, and by the service when the user interrupts."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelive.emulator import Speech, WordTime
from voicelive.emulator.timing import cut, moved, spread

STEADY = "One two three, four five six. Seven eight nine ten."


class Steady:
    """Says every word in half a second."""

    def synthesize(self, text, rate):
        words = [word.strip(".,") for word in text.split()]
        times = tuple(WordTime(word, index * 500, index * 500 + 400) for index, word in enumerate(words))
        return Speech(bytes(rate * len(words)), times)


def reply(client):
    return client.respond()[-1]["response"]["output"][0]


def retrieve(client, item_id):
    client.send("conversation.item.retrieve", item_id=item_id)
    part = client.expect("conversation.item.retrieved")["item"]["content"][0]
    return part["transcript"], len(base64.b64decode(part["audio"])) // 48


@pytest.mark.parametrize(
    ("end", "transcript"),
    [
        (0, ""),
        (399, ""),
        (400, "One"),
        (1000, "One two"),
        (1500, "One two three,"),
        (3400, "One two three, four five six. Seven"),
    ],
)
def test_the_transcript_is_cut_where_the_audio_is(serve, dial, end, transcript):
    views = []
    client = dial(serve(synthesizer=Steady(), responder=lambda view: views.append(view) or STEADY))
    item = reply(client)
    client.send("conversation.item.truncate", item_id=item["id"], content_index=0, audio_end_ms=end)
    assert client.expect("conversation.item.truncated")["audio_end_ms"] == end
    assert retrieve(client, item["id"]) == (transcript, end)
    client.respond()
    assert views[-1].items[0]["content"][0]["transcript"] == transcript


def test_a_message_may_be_cut_while_it_is_being_spoken(serve, dial):
    client = dial(serve(synthesizer=Steady(), responder=lambda view: STEADY, speed=4))
    client.send("response.create")
    for _ in range(12):
        item_id = client.until("response.audio.delta")[-1]["item_id"]
    client.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=450)
    client.until("conversation.item.truncated")
    client.send("response.cancel")
    client.until("response.done")
    assert retrieve(client, item_id) == ("One", 450)


def test_words_that_nobody_timed_are_taken_to_be_spread_evenly(client, tools):
    part = {"type": "audio", "audio": tools.base64_of(tools.silence(4000)), "transcript": "four words like these"}
    client.send(
        "conversation.item.create", item={"type": "message", "id": "own", "role": "assistant", "content": [part]}
    )
    client.expect("conversation.item.created")
    client.send("conversation.item.truncate", item_id="own", content_index=0, audio_end_ms=2200)
    client.expect("conversation.item.truncated")
    assert retrieve(client, "own") == ("four words", 2200)


def test_a_cut_item_can_be_cut_further_but_not_back(serve, dial):
    client = dial(serve(synthesizer=Steady(), responder=lambda view: STEADY))
    item_id = reply(client)["id"]
    for end, transcript in ((2000, "One two three, four"), (1000, "One two")):
        client.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=end)
        client.expect("conversation.item.truncated")
        assert retrieve(client, item_id) == (transcript, end)
    client.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=2000)
    assert client.error()["param"] == "audio_end_ms"


@pytest.mark.parametrize(
    ("kind", "appended"), [("azure_semantic_vad", " [interrupted]"), ("server_vad", ""), ("semantic_vad", "")]
)
def test_an_interrupted_reply_is_cut_to_what_was_played(serve, dial, tools, kind, appended):
    client = dial(serve(synthesizer=Steady(), responder=lambda view: STEADY), "gpt-4.1")
    more = {"auto_truncate": True, "appended_text_after_truncation": " [interrupted]", "create_response": False}
    client.update(turn_detection={"type": kind, **more})
    # The reply is there at once, and takes five seconds to play.
    item_id = reply(client)["id"]
    client.append(tools.silence(300) + tools.burst(600))
    truncated = client.until("conversation.item.truncated")[-1]
    end = truncated["audio_end_ms"]
    assert (truncated["item_id"], truncated["content_index"]) == (item_id, 0)
    assert 0 <= end < 5000
    transcript, length = retrieve(client, item_id)
    assert length == end
    assert transcript.endswith(appended)
    assert STEADY.startswith(transcript.removesuffix(appended))
    client.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=4000, event_id="late")
    error = client.error()
    assert (error["code"], error["event_id"]) == ("item_already_truncated", "late")


def test_a_reply_that_is_still_being_sent_is_cancelled_and_then_cut(serve, dial, tools):
    client = dial(serve(synthesizer=Steady(), responder=lambda view: STEADY, speed=1), "gpt-4.1")
    client.update(turn_detection={"type": "server_vad", "auto_truncate": True, "create_response": False})
    client.send("response.create")
    client.until("response.audio.delta")
    client.append(tools.silence(300) + tools.burst(600))
    kinds = tools.types(client.until("conversation.item.truncated"))
    assert kinds[-2:] == ["response.done", "conversation.item.truncated"]


def test_without_auto_truncate_nothing_is_cut(serve, dial, tools):
    client = dial(serve(synthesizer=Steady(), responder=lambda view: STEADY), "gpt-4.1")
    client.update(turn_detection={"type": "server_vad", "create_response": False})
    item_id = reply(client)["id"]
    client.speak()
    client.until("conversation.item.created")
    assert "conversation.item.truncated" not in client.types
    assert retrieve(client, item_id) == (STEADY, 5000)


words = st.lists(st.sampled_from(["a", "bee", "sea", "it's", "10:30"]), min_size=1, max_size=8)


@given(words, st.floats(0, 1000), st.floats(1, 5000), st.floats(0, 7000))
def test_cutting_keeps_a_beginning_of_whole_words(words, start, length, end):
    text = " ".join(words)
    times = spread(text, start, start + length)
    assert [word for word, *_ in times] == words
    assert times[0].start_ms == start
    assert times[-1].end_ms == pytest.approx(start + length)
    kept = cut(text, times, end)
    assert text.startswith(kept)
    assert kept.split() == [word.text for word in times if word.end_ms <= end]
    assert moved(times, 10)[0].start_ms == start + 10

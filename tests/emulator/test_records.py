"""Sessions written to files as they happen, and read back."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from voicelive.emulator import Emulator, Fault, audio
from voicelive.emulator.faults import After, SendText
from voicelive.emulator.records import RecordingError, list_sessions, read

from .raw import TEXT, Raw


@pytest.fixture
def recorded(serve, dial, tmp_path):
    """Holds a conversation, and gives what was recorded of it."""

    def record(converse, model="gpt-realtime", **options):
        emulator = serve(record=tmp_path / "sessions", **options)
        client = dial(emulator, model)
        converse(client)
        client.websocket.close(1000, "enough")
        emulator.stop()
        return read(list_sessions(tmp_path / "sessions")[-1].path)

    return record


def test_events_of_both_directions_are_recorded_in_order_with_times(recorded):
    sent = []

    def converse(client):
        client.update(instructions="Be brief.")
        client.write("Hello")
        sent.extend(client.respond(response={"modalities": ["text"]}))

    recording = recorded(converse)
    assert [event.type for event in recording.events[:3]] == ["session.created", "session.update", "session.updated"]
    assert [event.direction for event in recording.events[:3]] == ["sent", "received", "sent"]
    assert recording.received[0] == {"type": "session.update", "session": {"instructions": "Be brief."}}
    assert recording.sent[-len(sent) :] == sent
    times = [event.at for event in recording.events]
    assert times == sorted(times)
    assert 0 <= times[0] < times[-1] < 60
    assert recording.closed == (1000, "enough")
    assert (recording.faults, recording.invalid) == ([], [])


def test_the_header_tells_about_the_session(recorded):
    header = recorded(lambda client: None).header
    assert (header.model, header.agent, header.connection) == ("gpt-realtime", None, 1)
    assert header.query == {"api-version": "2026-07-15", "model": "gpt-realtime"}
    assert abs(header.started - datetime.now(UTC)) < timedelta(minutes=1)
    assert header.id in header.path.name
    assert header.version


def test_audio_lies_beside_the_events_byte_for_byte(recorded, tools):
    heard = []
    spoken = tools.burst(500)

    def converse(client):
        client.update(turn_detection=None)
        client.append(spoken)
        client.send("input_audio_buffer.append", audio="no base64!")
        client.send("input_audio_buffer.append")
        assert client.error() and client.error()
        heard.append(tools.audio_of(client.respond()))

    recording = recorded(converse)
    assert recording.audio("received") == spoken
    assert recording.audio("sent") == heard[0]
    assert recording.pcm("received") == spoken
    assert recording.pcm("sent", 24000) == heard[0]
    appends = [event for event in recording.events if event.type == "input_audio_buffer.append"]
    assert appends[1].media == appends[1].pcm() == spoken[4800:9600]
    assert appends[1].event["audio"] == {
        **{"stream": "input", "offset": 4800, "bytes": 4800},
        **{"format": "pcm16", "rate": 24000},
    }
    assert json.loads(appends[1].frame)["audio"] == tools.base64_of(spoken[4800:9600])
    assert (appends[-2].media, appends[-1].media) == (None, None)
    assert appends[-2].event["audio"] == {"invalid_base64": 10}
    assert tools.base64_of(spoken)[:40] not in recording.header.path.read_text()


def test_audio_of_any_format_becomes_pcm(recorded, tools):
    tone = tools.burst(300, 8000)

    def converse(client):
        client.update(input_audio_format="g711_ulaw", turn_detection=None)
        client.append(audio.encode(tone, "g711_ulaw"), size=400)
        client.update(input_audio_format="pcm16", input_audio_sampling_rate=16000)
        client.append(tools.burst(300, 16000), size=3200)
        client.send("input_audio_buffer.clear")
        client.expect("input_audio_buffer.cleared")

    recording = recorded(converse)
    pcm = recording.pcm("received", 16000)
    assert len(pcm) == pytest.approx(2 * 16000 * 0.6, rel=0.01)
    assert pcm[len(pcm) // 2 + 1000 :][:2000] in tools.burst(300, 16000)
    assert audio.level_dbfs(pcm) == pytest.approx(audio.level_dbfs(tone), abs=1)


def test_audio_of_items_is_not_among_the_events(recorded, tools):
    data = tools.base64_of(tools.burst(200))

    def converse(client):
        part = {"type": "input_audio", "audio": data, "transcript": "hm"}
        client.send("conversation.item.create", item={"type": "message", "role": "user", "content": [part]})
        client.expect("conversation.item.created")

    recording = recorded(converse)
    (event,) = recording.received
    part = event["item"]["content"][0]
    assert part == {"type": "input_audio", "transcript": "hm", "audio": {"stream": "items", "offset": 0, "bytes": 9600}}
    assert data[:40] not in recording.header.path.read_text()


def test_no_secret_is_recorded(serve, tmp_path):
    emulator = serve(record=tmp_path)
    with Raw(emulator) as raw:
        raw.ask(
            f"/voice-live/realtime?api-version=2026-07-15&model=m&api-key={emulator.api_key}&authorization=secret-1"
        )
        raw.answer()
        raw.event()
        tool = {"type": "mcp", "server_label": "x", "server_url": "http://127.0.0.1:1/", "require_approval": "never"}
        secrets = {"authorization": "Bearer secret-2", "headers": {"x-token": "secret-3"}}
        raw.send("session.update", session={"tools": [{**tool, **secrets}], "instructions": "plain"})
        raw.until("session.updated")
    emulator.stop()
    (path,) = tmp_path.glob("*.jsonl")
    text = path.read_text()
    assert "plain" in text
    assert "secret" not in text
    assert emulator.api_key not in text


def test_faults_and_unreadable_frames_are_recorded(serve, tmp_path):
    emulator = serve(record=tmp_path, faults=[Fault(After("session.created"), SendText("{}"))])
    with Raw(emulator).open() as raw:
        raw.event()
        raw.send_frame(TEXT, b"{broken")
        assert raw.event()["type"] == "error"
        emulator.inject(SendText("[]"))
        raw.frame()
    emulator.stop()
    recording = read(list_sessions(tmp_path)[0].path)
    assert [fault for _, fault in recording.faults] == [
        "after=session.created send-text='{}'",
        "now send-text='[]'",
    ]
    assert [text for _, text in recording.invalid] == ["{broken"]
    assert recording.closed == (1006, "")


def test_every_session_has_a_file_of_its_own(serve, dial, tmp_path):
    emulator = serve(record=tmp_path)
    for _ in range(3):
        dial(emulator).update()
    emulator.stop()
    headers = list_sessions(str(tmp_path))
    assert [header.connection for header in headers] == [1, 2, 3]
    assert len({header.id for header in headers}) == 3
    assert [read(header.path).closed for header in headers] == [(1001, "server_shutdown")] * 3


CRASHING = """
import sys, time
from voicelive.emulator import Emulator
with Emulator(record=sys.argv[1], api_key="key") as emulator:
    print(emulator.endpoint, flush=True)
    time.sleep(60)
"""


def test_a_crash_loses_nothing_that_was_answered(tmp_path, dial, tools):
    process = subprocess.Popen([sys.executable, "-c", CRASHING, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    with process:
        try:

            class Running:
                endpoint = process.stdout.readline().strip()
                api_key = "key"

            client = dial(Running)
            client.update(turn_detection=None, instructions="x")
            client.append(tools.burst(100))
            client.send("input_audio_buffer.commit")
            client.expect("input_audio_buffer.committed")
        finally:
            process.kill()
    recording = read(list_sessions(tmp_path)[0].path)
    assert recording.closed is None
    assert recording.audio("received") == tools.burst(100)
    assert "input_audio_buffer.committed" in [event.type for event in recording.events]


@pytest.fixture(scope="module")
def session_file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sessions")
    with Emulator(record=folder, speed=200) as emulator, Raw(emulator).open() as raw:
        raw.send("session.update", session={"instructions": "é" * 20})
        raw.event()
        raw.send("input_audio_buffer.append", audio="AAAA")
        raw.send("input_audio_buffer.clear")
        raw.event()
    return list_sessions(folder)[0].path


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_a_file_that_was_cut_off_anywhere_is_read_up_to_there(session_file, tmp_path, data):
    whole = session_file.read_bytes()
    header = whole.index(b"\n") + 1
    events = read(session_file).events
    cut = data.draw(st.integers(header, len(whole)))
    path = tmp_path / session_file.name
    path.write_bytes(whole[:cut])
    recording = read(path)
    assert [event.event for event in recording.events] == [event.event for event in events[: len(recording.events)]]
    lines = whole[:cut].count(b"\n") - 1
    assert len(recording.events) + (recording.closed is not None) >= min(lines, len(events))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"{",
        b"[]\n",
        b'{"session": 1}\n',
        b'{"session": {"format": 1}}\n',
        b"\xff\n",
        b'{"session": {"format": 2, "voicelive": "9"}}\n',
    ],
)
def test_other_files_are_not_taken_for_sessions(tmp_path, content):
    path = tmp_path / "other.jsonl"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=r"other\.jsonl"):
        read(path)
    assert list_sessions(tmp_path) == []


@pytest.mark.parametrize(
    "line", [b"{}", b"[]", b"?", b'{"at":"x"}', b'{"at":1,"direction":"up","event":{}}', b'{"at":1,"event":3}']
)
def test_a_damaged_line_is_named(session_file, tmp_path, line):
    path = tmp_path / "damaged.jsonl"
    lines = session_file.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], line + b"\n", *lines[2:]]))
    with pytest.raises(RecordingError, match="line 3 of damaged.jsonl"):
        read(path)


def test_media_that_is_gone_is_missing_and_nothing_else(session_file, tmp_path):
    path = tmp_path / session_file.name
    path.write_bytes(session_file.read_bytes())
    assert read(path).audio("received") == b""
    assert len(read(path).events) == len(read(session_file).events)


def test_a_folder_that_cannot_be_made_is_an_error_at_the_start(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        Emulator(record=tmp_path / "file").start()


def test_a_session_goes_on_when_it_can_be_recorded_no_more(serve, tmp_path, caplog):
    """As with a full disk; here a folder is in the way of the file for the audio."""
    emulator = serve(record=tmp_path)
    with Raw(emulator).open() as raw:
        (path,) = tmp_path.glob("*.jsonl")
        path.with_suffix(".input.raw").mkdir()
        raw.send("input_audio_buffer.append", audio="AAAA")
        raw.send("session.update", session={})
        assert raw.event()["type"] == "session.updated"
    emulator.stop()
    assert "recorded no further" in caplog.text
    assert [event.type for event in read(path).events] == ["session.created"]


def test_a_session_that_cannot_be_recorded_is_served(serve, tmp_path, caplog):
    emulator = serve(record=tmp_path / "folder")
    (tmp_path / "folder").rmdir()
    (tmp_path / "folder").write_text("")
    with Raw(emulator).open() as raw:
        raw.send("session.update", session={})
        assert raw.event()["type"] == "session.updated"
    assert "cannot be recorded" in caplog.text

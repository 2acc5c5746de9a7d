"""``voicelive sessions``, and the options of ``voicelive emulator`` that record and misbehave."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import voicelive
from voicelive.emulator import Emulator
from voicelive.emulator.audio import encode, read_wav
from voicelive.emulator.records import list_sessions, read

from .test_command import line_with, refused, running, voicelive_command


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One session with audio both ways, unreadable frames and a fault."""
    folder = tmp_path_factory.mktemp("sessions")
    with (
        Emulator(
            record=folder, speed=100, speech="builtin", faults=["after=response.done close=4002 reason=bye"]
        ) as service,
        voicelive.connect(endpoint=service.endpoint, credential=service.api_key, model="gpt-realtime") as conn,
    ):
        conn.session.update(session={"input_audio_format": "g711_ulaw", "turn_detection": None})
        conn.input_audio_buffer.append(audio=encode(bytes(16_000), "g711_ulaw"))
        conn.response.create()
        with pytest.raises(voicelive.ConnectionClosed):
            for _ in conn:
                pass
    return folder


def test_sessions_are_listed(folder: Path, tmp_path: Path) -> None:
    done = voicelive_command("sessions", "list", str(folder), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    (line,) = done.stdout.splitlines()
    (header,) = list_sessions(folder)
    assert line.startswith(str(header.path))
    assert line.endswith("UTC  model gpt-realtime")
    assert voicelive_command("sessions", "list", ".", cwd=tmp_path).stdout == "No session was recorded in .\n"


def test_a_session_is_shown_and_its_audio_written(folder: Path, tmp_path: Path) -> None:
    (path,) = folder.glob("*.jsonl")
    done = voicelive_command("sessions", "show", str(path), "--audio", "wav", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "response.audio.delta" in done.stdout
    assert "input_audio_buffer.append" in done.stdout
    assert "1000 ms" in done.stdout
    assert "! after=response.done close=4002 reason=bye" in done.stdout
    assert "Closed with code 4002, bye." in done.stdout
    pcm, rate = read_wav(tmp_path / "wav" / f"{path.stem}.output.wav")
    assert (pcm, rate) == (read(path).pcm("sent"), 24_000)
    assert len(read_wav(tmp_path / "wav" / f"{path.stem}.input.wav")[0]) == 48_000


def test_a_session_that_broke_off_is_shown(folder: Path, tmp_path: Path) -> None:
    (path,) = folder.glob("*.jsonl")
    shutil.copy(path, tmp_path / "short.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    (tmp_path / "short.jsonl").write_bytes(b"".join(lines[:3]) + b'{"at":')
    done = voicelive_command("sessions", "show", "short.jsonl", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "The recording ends before the session."


def test_what_is_no_session_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.jsonl").write_text("{}\n")
    assert "other.jsonl is no recorded session" in refused(
        voicelive_command("sessions", "show", "other.jsonl", cwd=tmp_path)
    )
    for arguments in (("show", "none.jsonl"), ("list", "none")):
        assert refused(voicelive_command("sessions", *arguments, cwd=tmp_path)).startswith("cannot read none")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--fault", "after=respnse.done drop"], "did you mean 'response.done'?"),
        (["--fault", "accept drop", "--fault", "drop"], "'drop' is not a fault: drop is no moment"),
        (["--record", "file"], "cannot record in file: "),
    ],
)
def test_wrong_faults_and_folders_are_one_line(arguments: list[str], message: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert message in refused(voicelive_command("emulator", *arguments, cwd=tmp_path))


def test_the_emulator_misbehaves_and_records_on_demand(tmp_path: Path) -> None:
    faults = ["--fault", "upgrade refuse=429 header='Retry-After: 7'", "--fault", "after=session.created drop"]
    with running("emulator", "--speech", "builtin", "--record", "sessions", *faults, cwd=tmp_path) as process:
        endpoint = line_with(process, "AZURE_VOICELIVE_ENDPOINT=").strip().partition("=")[2]
        key = line_with(process, "AZURE_VOICELIVE_API_KEY=").strip().partition("=")[2]
        with pytest.raises(voicelive.RateLimitError) as limited:
            voicelive.connect(endpoint=endpoint, credential=key, model="gpt-realtime").enter()
        assert limited.value.retry_after == 7
        with voicelive.connect(endpoint=endpoint, credential=key, model="gpt-realtime") as conn:
            assert conn.recv().type == "session.created"
            with pytest.raises(voicelive.ConnectionClosed):
                conn.recv(timeout=20)
    (header,) = list_sessions(tmp_path / "sessions")
    recording = read(header.path)
    assert [event.type for event in recording.events] == ["session.created"]
    assert [fault for _, fault in recording.faults] == ["after=session.created drop"]

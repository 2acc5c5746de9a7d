"""The ``voicelive`` command as a user runs it: a process with its arguments, output and exit code."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import voicelive
from voicelive.emulator.activity import EnergyVoiceActivity
from voicelive.emulator.audio import level_dbfs, read_wav, resample, write_wav
from voicelive.emulator.recording import TRANSCRIPT, recording

STYLES = ["blocking", "asyncio", "trio"]
COMMAND = [sys.executable, "-W", "error", "-m", "voicelive"]


def environment(**changes: str) -> dict[str, str]:
    return {**os.environ, "PYTHONIOENCODING": "utf-8", **changes}


def voicelive_command(*arguments: str, cwd: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=cwd,
        env=environment(**changes),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """What a refused command says: one line, exit code 2."""
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("voicelive: ") and done.stderr.count("\n") == 1
    return done.stderr.removeprefix("voicelive: ").strip()


@pytest.mark.parametrize("style", STYLES)
def test_the_demo_holds_a_conversation_in_every_style(style: str, tmp_path: Path) -> None:
    done = voicelive_command("demo", "--style", style, "--speed", "20", "--speech", "builtin", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert f"{style} style" in lines[0]
    assert "transcripts and replies are scripted" in done.stdout
    kinds = [line.split()[2] for line in lines if re.match(r" *\d+\.\d\d [\u2190\u2192] ", line)]
    expected = [
        "session.created",
        "session.updated",
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "response.created",
        "response.audio.delta",
        "response.audio.done",
        "response.done",
    ]
    assert [kind for kind in dict.fromkeys(kinds) if kind in expected] == expected
    assert "conversation.item.input_audio_transcription.completed" in kinds
    assert f'"{TRANSCRIPT}"' in done.stdout
    times = [float(line.split()[0]) for line in lines if re.match(r" *\d+\.\d\d [\u2190\u2192] ", line)]
    assert times == sorted(times)
    pcm, rate = read_wav(tmp_path / "reply.wav")
    level = f"{level_dbfs(pcm):.1f} dBFS"
    assert lines[-1] == f"Reply written to reply.wav: {len(pcm) / 2 / rate:.1f} s, {level}"
    assert len(pcm) / 2 / rate > 3
    assert any(edge.speaking for edge in EnergyVoiceActivity(rate).feed(pcm))


def test_own_recordings_of_any_rate_and_several_turns_are_answered(tmp_path: Path) -> None:
    pause = bytes(2 * 2 * 44_100)
    speech = resample(recording(24_000), 24_000, 44_100)
    write_wav(tmp_path / "own.wav", speech + pause + speech, 44_100)
    done = voicelive_command("demo", "own.wav", "--output", "out.wav", "--speed", "20", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("input_audio_buffer.speech_stopped") == 2
    # The first reply may have been interrupted, even before it began; the last is heard to its end.
    assert "completed; tokens" in done.stdout
    assert (tmp_path / "out.wav").exists()


def test_recordings_without_speech_get_no_reply(tmp_path: Path) -> None:
    write_wav(tmp_path / "own.wav", bytes(8000), 8000)
    done = voicelive_command("demo", "own.wav", "--speed", "50", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr == "voicelive: no speech was found in own.wav, so there is no reply\n"
    assert not (tmp_path / "reply.wav").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot read own.wav: no such file or directory"),
        (b"", "cannot use own.wav: the file is empty"),
        (b"#!/bin/sh\n", "cannot use own.wav: not a WAV file: it does not begin with a RIFF WAVE header"),
    ],
)
def test_unusable_recordings_are_refused(content: bytes | None, message: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "own.wav").write_bytes(content)
    assert refused(voicelive_command("demo", "own.wav", cwd=tmp_path)) == message


def test_a_folder_is_no_recording(tmp_path: Path) -> None:
    assert refused(voicelive_command("demo", ".", cwd=tmp_path)).startswith("cannot read .: ")


def test_replies_that_cannot_be_written_are_refused_before_the_conversation(tmp_path: Path) -> None:
    message = refused(voicelive_command("demo", "--output", "none/reply.wav", cwd=tmp_path))
    assert message == f"cannot write {Path('none/reply.wav')}: no such file or directory"
    assert refused(voicelive_command("demo", "--output", ".", cwd=tmp_path)).startswith("cannot write .: ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sing"], "invalid choice: 'sing'"),
        (["demo", "--style", "twisted"], "invalid choice: 'twisted'"),
        (["demo", "--speed", "0"], "a number above 0 is needed, such as 1 or 2.5, not '0'"),
        (["demo", "--speed", "fast"], "not 'fast'"),
        (["emulator", "--port", "70000"], "a port is a number from 0 to 65535, not '70000'"),
        (["emulator", "--script", "none.json"], "cannot read none.json: no such file or directory"),
        (["emulator", "--chat", "http://localhost/v1"], "--chat and --chat-model go together"),
        (["emulator", "--chat-model", "tiny"], "--chat and --chat-model go together"),
        (["emulator", "--chat", "localhost", "--chat-model", "tiny"], "--chat: base_url must be a URL such as "),
    ],
)
def test_wrong_usage_is_one_line(arguments: list[str], message: str, tmp_path: Path) -> None:
    assert message in refused(voicelive_command(*arguments, cwd=tmp_path))


def test_a_bad_script_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "script.json").write_text('[{"reply": 1}]', encoding="utf-8")
    message = refused(voicelive_command("emulator", "--script", "script.json", cwd=tmp_path))
    assert message == "script.json is not a script: turn 1, reply: an object is needed, not a number"


def test_help_and_version(tmp_path: Path) -> None:
    done = voicelive_command("--help", cwd=tmp_path)
    assert done.returncode == 0
    for word in ("demo", "emulator", "AZURE_VOICELIVE_ENDPOINT", "NO_COLOR", "exit codes"):
        assert word in done.stdout
    for command in ("demo", "emulator"):
        assert "--speech" in voicelive_command(command, "--help", cwd=tmp_path).stdout
    assert voicelive_command("--version", cwd=tmp_path).stdout == f"voicelive {voicelive.__version__}\n"
    bare = voicelive_command(cwd=tmp_path)
    assert (bare.returncode, bare.stderr) == (2, done.stdout)


def test_output_suits_terminals_without_unicode(tmp_path: Path) -> None:
    done = voicelive_command("demo", "--speech", "builtin", "--speed", "50", cwd=tmp_path, PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert done.stdout.isascii()
    assert " < response.audio.delta " in done.stdout
    assert re.search(r"#+-+ +-\d+\.\d dBFS", done.stdout)


@contextmanager
def running(*arguments: str, cwd: Path) -> Iterator[subprocess.Popen[str]]:
    # A group of its own, as a shell makes it: Ctrl-C must not reach the tests.
    flags = subprocess.CREATE_NEW_PROCESS_GROUP if sys.platform == "win32" else 0
    with subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=cwd,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        creationflags=flags,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def line_with(process: subprocess.Popen[str], text: str) -> str:
    assert process.stdout is not None
    return next(line for line in process.stdout if text in line)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send to one process")
@pytest.mark.parametrize("style", STYLES)
def test_ctrl_c_ends_the_demo_quietly(style: str, tmp_path: Path) -> None:
    with running("demo", "--speech", "builtin", "--style", style, cwd=tmp_path) as process:
        line_with(process, "input_audio_buffer.append")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
        assert (process.returncode, errors) == (130, "")
    assert not (tmp_path / "reply.wav").exists()


@pytest.mark.parametrize("style", STYLES)
def test_a_reader_that_leaves_ends_the_demo_quietly(style: str, tmp_path: Path) -> None:
    with running("demo", "--speech", "builtin", "--style", style, "--speed", "20", cwd=tmp_path) as process:
        line_with(process, "session.created")
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(20) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full")
def test_output_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, "demo", "--speech", "builtin"],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert (done.returncode, done.stderr) == (1, "voicelive: cannot write the output: no space left on device\n")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT and SIGTERM to send to one process")
@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_the_emulator_serves_until_stopped(number: str, tmp_path: Path) -> None:
    (tmp_path / "script.json").write_text('[{"reply": "From the script."}]', encoding="utf-8")
    with running("emulator", "--script", "script.json", "--api-key", "k3y", cwd=tmp_path) as process:
        endpoint = line_with(process, "AZURE_VOICELIVE_ENDPOINT=").strip().partition("=")[2]
        key = line_with(process, "AZURE_VOICELIVE_API_KEY=").strip().partition("=")[2]
        line_with(process, "Ctrl-C stops it.")
        assert key == "k3y"
        with voicelive.connect(endpoint=endpoint, credential=key, model="gpt-realtime") as conn:
            conn.response.create()
            said = next(event.transcript for event in conn if event.type == "response.audio_transcript.done")
        assert said == "From the script."
        process.send_signal(signal.Signals[number])
        output, errors = process.communicate(timeout=20)
        assert (process.returncode, output, errors) == (0, "Stopped.\n", "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send to one process")
def test_a_turn_that_comes_otherwise_than_expected_is_told_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "talk.yaml").write_text("- {expect: Hello, reply: Hi.}", encoding="utf-8")
    with running("emulator", "--script", "talk.yaml", "--api-key", "k3y", cwd=tmp_path) as process:
        endpoint = line_with(process, "AZURE_VOICELIVE_ENDPOINT=").strip().partition("=")[2]
        line_with(process, "Ctrl-C stops it.")
        with voicelive.connect(endpoint=endpoint, credential="k3y", model="gpt-realtime") as conn:
            conn.response.create()
            assert next(event.response.status for event in conn if event.type == "response.done") == "failed"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (1, "voicelive: turn 1 of the script expects 'Hello', but got ''\n")


def test_a_model_that_is_not_there_is_told_in_the_response(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    with running("emulator", "--chat", url, "--chat-model", "tiny", "--api-key", "k3y", cwd=tmp_path) as process:
        endpoint = line_with(process, "AZURE_VOICELIVE_ENDPOINT=").strip().partition("=")[2]
        line_with(process, "Ctrl-C stops it.")
        with voicelive.connect(endpoint=endpoint, credential="k3y", model="gpt-realtime") as conn:
            conn.response.create()
            done = next(event.response for event in conn if event.type == "response.done")
    assert f"Nothing answers at {url}" in str(done.as_dict())


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    from voicelive.emulator import Emulator

    with Emulator() as service:
        port = service.endpoint.rpartition(":")[2]
        message = refused(voicelive_command("emulator", "--port", port, cwd=tmp_path))
    assert message.startswith(f"cannot serve on 127.0.0.1 port {port}: ")


def test_the_reply_is_a_plain_wav_file(tmp_path: Path) -> None:
    voicelive_command("demo", "--speech", "builtin", "--speed", "50", cwd=tmp_path)
    with wave.open(str(tmp_path / "reply.wav")) as reply:
        assert reply.getparams()[:3] == (1, 2, 24_000)

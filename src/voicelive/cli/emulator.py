"""``voicelive emulator``: serve until stopped."""

from __future__ import annotations

import argparse
import os
import signal
import threading
from pathlib import Path

from voicelive.cli.console import Console
from voicelive.cli.errors import CommandError, UsageError, reason
from voicelive.emulator import ChatResponder, Emulator, Fault, Script, ScriptFileError, SpeechUnavailableError
from voicelive.emulator.script_file import read_script

__all__ = ("run",)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Serve until Ctrl-C or SIGTERM."""
    script = _script(arguments.script)
    try:
        service = Emulator(
            host=arguments.host,
            port=arguments.port,
            api_key=arguments.api_key or None,
            script=script,
            responder=_model(arguments.chat, arguments.chat_model),
            speech=arguments.speech,
            speed=arguments.speed,
            allowed_hosts=arguments.allowed_host,
            remote_mcp=arguments.remote_mcp,
            faults=[_fault(text) for text in arguments.fault],
            record=arguments.record,
        )
    except SpeechUnavailableError as error:
        raise UsageError(str(error)) from None
    _make_folder(arguments.record)
    stopped = _stopped_by_signals()
    try:
        service.start()
    except OSError as error:
        raise UsageError(f"cannot serve on {arguments.host} port {arguments.port}: {reason(error)}") from None
    try:
        _introduce(service, console)
        service.load_speech()
        # With a limit to each wait, as Windows delivers Ctrl-C between waits only.
        while not stopped.wait(0.5):
            pass
    finally:
        service.stop()
    console.line("Stopped.")
    if service.failures:
        raise CommandError("; ".join(map(str, service.failures)))
    return 0


def _script(path: str | None) -> Script | None:
    if path is None:
        return None
    try:
        return read_script(Path(path))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {reason(error)}") from None
    except ScriptFileError as error:
        raise UsageError(f"{path} is not a script: {error}") from None


def _model(url: str | None, name: str | None) -> ChatResponder | None:
    if url is None and name is None:
        return None
    if url is None or name is None:
        raise UsageError("--chat and --chat-model go together: where the model is, and what it is called")
    try:
        return ChatResponder(url, name, api_key=os.environ.get("VOICELIVE_CHAT_API_KEY") or None)
    except ValueError as error:
        raise UsageError(f"--chat: {error}") from None


def _fault(text: str) -> Fault:
    try:
        return Fault.parse(text)
    except ValueError as error:
        raise UsageError(str(error)) from None


def _make_folder(path: str | None) -> None:
    if path is None:
        return
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot record in {path}: {reason(error)}") from None


def _stopped_by_signals() -> threading.Event:
    stopped = threading.Event()

    def stop(number: int, frame: object) -> None:
        stopped.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    return stopped


def _introduce(service: Emulator, console: Console) -> None:
    command = "set" if os.name == "nt" else "export"
    console.line(f"The embedded voice service listens at {service.endpoint}")
    console.line(f"It has {service.speech}")
    console.line()
    console.line("To connect to it, in another terminal:")
    console.line()
    console.line(f"    {command} AZURE_VOICELIVE_ENDPOINT={service.endpoint}")
    console.line(f"    {command} AZURE_VOICELIVE_API_KEY={service.api_key}")
    console.line()
    console.line('and in Python: voicelive.connect(model="gpt-realtime")')
    console.line()
    console.line("Ctrl-C stops it.")

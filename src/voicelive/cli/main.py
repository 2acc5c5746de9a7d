"""The ``voicelive`` command: what it understands, and how it ends."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from voicelive._version import __version__
from voicelive.cli.console import Console
from voicelive.cli.errors import CommandError, OutputError

__all__ = ("main",)

_DESCRIPTION = """\
Talk to the Azure AI Voice Live service from Python, and try it without an account:
the package brings a voice service of its own that speaks the same protocol offline.
"""

_EPILOG = """\
try it:
  voicelive demo                      a spoken conversation, on this machine
  voicelive demo question.wav         the same with a recording of yours
  voicelive emulator                  a service for your own programs and tests
  voicelive sessions list FOLDER      what an emulator has recorded there
  voicelive doctor                    what is installed and set, and what is wrong

exit codes:
  0 done, 1 the conversation failed or the doctor found something, 2 wrong usage or unusable file, 130 Ctrl-C

environment:
  AZURE_VOICELIVE_ENDPOINT, AZURE_VOICELIVE_API_KEY   where your programs connect to
  VOICELIVE_CHAT_API_KEY                              key for the endpoint of "emulator --chat"
  NO_COLOR                                            plain output
"""

_DEMO = """\
Stream a recording into the embedded service and show every event as it comes: the
turn is found, transcribed and answered, and the spoken reply is written to a file.

The service runs inside this command and needs no network. With neural speech, which
comes with "pip install 'voicelive[emulator]'", it prints what it really recognized and
answers that. Without, it finds where speech begins and ends, and speaks in a plain
voice, but understands nothing: transcripts and replies are scripted.
"""

_EMULATOR = """\
Serve the Voice Live protocol on this machine until stopped, for programs to try and
to test against. Prints the two environment variables that make them connect here.

Without a script or a model it answers by rules: small talk, simple questions, arithmetic,
dates, "repeat after me", and calls of the functions that a program declares.
"""

_DOCTOR = """\
Print what this machine has and what is set on it, for you and for bug reports: versions,
the speech of the embedded service, environment variables (whether they are set, never
what they hold), proxies and TLS. Nothing is sent anywhere. The exit code is 1 if
something is wrong.
"""

_EMULATOR_EPILOG = """\
a script file holds a list of turns in JSON, or in YAML with the extra voicelive[emulator]:
  [{"transcript": "What time is it?", "reply": "Ten past nine."},
   {"expect": {"regex": "weather"},
    "reply": {"calls": [{"name": "get_weather", "arguments": {"city": "Paris"}}]}},
   {"transcript": "Bye", "reply": "Goodbye!", "close": {"code": 1000, "reason": "done"}}]
if a turn does not get what it expects, the exit code is 1

a model of yours answers, for example with Ollama or llama.cpp:
  --chat http://localhost:11434/v1 --chat-model llama3.2

a fault is a moment and what happens then; --fault may be given several times:
  --fault 'after=response.created drop'
  --fault 'upgrade refuse=429 header="Retry-After: 2" times=3'
  --fault 'before=response.audio.delta nth=2 send=malformed-json connection=1'
moments: accept, upgrade, before=EVENT, after=EVENT, after-bytes=N, after-seconds=N
what happens: refuse=STATUS, wrong-accept, drip; delay=SECONDS, drop, reset, half-open,
  close=CODE, throttle=BYTES, read-slowly=BYTES, ignore-pings; send=KIND, send-text=TEXT,
  send-bytes=HEX; lose, repeat, swap, fragment
connection=N limits it to one connection; times=N or times=always, how often (default: once)
"""

_SESSIONS = """\
List and show the sessions that "voicelive emulator --record FOLDER" has recorded.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line.

    Args:
        argv: The arguments; default: those of the process.

    Returns:
        The exit code.
    """
    parser = _parser()
    arguments = parser.parse_args(argv)
    if arguments.command is None:
        parser.print_help(sys.stderr)
        return 2
    try:
        return _run(arguments)
    except OutputError as error:
        # What Python still holds must not fail once more at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return error.exit_code if error.reader_left else _fail(str(error), error.exit_code)
    except CommandError as error:
        return _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        return 130


def _run(arguments: argparse.Namespace) -> int:
    # Each command imports what it needs when it runs: --help and --version answer at once.
    console = Console(sys.stdout)
    if arguments.command == "demo":
        from voicelive.cli import demo

        return demo.run(arguments, console)
    if arguments.command == "doctor":
        from voicelive.cli import doctor

        return doctor.run(console)
    if arguments.command == "sessions":
        from voicelive.cli import sessions

        return sessions.run(arguments, console)
    from voicelive.cli import emulator

    return emulator.run(arguments, console)


def _fail(message: str, code: int) -> int:
    console = Console(sys.stderr)
    console.line(console.paint("voicelive: ", "error") + " ".join(message.split()))
    return code


class _Parser(argparse.ArgumentParser):
    """Errors in one line, in the form of all others."""

    def error(self, message: str) -> NoReturn:
        raise SystemExit(_fail(f"{message} (see: {self.prog} --help)", 2))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="voicelive",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"voicelive {__version__}")
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND")
    demo = commands.add_parser(
        "demo",
        help="hold a spoken conversation with the embedded service",
        description=_DEMO,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_demo_arguments(demo)
    emulator = commands.add_parser(
        "emulator",
        help="run the embedded service for your own programs",
        description=_EMULATOR,
        epilog=_EMULATOR_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_emulator_arguments(emulator)
    sessions = commands.add_parser("sessions", help="show what an emulator has recorded", description=_SESSIONS)
    _add_sessions_commands(sessions)
    commands.add_parser(
        "doctor",
        help="tell what is installed and set, and what is wrong",
        description=_DOCTOR,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    return parser


def _add_demo_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "wav", nargs="?", metavar="WAV", help="speech to send: PCM of any rate (default: a recording that comes along)"
    )
    parser.add_argument(
        "--style",
        choices=("blocking", "asyncio", "trio"),
        default="blocking",
        help="which of the three styles of the API to run on (default: %(default)s)",
    )
    parser.add_argument(
        "--output", default="reply.wav", metavar="FILE", help="where the reply goes (default: %(default)s)"
    )
    parser.add_argument(
        "--speed", type=_speed, default=1.0, metavar="N", help="N times faster than people talk (default: %(default)g)"
    )
    _add_speech_argument(parser)


def _add_emulator_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on; any but %(default)s lets other machines in"
    )
    parser.add_argument("--port", type=_port, default=0, help="port to listen on (default: a free one)")
    parser.add_argument("--api-key", metavar="KEY", help="the key that clients must send (default: a random one)")
    parser.add_argument("--script", metavar="FILE", help="what is heard and answered, see below")
    parser.add_argument(
        "--chat", metavar="URL", help="let a model answer, by the OpenAI-compatible API that begins here"
    )
    parser.add_argument("--chat-model", metavar="NAME", help="the model's name; its key is read from the environment")
    parser.add_argument(
        "--speed", type=_speed, default=10.0, metavar="N", help="N times faster than people talk (default: %(default)g)"
    )
    parser.add_argument(
        "--fault", action="append", default=[], metavar="FAULT", help="misbehave, see below; may be given several times"
    )
    parser.add_argument("--record", metavar="FOLDER", help="write every session to files in this folder as it happens")
    parser.add_argument(
        "--allowed-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name of this machine that clients may use; localhost and addresses are allowed anyway",
    )
    parser.add_argument("--remote-mcp", action="store_true", help="ask MCP servers on other machines as well")
    _add_speech_argument(parser)


def _add_sessions_commands(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="list the sessions in a folder")
    listing.add_argument("folder", metavar="FOLDER", help="where an emulator has recorded")
    show = actions.add_parser("show", help="show one session")
    show.add_argument("file", metavar="FILE", help="the session's file, which ends in .jsonl")
    show.add_argument("--audio", metavar="FOLDER", help="write the audio of both directions there as WAV files")


def _add_speech_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--speech",
        choices=("auto", "neural", "builtin"),
        default="auto",
        help="what hears and speaks: neural parts, built-in ones, or the best there is (default: %(default)s)",
    )


def _speed(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not value > 0:
        raise argparse.ArgumentTypeError(f"a number above 0 is needed, such as 1 or 2.5, not {text!r}")
    return value


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to 65535, not {text!r}")
    return int(text)

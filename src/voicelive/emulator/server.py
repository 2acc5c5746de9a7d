"""The embedded service on a socket: a WebSocket server with an event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import ssl
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from voicelive.emulator import handshake
from voicelive.emulator.brain import Brain
from voicelive.emulator.connection import Connection, connection_class
from voicelive.emulator.context import Services
from voicelive.emulator.driver import Threads
from voicelive.emulator.exchange import Exchange, SessionRecord
from voicelive.emulator.faults import EventAction, Fault, UpgradeAction, WireAction, check_action
from voicelive.emulator.injection import ActiveFault, Injector
from voicelive.emulator.script import Mismatch, Script, ScriptMismatch, ScriptRun
from voicelive.emulator.script_file import read_script
from voicelive.emulator.speech import (
    Answer,
    ConversationView,
    Recognizer,
    Responder,
    Synthesizer,
    Transcript,
    VoiceActivityFactory,
)
from voicelive.emulator.tiers import SpeechTier, Tier

__all__ = ("Emulator",)

_log = logging.getLogger("voicelive.emulator")
# The library's own log would hold whole frames at DEBUG, and a traceback for every port scan.
_quiet = logging.getLogger("voicelive.emulator.websockets")
_quiet.setLevel(logging.CRITICAL)

_MAX_MESSAGE = 32 * 1024 * 1024
_STOP_SECONDS = 0.5
_KEPT_SESSIONS = 32
_LOOP_SECONDS = 10.0

T = TypeVar("T")


class _CallableResponder:
    def __init__(self, respond: Callable[[ConversationView], Answer | Awaitable[Answer]]) -> None:
        self.respond = respond


def _responder(given: Responder | Callable[[ConversationView], Answer | Awaitable[Answer]] | None) -> Responder:
    if given is None:
        return Brain()
    if isinstance(given, Responder):
        return given
    if not callable(given):
        raise TypeError(f"responder must be callable or have a method respond, which {type(given).__name__} has not")
    return _CallableResponder(given)


def _fault(given: object) -> Fault:
    if isinstance(given, str):
        return Fault.parse(given)
    if not isinstance(given, Fault):
        raise TypeError(f"a Fault is needed, or one as text such as 'after=response.created drop', not {given!r}")
    return given


class Emulator:
    """A Voice Live service in this process, to try and to test against without Azure.

    It speaks the protocol of the api-versions from 2025-05-01-preview to 2026-07-15 on a loopback address, in a thread
    of its own. Use it with ``with`` or ``async with`` (asyncio or trio), or call :meth:`start` and :meth:`stop`. One
    emulator serves any number of sessions, and one process any number of emulators.

    Args:
        host: Address to listen on. Anything but a loopback address lets other machines in.
        port: TCP port; 0 picks a free one.
        api_key: The key clients must send; default: a random one, see :attr:`api_key`. Any bearer token is accepted.
        script: What is heard and answered, turn by turn, or the path of a file with it in JSON or YAML; each session
            plays it from the beginning. Leaving the ``with`` block raises :exc:`ScriptMismatch` if a session went
            otherwise than the script expects.
        speech: What hears and speaks where the next three leave it open: ``"neural"`` for what the extra
            ``voicelive[emulator]`` brings, loaded when it is first needed; ``"builtin"`` for what needs no install;
            ``"auto"`` for the first where it is installed, part by part, and else the second.
        recognizer: Turns speech into text, as an object or a plain ``(pcm, rate) -> str``.
        synthesizer: Turns text into speech.
        voice_activity: Makes voice activity detectors.
        responder: Decides what to say, as an object or a plain ``(view) -> answer``. Default: a :class:`Brain`.
        speed: How many times faster than real time replies are sent; ``float("inf")`` for no pauses.
        session_seconds: After this long a session ends with close code 1001, as the service does after 30 minutes.
        remote_mcp: Whether MCP servers that a session names are asked on other machines too, not only on this one.
        origins: Web origins whose pages may connect, besides pages served from this machine.
        allowed_hosts: Names by which clients may call this machine (``Host``), besides ``localhost``, ``host`` and
            addresses; ``"*"`` allows any. The limit keeps pages of other sites out whose name was made to point here.
        ssl_context: With the certificate to serve TLS with, for clients that know no other; ``None`` serves plain text.
        faults: How it misbehaves, and when; :class:`Fault` objects, or text as the command line takes it.
        record: Folder to write every session to as it happens; :mod:`voicelive.emulator.records` reads them back.

    Raises:
        SpeechUnavailableError: Neural speech is demanded and cannot be used; the message says what to install.

    Example:
        ``with Emulator() as emulator: connect(endpoint=emulator.endpoint, credential=emulator.api_key, model="gpt-5")``
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        api_key: str | None = None,
        script: Script | str | Path | None = None,
        speech: SpeechTier = "auto",
        recognizer: Recognizer | Callable[[bytes, int], str | Transcript] | None = None,
        synthesizer: Synthesizer | None = None,
        voice_activity: VoiceActivityFactory | None = None,
        responder: Responder | Callable[[ConversationView], Answer | Awaitable[Answer]] | None = None,
        speed: float = 10.0,
        session_seconds: float = 30 * 60,
        remote_mcp: bool = False,
        origins: Sequence[str] = (),
        allowed_hosts: Sequence[str] = (),
        ssl_context: ssl.SSLContext | None = None,
        faults: Iterable[Fault | str] = (),
        record: str | os.PathLike[str] | None = None,
    ) -> None:
        if not speed > 0:
            raise ValueError(f"speed must be above 0, not {speed}; float('inf') sends without pauses")
        if not session_seconds > 0:
            raise ValueError(f"session_seconds must be above 0, not {session_seconds}")
        if api_key == "":
            raise ValueError("api_key must not be empty; leave it out for a random one")
        self._host = host
        self._port = port
        self.api_key = api_key if api_key is not None else secrets.token_urlsafe(24)
        """The key to connect with."""
        self._script = read_script(script) if isinstance(script, str | Path) else script
        self._failures: list[Mismatch] = []
        self._tier = Tier(speech, recognizer=recognizer, synthesizer=synthesizer, voice_activity=voice_activity)
        self._services = Services(
            recognizer=self._tier,
            synthesizer=self._tier,
            voice_activity=self._tier.voice_activity,
            responder=_responder(responder),
        )
        self._speed = speed
        self._session_seconds = session_seconds
        self._remote_mcp = remote_mcp
        self._origins = tuple(origins)
        self._hosts = frozenset(name.lower() for name in (host, *allowed_hosts))
        self._folder = None if record is None else Path(record)
        self._injector = Injector(map(_fault, faults))
        self._ssl_context = ssl_context
        self._records: deque[SessionRecord] = deque(maxlen=_KEPT_SESSIONS)
        self._threads = Threads()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._address: tuple[str, int] | None = None

    # Starting and stopping

    def start(self) -> None:
        """Listen; returns when clients can connect. Does nothing if it is running.

        Raises:
            OSError: The address cannot be listened on; another program may hold the port. Or the folder to record in
                cannot be made.
        """
        if self._thread is not None:
            return
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
        started: list[BaseException | None] = []
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started, ready), name="voicelive-emulator", daemon=True)
        self._thread.start()
        ready.wait()
        if started and started[0] is not None:
            self._thread.join()
            self._thread = None
            raise started[0]

    def stop(self) -> None:
        """Close all sessions (close code 1001) and stop listening, within about a second. Does nothing if stopped."""
        thread, loop, stopping = self._thread, self._loop, self._stopping
        if thread is None or loop is None or stopping is None:
            return
        self._thread = None
        with contextlib.suppress(RuntimeError):  # The loop has ended by itself.
            loop.call_soon_threadsafe(stopping.set)
        thread.join()
        self._threads.join(_STOP_SECONDS)
        self._address = None

    def __enter__(self) -> Emulator:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
        if kind is None:
            self.check()

    async def __aenter__(self) -> Emulator:
        import anyio.to_thread

        await anyio.to_thread.run_sync(self.start)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        import anyio
        import anyio.to_thread

        # Shielded: a cancelled caller must not leave the server behind.
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self.stop)
        if kind is None:
            self.check()

    @property
    def endpoint(self) -> str:
        """Where to connect: ``http://host:port``, with TLS ``https://host:port``.

        Raises:
            RuntimeError: It is not running.
        """
        if self._address is None:
            raise RuntimeError("the emulator is not running: use it in a with block, or call start() first")
        host, port = self._address
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - read, not bound to
        scheme = "http" if self._ssl_context is None else "https"
        return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"

    @property
    def speech(self) -> str:
        """What hears and speaks, and why it is nothing better, in one line."""
        return str(self._tier)

    def load_speech(self) -> None:
        """Load at once what hears and speaks, about a second's work that else is done when it is first needed.

        Raises:
            SpeechUnavailableError: Neural speech is demanded, and does not load.
        """
        self._tier.load()

    @property
    def sessions(self) -> list[SessionRecord]:
        """What the last 32 sessions received, oldest first."""
        return list(self._records)

    @property
    def failures(self) -> list[Mismatch]:
        """Where sessions went otherwise than the script expects, oldest first."""
        return list(self._failures)

    def check(self) -> None:
        """Do nothing if all sessions went as the script expects so far. Leaving the ``with`` block calls it.

        Raises:
            ScriptMismatch: They did not.
        """
        if self._failures:
            raise ScriptMismatch(self._failures)

    # Faults

    def add_fault(self, fault: Fault | str) -> ActiveFault:
        """Let it misbehave from now on, on connections that are open as well; counting begins now.

        Args:
            fault: What and when; text as the command line takes it.

        Returns:
            The fault at work: to wait for, to count, and to take back, by ``remove()`` or at the end of a ``with``.

        Raises:
            ValueError: The text is not a fault.
        """
        given = _fault(fault)
        return self._in_loop(lambda: self._injector.add(given))

    def inject(self, *actions: WireAction, connection: int | None = None) -> int:
        """Let something happen now to connections that are open, such as ``inject(Drop())``.

        Args:
            actions: What happens, one after the other.
            connection: Number of the connection, counted from 1 since this emulator was made; default: all of them.

        Returns:
            To how many connections it happens.

        Raises:
            TypeError: Something is no action.
            ValueError: An action is for a moment other than now.
        """
        for action in actions:
            check_action(action)
            if isinstance(action, UpgradeAction | EventAction):
                raise ValueError(f"{type(action).__name__} cannot happen to an open connection; use add_fault")
        return self._in_loop(lambda: self._injector.inject(actions, connection))

    def _in_loop(self, call: Callable[[], T]) -> T:
        """Call in the server's thread if there is one, and return what it returns."""
        thread, loop = self._thread, self._loop
        if thread is None or loop is None or thread is threading.current_thread():
            return call()
        done: Future[T] = Future()

        def run() -> None:
            try:
                done.set_result(call())
            except Exception as error:
                done.set_exception(error)

        try:
            loop.call_soon_threadsafe(run)
        except RuntimeError:  # It has just been stopped.
            return call()
        return done.result(_LOOP_SECONDS)

    # In the server's thread

    def _run(self, started: list[BaseException | None], ready: threading.Event) -> None:
        try:
            asyncio.run(self._serve(started, ready))
        except BaseException as error:
            if ready.is_set():
                _log.error("the emulator ended with %s", type(error).__name__)
                raise
            started.append(error)
        finally:
            ready.set()

    async def _serve(self, started: list[BaseException | None], ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        server = await self._listen()
        # Names with several addresses and port 0 would get a port each; the first is the one to connect to.
        host, port = server.sockets[0].getsockname()[:2]
        self._address = host, port
        _log.info("listening on port %d", port)
        started.append(None)
        ready.set()
        await self._stopping.wait()
        for target in self._injector.targets:
            target.wire.stopping = True
            if target.wire.gone or not target.talks:
                target.wire.destroy()
        server.close(code=1001, reason="server_shutdown")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(server.wait_closed(), _STOP_SECONDS)
        # What is left are clients that do not read, and would hold the close frame up with everything before it.
        for target in self._injector.targets:
            target.wire.destroy()
        await server.wait_closed()

    async def _listen(self) -> Server:
        return await serve(
            self._session,
            "127.0.0.1" if self._host == "localhost" else self._host,
            self._port,
            process_request=self._check,
            process_response=self._identify,
            logger=_quiet,
            create_connection=connection_class(self._injector, self._ssl_context),
            max_size=_MAX_MESSAGE,
            # A client stopped in a debugger is not a dead one.
            ping_interval=None,
            close_timeout=_STOP_SECONDS,
            server_header=None,
        )

    def _check(self, connection: ServerConnection, request: Request) -> Response | None:
        assert isinstance(connection, Connection)
        refused = connection.upgrading() or handshake.refusal(request, self.api_key, self._origins, self._hosts)
        if refused is not None:
            _log.info("refused a connection with status %d", refused.status_code)
        return refused

    def _identify(self, connection: ServerConnection, request: Request, response: Response) -> None:
        assert isinstance(connection, Connection)
        response.headers.setdefault("apim-request-id", secrets.token_hex(16))
        connection.answering(response.headers)

    async def _session(self, connection: ServerConnection) -> None:
        assert isinstance(connection, Connection)
        if connection.wire.gone:
            await connection.wait_closed()
            return
        exchange = Exchange(
            connection,
            services=self._services,
            script=ScriptRun(self._script, self._failures.append),
            speed=self._speed,
            seconds=self._session_seconds,
            threads=self._threads,
            folder=self._folder,
            remote_mcp=self._remote_mcp,
        )
        self._records.append(exchange.record)
        _log.info("session %s has %s", exchange.record.id, self._tier)
        await exchange.run()

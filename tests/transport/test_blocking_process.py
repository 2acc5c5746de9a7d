"""The blocking driver and its process: Ctrl-C, exit, fork."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading

import pytest

from .server import PING, PONG, TEXT, Peer, Script, Server, frame

HANG = 20.0
"""Seconds after which a test has failed; nothing is measured with it."""

PREAMBLE = """
import os, signal, sys, _thread, threading, time, warnings
from voicelive.protocol.address import Address
from voicelive.protocol.options import TransportOptions
from voicelive.transport.blocking import connect

def dial():
    address = Address(False, "127.0.0.1", int(sys.argv[1]), "/")
    return connect(address, [], TransportOptions(), deadline=time.monotonic() + 20)
"""


def run_script(script: str, talk: Script, over: threading.Event | None = None) -> list[str]:
    """Run a program against a server and return its output's lines; ``over`` is set when it has ended."""

    def play(peer: Peer) -> None:
        peer.accept()
        talk(peer)

    with Server(play) as server:
        command = [sys.executable, "-X", "dev", "-c", PREAMBLE + textwrap.dedent(script), str(server.address.port)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        if over is not None:
            over.set()
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_interrupt_loses_nothing() -> None:
    """Ctrl-C ends a receive that waits, and half a message that had come by then is not lost."""

    def talk(peer: Peer) -> None:
        peer.write(bytes((0x80 | TEXT, 10)) + b"hello")
        assert peer.read_frame() == (TEXT, b"go on")
        peer.write(b"world" + frame(TEXT, b"two"))
        peer.finish()

    script = """
        transport = dial()

        def interrupt():
            while not transport._websocket._partial or not transport._reading.locked():
                time.sleep(0.01)
            _thread.interrupt_main() if sys.platform == "win32" else os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=interrupt).start()
        try:
            transport.receive()
        except KeyboardInterrupt:
            print("interrupted")
        transport.send(b"go on")
        print(transport.receive(20).decode())
        print(transport.receive(20).decode())
        transport.close()
        """
    assert run_script(script, talk) == ["interrupted", "helloworld", "two"]


def test_interrupted_send_ends_the_connection() -> None:
    """A frame that went out by half must not be followed by another."""

    def talk(peer: Peer) -> None:
        with pytest.raises((EOFError, OSError)):
            assert over.wait(HANG)
            peer.read_frame()

    over = threading.Event()
    script = """
        transport = dial()

        def interrupt():
            while not transport._writing.locked():
                time.sleep(0.01)
            _thread.interrupt_main() if sys.platform == "win32" else os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=interrupt).start()
        try:
            transport.send(b"x" * (64 << 20))
        except KeyboardInterrupt:
            print("interrupted")
        try:
            transport.send(b"more")
        except Exception as error:
            print(type(error).__name__)
        transport.close()
        """
    out = run_script(script, talk, over)
    assert out == ["interrupted", "ConnectionClosed"]


def test_exit_with_open_connections() -> None:
    """Neither a connection nor the idle thread keeps the interpreter from ending."""
    script = """
        warnings.simplefilter("ignore")
        transport = dial()
        threading.Thread(target=transport.receive, daemon=True).start()
        print("end")
        """
    assert run_script(script, Peer.read_eof) == ["end"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a system without fork has nothing to get wrong here")
def test_connecting_in_a_forked_child() -> None:
    """The child has an idle thread of its own; the parent's connection stays the parent's."""

    def talk(peer: Peer) -> None:
        peer.write(frame(PING, b"there?"))
        assert peer.read_frame() == (PONG, b"there?")
        peer.text(b"hello")
        peer.finish()

    script = """
        warnings.simplefilter("ignore")
        transport = dial()
        child = os.fork()
        if child == 0:
            own = dial()
            while not own._websocket.messages:  # nobody reads but the idle thread
                time.sleep(0.01)
            print("child", own.receive().decode(), flush=True)
            own.close()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        print("parent", transport.receive(20).decode())
        transport.close()
        """
    assert run_script(script, talk) == ["child hello", "parent hello"]

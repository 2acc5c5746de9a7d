"""Programs that tests run as processes of their own, the same in all three styles."""

from __future__ import annotations

import subprocess
import sys
import textwrap

from voicelive.emulator import Emulator

__all__ = ("HANG", "run_program")

HANG = 60
"""Seconds after which a program has failed; nothing is measured with it."""

PREAMBLE = """
import logging, os, signal, sys, threading, time, warnings
import anyio
import voicelive, voicelive.aio

# Under -X dev, asyncio tells of everything that takes 100 ms, such as imports.
logging.getLogger("asyncio").setLevel(logging.ERROR)
STYLE, ENDPOINT, KEY = sys.argv[1:]
ARGUMENTS = dict(endpoint=ENDPOINT, credential=KEY, model="gpt-realtime")


class Coroutines:
    # A blocking connection with coroutines for methods, so that programs are written once.

    def __init__(self, target):
        self.target = target

    def __getattr__(self, name):
        method = getattr(self.target, name)

        async def call(*args, **kwargs):
            return method(*args, **kwargs)

        return call


async def connect(**more):
    if STYLE == "blocking":
        return Coroutines(voicelive.connect(**ARGUMENTS, **more).enter())
    return await voicelive.aio.connect(**ARGUMENTS, **more).enter()


def run(body):
    if STYLE != "blocking":
        return anyio.run(body, backend=STYLE)
    try:
        body().send(None)
    except StopIteration:
        return


def others():
    # Threads that end by themselves are given the time to.
    until = time.monotonic() + 10
    ours = lambda: [t.name for t in threading.enumerate() if t.name.startswith("voicelive")]
    while ours() and time.monotonic() < until:
        time.sleep(0.01)
    return ours()
"""


def run_program(style: str, program: str, *, faults: tuple[str, ...] = ()) -> list[str]:
    """Run a program against an emulator, and return the lines that it wrote; it has to end well, without a warning."""
    with Emulator(speech="builtin", faults=faults) as emulator:
        command = [sys.executable, "-X", "dev", "-c", PREAMBLE + textwrap.dedent(program)]
        done = subprocess.run(
            [*command, style, emulator.endpoint, emulator.api_key],
            capture_output=True,
            text=True,
            timeout=HANG,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()

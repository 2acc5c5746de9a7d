"""A connection and its process, in all three styles: Ctrl-C, exit, fork."""

from __future__ import annotations

import os
from typing import Any

import pytest

from .programs import run_program

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="a system without fork has nothing to get wrong here")

INTERRUPT = """
        def interrupt():
            time.sleep(0.2)
            os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=interrupt, daemon=True).start()
"""


@pytest.mark.skipif(os.name == "nt", reason="there, os.kill ends a process at once")
def test_interrupt_in_a_block_closes_the_connection(style: Any) -> None:
    program = f"""
        async def main():
            connection = await connect()
            try:
                await connection.recv()
                {INTERRUPT.replace(chr(10), chr(10) + "        ").strip()}
                await connection.recv()
            finally:
                await connection.close()

        try:
            run(main)
        except KeyboardInterrupt:
            print("interrupted", others())
        """
    # Trio and asyncio cancel what runs; a close that is cancelled drops the connection.
    assert run_program(style.name, program) == ["interrupted []"]


@pytest.mark.skipif(os.name == "nt", reason="there, os.kill ends a process at once")
def test_interrupt_while_a_send_is_stuck(style: Any) -> None:
    program = f"""
        async def main():
            connection = await connect(connection_options={{"close_timeout": 0.3}})
            try:
                await connection.recv()
                {INTERRUPT.replace(chr(10), chr(10) + "        ").strip()}
                while True:
                    await connection.send_bytes(b'{{"type":"x","padding":"' + b"x" * 3_000_000 + b'"}}')
            finally:
                await connection.close()

        try:
            run(main)
        except KeyboardInterrupt:
            print("interrupted", others())
        """
    faults = ("after=session.created half-open",)
    assert run_program(style.name, program, faults=faults) == ["interrupted []"]


def test_exit_with_a_connection_that_was_not_closed(style: Any) -> None:
    program = """
        # Python says so of sockets and transports that nobody closed.
        warnings.simplefilter("ignore", ResourceWarning)

        async def main():
            global connection
            connection = await connect()
            await connection.recv()
            print("end")

        run(main)
        """
    assert run_program(style.name, program) == ["end"]


@needs_fork
def test_a_forked_child_does_not_disturb_the_connection(style: Any) -> None:
    program = """
        warnings.simplefilter("ignore")

        async def use():
            for name, call in {
                "recv": connection.recv,
                "send": lambda: connection.send({"type": "response.cancel"}),
                "again": connection.recv,
            }.items():
                try:
                    await call()
                except voicelive.ForkedError as error:
                    print("child", name, "fork" in str(error))
            await connection.close()
            repr(connection)
            own = await connect()
            print("child", (await own.recv()).type, flush=True)
            await own.close()

        def child():
            # A thread has no event loop of the parent's in its way.
            thread = threading.Thread(target=lambda: run(use))
            thread.start()
            thread.join()
            sys.stdout.flush()
            os._exit(0)

        async def main():
            global connection
            connection = await connect()
            await connection.recv()
            if (pid := os.fork()) == 0:
                child()
            assert os.waitpid(pid, 0)[1] == 0
            await connection.send({"type": "session.update", "session": {"instructions": "still here"}})
            print("parent", (await connection.recv()).session.instructions)
            await connection.close()

        run(main)
        print(others())
        """
    child = ["child recv True", "child send True", "child again True", "child session.created"]
    assert run_program(style.name, program) == [*child, "parent still here", "[]"]


@needs_fork
def test_a_forked_child_does_not_reconnect_for_its_parent(style: Any) -> None:
    program = """
        warnings.simplefilter("ignore")

        async def use():
            for call in (lambda: connection.send({"type": "response.cancel"}), connection.recv):
                try:
                    await call()
                except voicelive.ForkedError as error:
                    print("child")
            await connection.close()

        def child():
            thread = threading.Thread(target=lambda: run(use))
            thread.start()
            thread.join()
            sys.stdout.flush()
            os._exit(0)

        async def main():
            global connection
            connection = await connect(reconnect=voicelive.ReconnectPolicy())
            await connection.recv()
            if (pid := os.fork()) == 0:
                child()
            assert os.waitpid(pid, 0)[1] == 0
            await connection.send({"type": "session.update", "session": {"instructions": "still here"}})
            print("parent", (await connection.recv()).session.instructions)
            await connection.close()

        run(main)
        """
    assert run_program(style.name, program) == ["child", "child", "parent still here"]

"""The server: starting, stopping, many sessions, expiry, what it keeps and what it logs."""

from __future__ import annotations

import json
import logging
import queue
import ssl
import threading
import time

import anyio
import pytest
import trio
import trustme
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from voicelive.emulator import Emulator


def threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("voicelive-emulator")]


def closed(client):
    with pytest.raises(ConnectionClosed) as caught:
        while True:
            client.receive()
    return caught.value.rcvd.code, caught.value.rcvd.reason


def test_nothing_is_left_running_after_stop(dial):
    with Emulator() as emulator:
        client = dial(emulator)
        client.send("response.create")
        client.until("response.audio.delta")
        stopping = time.monotonic()
    assert time.monotonic() - stopping < 5
    assert not threads()
    assert closed(client) == (1001, "server_shutdown")
    with pytest.raises(RuntimeError, match="not running"):
        assert emulator.endpoint


def test_stopping_does_not_wait_for_a_client_that_never_reads(dial):
    asked = queue.Queue()

    class Endless:
        def synthesize(self, text, rate):
            while True:
                asked.put(None)
                yield bytes(100_000)

    emulator = Emulator(speed=float("inf"), synthesizer=Endless())
    emulator.start()
    dial(emulator).send("response.create")
    with pytest.raises(queue.Empty):
        # Once no more is asked for, no more fits into the socket.
        while True:
            asked.get(timeout=1)
    stopping = time.monotonic()
    emulator.stop()
    assert time.monotonic() - stopping < 5
    assert not threads()


def test_start_and_stop_may_be_repeated(dial):
    emulator = Emulator(api_key="secret")
    for _ in range(3):
        emulator.start()
        emulator.start()
        dial(emulator)
        emulator.stop()
        emulator.stop()
    assert not threads()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_async_with_works_on_asyncio_and_trio(dial, backend):
    async def main():
        async with Emulator() as emulator:
            assert dial(emulator).update()

    anyio.run(main, backend=backend)
    assert not threads()


def test_async_with_cleans_up_when_cancelled():
    async def main():
        with trio.move_on_after(0.05):
            async with Emulator():
                await trio.sleep_forever()

    trio.run(main)
    assert not threads()


def test_several_emulators_have_ports_and_keys_of_their_own(serve, dial):
    first, second = serve(), serve()
    assert first.endpoint != second.endpoint
    assert first.api_key != second.api_key
    assert dial(first).update()
    assert dial(second).update()


def test_a_port_that_is_taken_is_an_error_at_start(serve):
    port = int(serve().endpoint.rpartition(":")[2])
    emulator = Emulator(port=port)
    with pytest.raises(OSError, match=str(port)):
        emulator.start()
    assert len(threads()) == 1


def test_it_serves_tls_with_the_certificate_it_is_given(serve):
    authority = trustme.CA()
    server, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(server)
    authority.configure_trust(trusting)
    # websockets' blocking client can stall in the handshake of TLS 1.3, when session tickets follow it at once.
    trusting.maximum_version = ssl.TLSVersion.TLSv1_2
    emulator = serve(ssl_context=server)
    assert emulator.endpoint.startswith("https://127.0.0.1:")
    url = f"wss{emulator.endpoint[5:]}/voice-live/realtime?api-version=2026-07-15&model=gpt-realtime"
    with connect(url, ssl=trusting, additional_headers={"api-key": emulator.api_key}) as websocket:
        assert json.loads(websocket.recv())["type"] == "session.created"


@pytest.mark.parametrize("options", [{"speed": 0}, {"session_seconds": -1}, {"api_key": ""}])
def test_impossible_options_are_refused(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        Emulator(**options)


def test_many_sessions_at_once(serve, dial):
    emulator = serve()
    clients = [dial(emulator) for _ in range(10)]
    for number, client in enumerate(clients):
        client.write(f"session {number}")
        client.send("response.create", response={"modalities": ["text"]})
    for number, client in enumerate(clients):
        output = client.until("response.done")[-1]["response"]["output"]
        assert output[0]["content"][0]["text"] == f"You wrote: session {number}"


def test_sessions_expire_with_1001(serve, dial):
    client = dial(serve(session_seconds=0.2))
    assert closed(client) == (1001, "session_expired")


def test_expiry_is_announced(serve, dial):
    session = dial(serve(), opened=False).expect("session.created")["session"]
    assert abs(session["expires_at"] - time.time() - 1800) < 60


def test_received_events_are_kept_for_tests_to_look_at(serve, dial):
    emulator = serve()
    client = dial(emulator)
    client.update(instructions="x")
    client.websocket.close(1000, "enough")
    (session,) = emulator.sessions
    assert session.wait()
    assert session.query["model"] == "gpt-realtime"
    assert session.received == [{"type": "session.update", "session": {"instructions": "x"}}]
    assert session.closed == (1000, "enough")


def test_all_that_came_before_the_end_is_followed(serve, dial):
    emulator = serve()
    client = dial(emulator)
    for number in range(50):
        client.send("session.update", session={"instructions": str(number)})
    assert not emulator.sessions[0].wait(0)
    client.websocket.close()
    (session,) = emulator.sessions
    assert session.wait()
    assert [event["session"]["instructions"] for event in session.received] == [str(number) for number in range(50)]


def test_kept_events_stay_within_bounds(serve, dial):
    emulator = serve()
    client = dial(emulator)
    client.update(turn_detection=None)
    for _ in range(12):
        client.send("input_audio_buffer.append", audio="A" * 1_000_000)
    client.update()
    kept = emulator.sessions[0].received
    assert sum(len(json.dumps(event)) for event in kept) <= 8 * 1024 * 1024
    assert kept[-1]["type"] == "session.update"


def test_log_holds_types_and_sizes_and_no_content(serve, dial, caplog, tools):
    caplog.set_level(logging.DEBUG)
    emulator = serve()
    client = dial(emulator)
    client.write("my secret words")
    client.append(tools.burst(100))
    client.respond()
    emulator.stop()
    text = "\n".join(f"{r.name} {r.getMessage()}" for r in caplog.records if r.name.startswith("voicelive"))
    assert "input_audio_buffer.append" in text
    assert "response.audio.delta" in text
    assert "secret" not in text
    assert emulator.api_key not in text
    assert tools.base64_of(tools.burst(100))[:40] not in text

"""``connect(reconnect=...)``: a connection that breaks is made anew, and the stream of events stays one stream."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from voicelive.calls import connect_avatar, create_item, delete_item, truncate_item
from voicelive.emulator import Emulator
from voicelive.exceptions import (
    AuthenticationError,
    ConnectError,
    ConnectionClosed,
    ConnectTimeoutError,
    EventLostError,
    ReceiveTimeoutError,
    ReconnectFailedError,
    SendQueueFullError,
    ServiceUnavailableError,
)
from voicelive.models import Lost, Reconnected, Reconnecting
from voicelive.protocol.policy import ReconnectPolicy

from .server import CREATED, Peer, Script, Server, Silence
from .styles import AsyncStyle, Style

QUICK = ReconnectPolicy(delay=0.01)


class Service(Server):
    """Answers as the service does, and lets a script break each connection.

    Args:
        breaks: What to do with each connection once it is open; the last one with all further ones.
        refusals: HTTP statuses to refuse handshakes with, by the number of the handshake from 0, and their headers.
        session: More of what the session is.
        silent: Numbers of the handshakes to leave without an answer.
        arrived: Set when such a handshake has come.
    """

    def __init__(
        self,
        *breaks: Script,
        refusals: dict[int, tuple[int, dict[str, str]]] | None = None,
        session: dict[str, Any] | None = None,
        silent: Collection[int] = (),
        arrived: threading.Event | None = None,
    ) -> None:
        super().__init__(self.serve)
        self.breaks = breaks or (answering,)
        self.refusals = refusals or {}
        self.session = session or {}
        self.silent = silent
        self.arrived = arrived or threading.Event()

    async def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        self.requests.append(request)
        if len(self.requests) - 1 in self.silent:
            self.arrived.set()
            await connection.wait_closed()
        refusal = self.refusals.get(len(self.requests) - 1)
        if refusal is None:
            return None
        status, headers = refusal
        return Response(status, "Refused", Headers(headers | {"Content-Length": "0"}), b"")

    async def serve(self, peer: Peer) -> None:
        number = self.peers.index(peer)
        session = {**CREATED["session"], "id": f"sess_{number + 1}", "turn_detection": None, **self.session}
        await peer.send({**CREATED, "session": session})
        await self.breaks[min(number, len(self.breaks) - 1)](peer)

    def sent(self, number: int) -> list[tuple[str, Any]]:
        """What the client sent on a connection, in short."""
        return [(frame["type"], _gist(frame)) for frame in self.peers[number].frames]


def _gist(frame: dict[str, Any]) -> Any:
    item = frame.get("item")
    if item is not None:
        return item["content"][0]["text"] if "content" in item else item["call_id"]
    return frame.get("session") or frame.get("audio") or frame.get("response")


async def answer(peer: Peer, frame: dict[str, Any]) -> None:
    """Answer what is answered at once."""
    if frame["type"] == "session.update":
        await peer.send({"type": "session.updated", "session": frame["session"]})
    elif frame["type"] == "conversation.item.create":
        item = {"status": "completed", **frame["item"]}
        await peer.send({"type": "conversation.item.created", "previous_item_id": None, "item": item})
    elif frame["type"] == "response.create":
        await peer.send({"type": "response.created", "response": {"id": "resp_1"}})
    elif frame["type"] == "conversation.item.delete":
        await peer.send({"type": "conversation.item.deleted", "item_id": frame["item_id"]})


async def answering(peer: Peer) -> None:
    """Answer for as long as the client likes."""
    while True:
        await answer(peer, await peer.recv())


def drop_at(kind: str) -> Script:
    """Answer until an event of a type has come, and drop the connection instead of answering that."""

    async def script(peer: Peer) -> None:
        while (frame := await peer.recv())["type"] != kind:
            await answer(peer, frame)
        peer.drop()

    return script


def close_with(code: int, reason: str = "") -> Script:
    async def script(peer: Peer) -> None:
        await peer.close(code, reason)

    return script


@asynccontextmanager
async def connected(style: Style, server: Server, policy: ReconnectPolicy = QUICK, **more: Any) -> AsyncIterator[Any]:
    arguments = {"endpoint": server.endpoint, "credential": "k", "model": "m", "reconnect": policy}
    async with style.connect(**arguments | more) as connection:
        assert (await connection.recv()).type == "session.created"
        yield connection


def say(text: str) -> dict[str, Any]:
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}


async def until(connection: Any, kind: str) -> tuple[Any, list[Any]]:
    """Read until an event of a type has come, and return it and those before it."""
    before = []
    while (event := await connection.recv()).type != kind:
        before.append(event)
    return event, before


# What the reader sees


async def test_recv_goes_on_over_a_drop_and_the_session_is_restored(style: Style) -> None:
    keys = iter(["first", "second"])
    with Service(drop_at("drop.me"), answering) as server:
        async with connected(style, server, credential=lambda: next(keys)) as connection:
            await connection.session.update(session={"instructions": "a", "temperature": 0.5})
            await connection.session.update(session={"instructions": "b"})
            await connection.conversation.item.create(item=say("one"))
            await connection.conversation.item.create(item=say("two"))
            _, before = await until(connection, "conversation.item.created")
            second = await connection.recv()
            assert [event.type for event in before] == ["session.updated", "session.updated"]
            await connection.send({"type": "drop.me"})
            reconnecting = await connection.recv()
            assert isinstance(reconnecting, Reconnecting)
            assert reconnecting.attempt == 1
            assert isinstance(reconnecting.error, ConnectionClosed)
            assert reconnecting.error.code == 1006
            reconnected = await connection.recv()
            assert isinstance(reconnected, Reconnected)
            assert len(reconnected.restored) == 2
            assert reconnected.restored[1] == second.item.id
            (gap,) = reconnected.lost
            assert (gap.kind, gap.type, gap.reason) == ("event", "drop.me", "unanswered")
            assert connection.session_id == reconnected.session_id == "sess_2"
            assert connection.close_code is None
            # Nothing of the restoring shows, and the conversation goes on.
            await connection.conversation.item.create(item=say("three"))
            assert (await connection.recv()).item.content[0].text == "three"
        server.wait_for_quiet()
        assert server.sent(1) == [
            ("session.update", {"instructions": "b", "temperature": 0.5}),
            ("conversation.item.create", "one"),
            ("conversation.item.create", "two"),
            ("conversation.item.create", "three"),
        ]
        ids = [[frame["item"]["id"] for frame in peer.frames if "item" in frame] for peer in server.peers]
        assert ids[0] == ids[1][:2] == reconnected.restored
        assert [request.headers["api-key"] for request in server.requests] == ["first", "second"]


async def test_iteration_and_recv_bytes_go_on_too(style: Style) -> None:
    with Service(close_with(1011, "oops"), close_with(1001, "session_expired"), close_with(1000)) as server:
        async with connected(style, server) as connection:
            kinds = [event.type async for event in connection]
        assert kinds == ["reconnecting", "reconnected"] * 2
        async with connected(style, server) as connection:
            assert len(server.peers) == 4
            with pytest.raises(ConnectionClosed):
                await connection.recv()
    with Service(close_with(1012), answering) as server:
        async with connected(style, server) as connection:
            first, second = json.loads(await connection.recv_bytes()), json.loads(await connection.recv_bytes())
        assert (first["type"], first["attempt"]) == ("reconnecting", 1)
        assert "1012" in first["error"]
        assert (second["type"], second["lost"]) == ("reconnected", [])


async def test_a_response_under_way_ends_as_interrupted(style: Style) -> None:
    with Service(drop_at("drop.me"), answering) as server:
        async with connected(style, server) as connection:
            await connection.response.create()
            await until(connection, "response.created")
            await connection.send({"type": "drop.me"})
            assert (await connection.recv()).type == "reconnecting"
            done = await connection.recv()
            assert (done.type, done.response.id, done.response.status) == ("response.done", "resp_1", "incomplete")
            assert done.response.status_details.reason == "connection_lost"
            reconnected = await connection.recv()
            assert Lost(kind="response", id="resp_1", reason="interrupted") in reconnected.lost
        server.wait_for_quiet()
        assert server.sent(1) == []


async def test_what_was_not_answered_is_sent_again(style: Style) -> None:
    with Service(drop_at("response.create"), answering) as server:
        async with connected(style, server) as connection:
            await connection.response.create(event_id="mine")
            reconnected, _ = await until(connection, "reconnected")
            assert (reconnected.resent, reconnected.lost) == (["mine"], [])
            assert (await connection.recv()).type == "response.created"
        server.wait_for_quiet()
        assert [frame["event_id"] for peer in server.peers for frame in peer.frames] == ["mine", "mine"]


async def test_what_the_service_says_meanwhile_comes_after(style: Style) -> None:
    async def greeting(peer: Peer) -> None:
        await peer.send({"type": "greeting"})
        await answering(peer)

    with Service(drop_at("drop.me"), greeting) as server:
        async with connected(style, server) as connection:
            await connection.conversation.item.create(item=say("one"))
            await until(connection, "conversation.item.created")
            await connection.send({"type": "drop.me"})
            await until(connection, "reconnected")
            assert (await connection.recv())["type"] == "greeting"


async def test_calls_that_nobody_can_answer_any_more_end_and_the_others_go_on(style: Style) -> None:
    with Service(drop_at("conversation.item.delete"), answering) as server:
        async with connected(style, server) as connection:
            await connection.call(create_item({"id": "one", **say("one")}))
            ended: list[Any] = []

            async def call(wanted: Any) -> None:
                try:
                    ended.append(await connection.call(wanted))
                except EventLostError as error:
                    ended.append(error.lost.type)

            async with style.background() as start:
                start(call, truncate_item("one", audio_end_ms=0))
                start(call, connect_avatar("sdp"))
                while server.sent(0)[-1][0] == "conversation.item.create" or len(server.sent(0)) < 3:
                    await style.checkpoint()
                start(call, create_item(say("two")))
                start(call, delete_item("one"))
                await until(connection, "reconnected")
                while len(ended) < 3:
                    await style.checkpoint()
                await until(connection, "conversation.item.deleted")
        kinds = sorted(str(getattr(end, "type", end)) for end in ended)
        assert kinds == [
            "conversation.item.created",
            "conversation.item.deleted",
            "conversation.item.truncate",
            "session.avatar.connect",
        ]


async def test_a_handle_of_a_response_ends_with_what_had_come(style: Style) -> None:
    with Service(drop_at("drop.me"), answering) as server:
        async with connected(style, server) as connection:
            handle = await connection.respond()
            await connection.send({"type": "drop.me"})
            response = await handle.done()
            assert (response.id, handle.status) == ("resp_1", "incomplete")
            # The next one need not wait for it.
            again = await connection.respond(when_active="refuse")
            assert again.status == "in_progress"


# Sending meanwhile


async def test_what_is_sent_in_the_gap_goes_out_in_order_once_there_is_a_connection(style: Style) -> None:
    with Service(close_with(1013), answering) as server:
        async with connected(style, server) as connection:
            await until(connection, "reconnecting")
            await connection.conversation.item.create(item=say("one"))
            await connection.input_audio_buffer.append(audio=b"\0\0")
            await connection.conversation.item.create(item=say("two"))
            await until(connection, "reconnected")
            assert (await connection.recv()).item.content[0].text == "one"
            assert (await connection.recv()).item.content[0].text == "two"
        server.wait_for_quiet()
        create = "conversation.item.create"
        assert server.sent(1) == [(create, "one"), ("input_audio_buffer.append", "AAA="), (create, "two")]


async def test_sending_finds_out_first_and_nothing_is_lost(style: Style) -> None:
    gone = threading.Event()

    async def script(peer: Peer) -> None:
        await peer.send({"type": "last.words"})
        peer.drop()
        gone.set()

    with Service(script, answering) as server:
        async with connected(style, server) as connection:
            await style.wait_for(gone.wait)
            for number in range(20):
                await connection.conversation.item.create(item=say(str(number)))
            assert (await connection.recv())["type"] == "last.words"
            _, before = await until(connection, "reconnected")
            assert [event.type for event in before] == ["reconnecting"]
            texts = [(await connection.recv()).item.content[0].text for _ in range(20)]
        assert texts == [str(number) for number in range(20)]


async def test_the_gap_takes_no_more_than_is_allowed(style: Style) -> None:
    with Service(close_with(1013), answering) as server:
        async with connected(style, server, ReconnectPolicy(delay=0.01, max_queued=1000)) as connection:
            await until(connection, "reconnecting")
            await connection.send({"type": "fits", "text": "x" * 500})
            with pytest.raises(SendQueueFullError, match="was not taken"):
                await connection.send({"type": "does.not", "text": "x" * 500})
            await until(connection, "reconnected")
        server.wait_for_quiet()
        assert [kind for kind, _ in server.sent(1)] == ["fits"]


async def test_others_send_while_one_is_waiting_for_an_event(style: Style) -> None:
    with Service(drop_at("drop.me"), drop_at("drop.me"), answering) as server:
        async with connected(style, server) as connection:

            async def send() -> None:
                await connection.conversation.item.create(item=say("one"))
                for _ in range(2):
                    await connection.send({"type": "drop.me"})
                    # The second one may go the way of the first.
                    await connection.conversation.item.create(item=say("more"))
                await connection.send({"type": "the.end"})

            async with style.background() as start:
                start(send)
                seen = set()
                while len([event for event in seen if event[0] == "item"]) < 3:
                    event = await connection.recv()
                    seen.add(("item", event.item.id) if event.type == "conversation.item.created" else (event.type, ""))
            assert ("reconnected", "") in seen


# When it does not, or gives up


@pytest.mark.parametrize("code", [1008, 4002])
async def test_an_end_that_is_final_raises_and_names_what_was_not_answered(style: Style, code: int) -> None:
    async def script(peer: Peer) -> None:
        await peer.recv()
        await peer.close(code, "no more")

    with Service(script) as server:
        async with connected(style, server) as connection:
            await connection.response.create(event_id="mine", response={"instructions": "a secret"})
            with pytest.raises(ConnectionClosed) as caught:
                await connection.recv()
            assert not isinstance(caught.value, ReconnectFailedError)
            assert (caught.value.code, connection.close_code) == (code, code)
            (unsent,) = caught.value.unsent_events
            assert (unsent.type, unsent.event_id) == ("response.create", "mine")
            assert "secret" not in f"{caught.value!r} {unsent!r} {caught.value.__dict__!r}"
            with pytest.raises(ConnectionClosed):
                await connection.recv()
            with pytest.raises(ConnectionClosed, match="response.cancel"):
                await connection.response.cancel()
        assert len(server.requests) == 1


async def test_without_a_policy_nothing_is_made_anew(style: Style) -> None:
    with Service(close_with(1012), answering) as server:
        async with style.connect(endpoint=server.endpoint, credential="k", model="m") as connection:
            await connection.recv()
            with pytest.raises(ConnectionClosed) as caught:
                await connection.recv()
        assert (caught.value.code, caught.value.unsent_events) == (1012, ())
        assert len(server.requests) == 1


async def test_gives_up_after_the_attempts_with_what_was_not_sent(style: Style) -> None:
    refusals = {number: (503, {}) for number in range(1, 10)}
    with Service(drop_at("response.create"), refusals=refusals) as server:
        async with connected(style, server, ReconnectPolicy(delay=0.01, attempts=3)) as connection:
            await connection.response.create(event_id="sent")
            seen: list[Any] = []
            with pytest.raises(ReconnectFailedError, match="after 3 attempts") as caught:
                async for event in connection:
                    seen.append(event)
                    if len(seen) == 2:
                        await connection.response.create(event_id="queued")
            assert [(event.type, event.attempt) for event in seen] == [("reconnecting", n) for n in (1, 2, 3)]
            assert isinstance(seen[2].error, ServiceUnavailableError)
            assert isinstance(caught.value.__cause__, ServiceUnavailableError)
            assert caught.value.code == connection.close_code == 1006
            assert [event.event_id for event in caught.value.unsent_events] == ["sent", "queued"]
            with pytest.raises(ConnectionClosed, match="'late' was not sent"):
                await connection.response.create(event_id="late")
        assert len(server.requests) == 4


async def test_a_key_that_is_refused_ends_it_at_once(style: Style) -> None:
    with Service(close_with(1012), refusals={1: (401, {})}) as server:
        async with connected(style, server) as connection:
            await until(connection, "reconnecting")
            with pytest.raises(ReconnectFailedError, match="after 1 attempt,") as caught:
                await connection.recv()
        assert isinstance(caught.value.__cause__, AuthenticationError)
        assert len(server.requests) == 2


async def test_so_many_drops_and_no_more(style: Style) -> None:
    with Service(close_with(1012)) as server:
        async with connected(style, server, ReconnectPolicy(delay=0.01, reconnects=2)) as connection:
            with pytest.raises(ConnectionClosed, match="1012"):
                await until(connection, "never")
        assert len(server.requests) == 3


async def test_retry_after_is_kept_to(style: Style) -> None:
    with Service(close_with(1012), answering, refusals={1: (429, {"Retry-After": "1"})}) as server:
        async with connected(style, server) as connection:
            _, before = await until(connection, "reconnected")
        assert [event.attempt for event in before] == [1, 2]
        assert before[0].delay < 1 <= before[1].delay


async def test_a_drop_while_restoring_is_one_more_attempt(style: Style) -> None:
    async def restoring_fails(peer: Peer) -> None:
        await peer.recv()
        peer.drop()

    with Service(drop_at("drop.me"), restoring_fails, answering) as server:
        async with connected(style, server) as connection:
            await connection.conversation.item.create(item=say("one"))
            item = (await until(connection, "conversation.item.created"))[0].item
            await connection.send({"type": "drop.me"})
            reconnected, before = await until(connection, "reconnected")
        assert [event.attempt for event in before] == [1, 2]
        assert reconnected.restored == [item.id]


async def test_a_service_that_confirms_nothing_is_given_up_in_time(style: Style) -> None:
    async def says_nothing(peer: Peer) -> None:
        await peer.listen()

    with Service(drop_at("drop.me"), says_nothing) as server:
        options = {"handshake_timeout": 0.3}
        policy = ReconnectPolicy(delay=0.01, attempts=1)
        async with connected(style, server, policy, connection_options=options) as connection:
            await connection.conversation.item.create(item=say("one"))
            await until(connection, "conversation.item.created")
            await connection.send({"type": "drop.me"})
            with pytest.raises(ReconnectFailedError) as caught:
                await until(connection, "never")
        cause = caught.value.__cause__
        assert isinstance(cause, ConnectTimeoutError)
        assert "has not confirmed yet what restores the session" in str(cause)
        await style.wait_for(server.wait_for_quiet)


# Connecting in the first place


async def test_the_first_dial_is_retried_only_if_asked(style: Style) -> None:
    with Service(answering, refusals={0: (503, {}), 1: (503, {}), 2: (401, {})}) as server:
        with pytest.raises(ServiceUnavailableError):
            async with connected(style, server):
                pass
        with pytest.raises(AuthenticationError):
            async with connected(style, server, ReconnectPolicy(delay=0.01, first_dial=True)):
                pass
        assert len(server.requests) == 3
        async with connected(style, server, ReconnectPolicy(delay=0.01, first_dial=True)):
            pass


async def test_the_first_dial_gives_up_too(style: Style) -> None:
    with Silence() as server:
        endpoint = server.endpoint
    with pytest.raises(ConnectError):
        async with style.connect(
            endpoint=endpoint,
            credential="k",
            model="m",
            reconnect=ReconnectPolicy(delay=0.01, attempts=2, first_dial=True),
        ):
            pass


async def test_a_policy_is_a_policy(style: Style) -> None:
    with pytest.raises(TypeError, match="reconnect must be a ReconnectPolicy, not bool"):
        style.facade.connect(endpoint="http://localhost:1", credential="k", model="m", reconnect=True)


# Renewal and agents


async def test_a_session_is_renewed_before_it_expires(style: Style) -> None:
    with Service(answering, session={"expires_at": int(time.time()) + 2}) as server:
        async with connected(style, server, ReconnectPolicy(reconnects=0)) as connection:
            await connection.conversation.item.create(item=say("one"))
            item = (await until(connection, "conversation.item.created"))[0].item
            server.session = {}
            reconnecting = await connection.recv()
            assert (reconnecting.type, reconnecting.error, reconnecting.delay) == ("reconnecting", None, 0)
            reconnected = await connection.recv()
            assert (reconnected.restored, reconnected.lost) == ([item.id], [])
        assert len(server.requests) == 2


async def test_an_agents_conversation_goes_on_by_its_id(style: Style) -> None:
    agent = {"type": "agent", "name": "a", "agent_id": "a", "thread_id": "thread_7"}
    with Service(drop_at("drop.me"), answering, session={"agent": agent}) as server:
        async with connected(style, server, model=None, agent_name="a", project_name="p") as connection:
            await connection.conversation.item.create(item=say("one"))
            await until(connection, "conversation.item.created")
            await connection.send({"type": "drop.me"})
            reconnected, _ = await until(connection, "reconnected")
            assert reconnected.restored == []
        server.wait_for_quiet()
        assert "conversation-id" not in server.requests[0].path
        assert "conversation-id=thread_7" in server.requests[1].path
        assert server.sent(1) == []


# Time, closing and cancelling


async def test_a_timeout_in_the_gap_loses_nothing(style: Style) -> None:
    with Service(close_with(1012), answering) as server:
        async with connected(style, server, ReconnectPolicy(delay=0.5, jitter=0)) as connection:
            await until(connection, "reconnecting")
            with pytest.raises(ReceiveTimeoutError):
                await connection.recv(timeout=0.01)
            assert (await connection.recv()).type == "reconnected"


@pytest.mark.parametrize("stuck", ["waiting", "credential", "dialling", "restoring"])
async def test_close_ends_it_at_once(style: Style, stuck: str) -> None:
    arrived, over = threading.Event(), threading.Event()

    async def says_nothing(peer: Peer) -> None:
        arrived.set()
        await peer.listen()

    def key() -> str:
        if server.requests and stuck == "credential":
            arrived.set()
            over.wait(20)
        return "k"

    wait = 3600 if stuck == "waiting" else 0.01
    policy = ReconnectPolicy(delay=wait, max_delay=wait, jitter=0)
    silent = {1} if stuck == "dialling" else set[int]()
    with Service(drop_at("drop.me"), says_nothing, silent=silent, arrived=arrived) as server:
        async with connected(style, server, policy, credential=key) as connection:
            await connection.conversation.item.create(item=say("one"))
            await until(connection, "conversation.item.created")
            await connection.send({"type": "drop.me"})
            await until(connection, "reconnecting")

            async def close() -> None:
                if stuck == "waiting":
                    await style.checkpoint()
                else:
                    await style.wait_for(lambda: arrived.wait(20))
                await connection.close()

            began = time.monotonic()
            async with style.background() as start:
                start(close)
                with pytest.raises(ConnectionClosed) as caught:
                    await connection.recv()
            over.set()
            assert time.monotonic() - began < 10
            assert (caught.value.code, caught.value.initiated_by) == (1000, "client")
            with pytest.raises(ConnectionClosed):
                await connection.response.create()
        await style.wait_for(server.wait_for_quiet)


@pytest.mark.parametrize("style", [AsyncStyle("asyncio"), AsyncStyle("trio")], ids=lambda style: style.name)
async def test_cancelling_while_it_restores_leaves_nothing_and_the_next_call_begins_anew(style: AsyncStyle) -> None:
    asked = threading.Event()

    async def says_nothing(peer: Peer) -> None:
        asked.set()
        await peer.listen()

    with Service(drop_at("drop.me"), says_nothing, answering) as server:
        async with connected(style, server) as connection:
            await connection.conversation.item.create(item=say("one"))
            await until(connection, "conversation.item.created")
            await connection.send({"type": "drop.me"})
            await until(connection, "reconnecting")
            async with anyio.create_task_group() as group:
                group.start_soon(connection.recv)
                await style.wait_for(asked.wait)
                group.cancel_scope.cancel()
            await style.wait_for(server.wait_for_quiet)
            reconnected = await connection.recv()
            assert len(reconnected.restored) == 1


# With the embedded service


async def test_a_conversation_with_the_embedded_service_survives_drops(style: Style) -> None:
    faults = [f"connection={number} after=response.done drop" for number in (1, 2)]
    with Emulator(faults=faults, speed=1000) as emulator:
        async with style.connect(
            endpoint=emulator.endpoint, credential=emulator.api_key, model="gpt-realtime", reconnect=QUICK
        ) as connection:
            await connection.session.update(session={"modalities": ["text"], "turn_detection": None})
            restored: list[list[str]] = []
            for number in range(3):
                await connection.conversation.item.create(item=say(f"Number {number}."))
                await connection.response.create()
                await until(connection, "response.done")
                if number < 2:
                    reconnected, _ = await until(connection, "reconnected")
                    assert reconnected.lost == []
                    restored.append(reconnected.restored)
        assert [len(ids) for ids in restored] == [2, 4]
        assert restored[1][:2] == restored[0]

"""A service that breaks its connections at random moments, and tells afterwards what its last session holds.

    soak_service.py SEED

Prints its port, and ends with its standard input. A client names itself in the query of its address,
``client=NAME&drops=COUNT&every=SECONDS&chunk=BYTES``; its connections are broken, about every so many seconds, until it
has had its drops. ``GET /state?client=NAME`` gives the items of its last session and the drops by moment.

Every connection is a new session that knows nothing of those before, as with the real service: what it holds in the end
is what the client has put into it. Answers come in order, a few milliseconds late, so that some are lost in each drop.
"""

from __future__ import annotations

import asyncio
import base64
import collections
import itertools
import json
import random
import socket
import struct
import sys
import threading
import urllib.parse
from typing import Any, cast

import framing
import harness
from websockets.utils import apply_mask

Json = dict[str, Any]

APPEND = b'{"type":"input_audio_buffer.append","audio":"'
MARK = 12
"""Bytes at the beginning of each chunk of audio that tell which one it is."""
TICK = 0.005
MOMENTS = ("idle", "append", "command", "unread message", "restoring", "answer", "response", "half an answer")
HOWS = ("reset", "reset", "end", "close")
# What the client's policy takes for a reason to come again.
CLOSES = (1001, 1005, 1011, 1012, 1013)
WORDS = 12
DELTA = base64.b64encode(bytes(4800)).decode()

ids = itertools.count(1)


def new_id(kind: str) -> str:
    return f"{kind}_s{next(ids)}"


class Client:
    """What is remembered of a client over its connections."""

    def __init__(self, name: str, drops: int, every: float, seed: str) -> None:
        self.name = name
        self.left = drops
        self.every = every
        # Breaks come so fast that answers are handed out in pieces.
        self.quick = every <= 1
        self.random = random.Random(f"{seed} {name}")
        self.drops: collections.Counter[str] = collections.Counter()
        self.hows: collections.Counter[str] = collections.Counter()
        self.refused = 0
        self.last: Session | None = None

    def state(self) -> Json:
        assert self.last is not None
        return {
            "items": self.last.items,
            "heard": self.last.buffer,
            "drops": self.drops,
            "hows": self.hows,
            "refused": self.refused,
            "left": self.left,
        }


class Session:
    """One session: carries out the client's events, in order."""

    def __init__(self) -> None:
        self.chunk = 480
        self.items: list[Json] = []
        self.buffer: list[str] = []
        self.session: Json = {
            "id": new_id("sess"),
            "model": "soak",
            "input_audio_format": "pcm16",
            "input_audio_sampling_rate": 24000,
            "turn_detection": None,
        }
        self.out: collections.deque[bytes] = collections.deque()
        self.response: str | None = None
        self.item: Json | None = None
        self.call = False
        self.words = 0
        self.untranscribed: list[Json] = []

    def emit(self, kind: str, **fields: Any) -> None:
        event = {"type": kind, "event_id": new_id("ev"), **fields}
        self.out.append(framing.text(json.dumps(event, separators=(",", ":")).encode()))

    def refuse(self, event: Json, code: str) -> None:
        error = {"type": "invalid_request_error", "code": code, "message": "no", "event_id": event.get("event_id")}
        self.emit("error", error=error)

    def take(self, message: bytes) -> str:
        if message.startswith(APPEND):
            start = len(APPEND)
            self.buffer.append(base64.b64decode(message[start : start + MARK // 3 * 4]).decode())
            return "append"
        event = json.loads(message)
        getattr(self, "_" + event["type"].replace(".", "_"))(event)
        return "command"

    def _session_update(self, event: Json) -> None:
        self.session |= event["session"]
        self.emit("session.updated", session=self.session)

    def _insert(self, item: Json, index: int | None = None) -> None:
        at = len(self.items) if index is None else index
        self.items.insert(at, item)
        shown = {"object": "realtime.item", "status": "completed", **item}
        if "content" in item:
            shown["content"] = [{k: v for k, v in part.items() if k != "audio"} for part in item["content"]]
        self.emit("conversation.item.created", previous_item_id=self.items[at - 1]["id"] if at else None, item=shown)

    def _find(self, item_id: str) -> int | None:
        return next((i for i, item in enumerate(self.items) if item["id"] == item_id), None)

    def _conversation_item_create(self, event: Json) -> None:
        item, previous = event["item"], event.get("previous_item_id")
        if self._find(item["id"]) is not None:
            self.refuse(event, "duplicate_item_id")
            return
        index = None
        if previous == "root":
            index = 0
        elif previous is not None:
            found = self._find(previous)
            if found is None:
                self.refuse(event, "invalid_previous_item_id")
                return
            index = found + 1
        for part in item.get("content", ()):
            if part["type"] == "input_audio":
                # Put in again by a client that knew no transcript yet: it is recognized here.
                data = base64.b64decode(part["audio"])
                part["chunks"] = [data[i : i + MARK].decode() for i in range(0, len(data), self.chunk)]
                part["audio"] = ""
                self.untranscribed.append(item)
        self._insert(item, index)

    def _conversation_item_delete(self, event: Json) -> None:
        found = self._find(event["item_id"])
        if found is None:
            self.refuse(event, "invalid_item_id")
            return
        del self.items[found]
        self.emit("conversation.item.deleted", item_id=event["item_id"])

    def _input_audio_buffer_commit(self, event: Json) -> None:
        if not self.buffer:
            self.refuse(event, "input_audio_buffer_commit_empty")
            return
        item_id, chunks, self.buffer = new_id("item"), self.buffer, []
        previous = self.items[-1]["id"] if self.items else None
        self.emit("input_audio_buffer.committed", item_id=item_id, previous_item_id=previous)
        content = [{"type": "input_audio", "transcript": None, "chunks": chunks}]
        item = {"id": item_id, "type": "message", "role": "user", "content": content}
        self._insert(item)
        self.untranscribed.append(item)

    def transcribe(self) -> None:
        item = self.untranscribed.pop(0)
        part = item["content"][0]
        words = " ".join(part["chunks"])
        part["transcript"] = words
        kind = "conversation.item.input_audio_transcription.completed"
        self.emit(kind, item_id=item["id"], content_index=0, transcript=words)

    def _response_create(self, event: Json) -> None:
        if self.response is not None:
            self.refuse(event, "conversation_already_has_active_response")
            return
        self.response, self.words = new_id("resp"), 0
        self.call = (event.get("response") or {}).get("instructions") == "call"
        self.emit("response.created", response={"id": self.response, "status": "in_progress", "output": []})
        kind: Json = {"type": "message", "role": "assistant", "content": []}
        if self.call:
            kind = {"type": "function_call", "name": "f", "call_id": new_id("call"), "arguments": ""}
        self.item = {"id": new_id("item"), "status": "in_progress", **kind}
        self.emit("response.output_item.added", response_id=self.response, output_index=0, item=self.item)
        self._insert(self.item)

    def speak(self) -> None:
        """Go on with the response that is under way."""
        item = self.item
        assert item is not None
        where = {"response_id": self.response, "item_id": item["id"], "output_index": 0}
        if self.words < WORDS:
            self.words += 1
            word = f"{item['id']}.{self.words} "
            if self.call:
                item["arguments"] += word
                self.emit("response.function_call_arguments.delta", **where, call_id=item["call_id"], delta=word)
                return
            said = item["content"][0]["transcript"] if item["content"] else ""
            item["content"] = [{"type": "audio", "transcript": said + word}]
            self.emit("response.audio_transcript.delta", **where, content_index=0, delta=word)
            self.emit("response.audio.delta", **where, content_index=0, delta=DELTA)
            return
        if self.call:
            call = {name: item[name] for name in ("call_id", "name", "arguments")}
            self.emit("response.function_call_arguments.done", **where, **call)
        item["status"] = "completed"
        del where["item_id"]
        self.emit("response.output_item.done", **where, item=item)
        self.emit("response.done", response={"id": self.response, "status": "completed", "output": [item]})
        self.response = self.item = None


class Connection(asyncio.Protocol):
    """One connection, and what ends it."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.data = bytearray()
        self.client: Client | None = None
        self.session = Session()
        self.plan: tuple[str, int] | None = None
        self.gone = False
        self.received = 0
        self.spoke = 0.0
        self.restore_size = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        sock = self.transport.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone = True
        self.service.open.discard(self)

    def data_received(self, data: bytes) -> None:
        if self.gone:
            return
        self.data += data
        if self.client is None:
            if b"\r\n\r\n" in self.data:
                self.opened(bytes(self.data))
            return
        start = 0
        while not self.gone:
            header, length = framing.frame_size(self.data, start)
            end = start + header + length
            if not header or end > len(self.data):
                break
            if self.plan and self.plan[0] == "unread message" and self.received >= self.plan[1]:
                self.drop()
                break
            self.frame(self.data[start] & 0x0F, bytes(self.data[start:end]), header)
            start = end
        del self.data[:start]

    def opened(self, request: bytes) -> None:
        self.data.clear()
        target = urllib.parse.urlsplit(request.split(b" ", 2)[1].decode())
        query = dict(urllib.parse.parse_qsl(target.query))
        client = self.service.client(query)
        if target.path == "/state":
            body = json.dumps(client.state()).encode()
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            self.transport.write(head.encode() + body)
            self.transport.close()
            self.gone = True
            return
        if client.last is not None and client.left and client.random.random() < 0.05:
            client.refused += 1
            self.transport.write(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
            self.transport.close()
            self.gone = True
            return
        self.client = client
        self.session.chunk = int(query["chunk"])
        self.restore_size = len(client.last.items) if client.last is not None else 0
        client.last = self.session
        self.transport.write(framing.accept(request))
        self.session.emit("session.created", session=self.session.session)
        if client.left:
            self.make_plan(client)
        self.service.open.add(self)

    def make_plan(self, client: Client) -> None:
        pick = client.random
        moment = pick.choice(MOMENTS)
        if client.quick:
            commands = pick.randint(1, 40)
            at = {"restoring": pick.randint(1, self.restore_size + 1), "response": pick.randint(1, WORDS)}
            self.arm(moment, at.get(moment, self.restore_size + commands))
            # Whatever it was to be, it does not take for ever.
            self.service.loop.call_later(client.every * (0.2 + pick.random()), self.idle)
        elif moment == "restoring" and pick.random() < 0.2:
            self.arm(moment, pick.randint(1, self.restore_size + 1))
        else:
            seconds = client.every * (0.5 + pick.random())
            self.service.loop.call_later(seconds, self.arm, "append" if moment == "restoring" else moment, 0)
            self.service.loop.call_later(seconds + 5, self.idle)

    def arm(self, moment: str, at: int) -> None:
        """Break the connection at the next such moment, once so many messages came, or so many words were said."""
        self.plan = moment, at
        if moment == "idle" and at == 0:
            self.idle()

    def idle(self) -> None:
        if not self.gone and self.plan is not None:
            self.plan = ("response" if self.session.response else "idle"), 0
            self.drop()

    def frame(self, opcode: int, frame: bytes, header: int) -> None:
        if opcode == 0x9:
            self.transport.write(framing.pong(frame))
        elif opcode == 0x8:
            self.transport.write(framing.CLOSE)
            self.transport.close()
            self.gone = True
        elif opcode == 0x1:
            self.received += 1
            mask, payload = frame[header - 4 : header], frame[header:]
            # Of audio the head is enough.
            head = apply_mask(payload[:80], mask)
            message = head if head.startswith(APPEND) else apply_mask(payload, mask)
            kind = self.session.take(message)
            if self.plan is not None and self.plan[0] in (kind, "restoring") and self.received >= self.plan[1]:
                self.drop()

    def flush(self, now: float) -> None:
        """Send some of what is due, and go on with the response."""
        session, client = self.session, self.client
        if self.gone or client is None:
            return
        if session.response is not None and now - self.spoke > (0.1 if not client.quick else 0.004):
            self.spoke = now
            session.speak()
            if self.plan and self.plan[0] == "response" and session.words >= self.plan[1]:
                self.send(session, client)
                self.drop()
                return
        if session.untranscribed and client.random.random() < 0.1:
            session.transcribe()
        self.send(session, client)

    def send(self, session: Session, client: Client) -> None:
        if not session.out:
            return
        count = client.random.randint(1, len(session.out)) if client.quick else len(session.out)
        data = b"".join(session.out.popleft() for _ in range(count))
        if self.plan and self.received >= self.plan[1]:
            if self.plan[0] == "answer":
                self.transport.write(data)
                self.drop()
                return
            if self.plan[0] == "half an answer":
                self.transport.write(data[: client.random.randint(1, len(data) - 1)])
                self.drop()
                return
        self.transport.write(data)

    def drop(self) -> None:
        """Break the connection."""
        client, plan = self.client, self.plan
        assert client is not None
        assert plan is not None
        self.gone, self.plan = True, None
        client.left -= 1
        client.drops[plan[0]] += 1
        how = client.random.choice(HOWS if plan[0] != "half an answer" else HOWS[:3])
        client.hows[how] += 1
        if how == "reset":
            sock = self.transport.get_extra_info("socket")
            sock.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
            )
            self.transport.abort()
        elif how == "end":
            self.transport.close()
        else:
            code = client.random.choice(CLOSES)
            self.transport.write(b"\x88\x00" if code == 1005 else b"\x88\x02" + struct.pack(">H", code))
            self.transport.close()


class Service:
    def __init__(self, seed: str) -> None:
        self.seed = seed
        self.clients: dict[str, Client] = {}
        self.open: set[Connection] = set()
        self.loop = asyncio.get_running_loop()

    def client(self, query: dict[str, str]) -> Client:
        name = query["client"]
        if name not in self.clients:
            self.clients[name] = Client(name, int(query["drops"]), float(query["every"]), self.seed)
        return self.clients[name]

    async def tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            now = self.loop.time()
            for connection in tuple(self.open):
                connection.flush(now)


def end_with_parent() -> None:
    sys.stdin.read()
    harness.leave()


async def main(seed: str) -> None:
    harness.pin(harness.SERVER_CORE)
    harness.allow_many_files()
    service = Service(seed)
    server = await service.loop.create_server(lambda: Connection(service), "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    threading.Thread(target=end_with_parent, daemon=True).start()
    await service.tick()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))

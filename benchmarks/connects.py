"""TLS 1.3 connects of the blocking driver in a row: how many, how many failed, how long the slowest took.

    python benchmarks/connects.py [count]

The server is websockets' own on asyncio, which sends its session tickets and a message right behind the handshake:
against it, clients that use one TLS object from two threads stall about once in 300 to 500 connects.
"""

from __future__ import annotations

import asyncio
import ssl
import statistics
import sys
import threading
import time

import trustme
import websockets.asyncio.server

from voicelive.exceptions import VoiceLiveError
from voicelive.protocol.address import Address
from voicelive.protocol.options import TransportOptions
from voicelive.transport.blocking import connect

LIMIT = 10.0
"""Seconds after which a connect counts as stalled."""


class Server(threading.Thread):
    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(daemon=True)
        self.context = context
        self.ready = threading.Event()
        self.port = 0

    def run(self) -> None:
        asyncio.run(self.serve())

    async def serve(self) -> None:
        async with websockets.asyncio.server.serve(self.greet, "127.0.0.1", 0, ssl=self.context) as server:
            self.port = next(iter(server.sockets)).getsockname()[1]
            self.ready.set()
            await server.serve_forever()

    async def greet(self, connection: websockets.asyncio.server.ServerConnection) -> None:
        await connection.send("hello")
        await connection.wait_closed()


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    authority = trustme.CA()
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.minimum_version = ssl.TLSVersion.TLSv1_3
    authority.issue_cert("127.0.0.1").configure_cert(server_context)
    client_context = ssl.create_default_context()
    authority.configure_trust(client_context)
    server = Server(server_context)
    server.start()
    server.ready.wait()

    address = Address(True, "127.0.0.1", server.port, "/")
    options = TransportOptions(ssl_context=client_context, handshake_timeout=LIMIT)
    times: list[float] = []
    failed = 0
    for number in range(count):
        begun = time.monotonic()
        try:
            transport = connect(address, (), options, deadline=begun + LIMIT)
            transport.receive(LIMIT)
            times.append(time.monotonic() - begun)
            transport.close()
        except VoiceLiveError as error:
            failed += 1
            print(f"connect {number}: {error}", file=sys.stderr)
    if times:
        print(
            f"{count} connects, {failed} failed; until the first message, in ms: "
            f"median {statistics.median(times) * 1000:.2f}, slowest {max(times) * 1000:.1f}"
        )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

"""One contender against a server, in a process of its own: prints what it measured as JSON.

    client.py CONTENDER flood|connect|round_trip|talk|idle|sustain PORT COUNT [CA_FILE]

What COUNT counts is said by each measure. The measures are written twice, for clients to await and for those that
block, which need threads to talk and to listen at once.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time

import contenders
import harness

START = {"type": "input_audio_buffer.clear"}


class Clock:
    """CPU and wall time since it was made, in seconds."""

    def __init__(self) -> None:
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def read(self) -> dict[str, float]:
        return {"wall": time.perf_counter() - self.wall, "cpu": time.process_time() - self.cpu}


def main(contender: str, measure: str, port: int, count: int, ca: str | None) -> None:
    harness.pin(harness.CLIENT_CORE)
    harness.allow_many_files()
    begun = time.perf_counter()
    adapter = contenders.adapter(contender, port, ca)
    loop = contender.split(":")[1]
    if loop == "blocking":
        import measures_blocking

        result = getattr(measures_blocking, measure)(adapter, count)
    else:
        import measures_async

        work = getattr(measures_async, measure)
        if loop == "trio":
            import trio

            result = trio.run(work, adapter, measures_async.Trio(), count)
        else:
            runner = asyncio.run
            if loop == "uvloop":
                import uvloop

                runner = uvloop.run
            result = runner(work(adapter, measures_async.Asyncio(), count))
    if measure == "connect":
        first, *later = result
        # From the start of the interpreter to the first event: what a program pays that connects once.
        result = {"program": first["total"], "first": first["ready"] - begun}
        result |= {key: statistics.median(times[key] for times in later) for key in ("wall", "cpu")}
    print(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:3], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5] if len(sys.argv) > 5 else None)

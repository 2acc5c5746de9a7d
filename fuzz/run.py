"""Fuzz ``target.py``.

    run.py [--runs 1000000] [--seconds N] [--seed N] [--plain] [FILE ...]

With atheris (coverage-guided; Linux, ``pip install atheris``), or by chance where there is none or with ``--plain``.
Files are taken one by one, without changes: what was found is repeated so. What is found is written to
``fuzz/found-…``; then it exits with an error.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import logging
import random
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

HERE = Path(__file__).resolve().parent
DATA = HERE.parent / "tests" / "data"
LONGEST = 8192


def seeds() -> list[bytes]:
    """Return the corpus: what is in ``corpus``, every event of ``tests/data``, and conversations of several events."""
    found = [path.read_bytes() for path in sorted((HERE / "corpus").iterdir())]
    events: list[bytes] = []
    for name in ("events", "as_sent", "beyond"):
        for line in (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
            event = json.loads(line)
            events.append(json.dumps(event.get("event", event), ensure_ascii=False, separators=(",", ":")).encode())
    return found + events + [b"\n".join(events[at : at + 8]) for at in range(0, len(events), 8)]


def words() -> list[bytes]:
    """Return what is put into inputs: names and values of the protocol, and what JSON and WebSocket stumble over."""
    found: set[bytes] = set()

    def collect(value: object) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                found.add(b'"%s"' % key.encode())
                collect(inner)
        elif isinstance(value, list):
            for inner in value:
                collect(inner)
        elif isinstance(value, str) and len(value) < 60:
            found.add(json.dumps(value).encode())

    for seed in seeds():
        for line in seed.split(b"\n"):
            with suppress(ValueError, RecursionError):
                collect(json.loads(line))
    odd = [b"null", b"true", b"NaN", b"-Infinity", b"1e999", b"-0", b"1" * 5000, b'""', b"[]", b"{}", b'"\\ud800"']
    frames = [b"\x81\x7f", b"\x81\x7e\xff\xff", b"\x88\x02\x03\xe8", b"\x89\x00", b"\x8a\x00", b"\x01\x00", b"\x80\x00"]
    return sorted(found) + odd + frames + [b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\0", b"\r\n\r\n", b"[" * 3000]


class Mutator:
    """Changes inputs by chance; the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.seeds = seeds()
        self.words = words()

    def next(self) -> bytes:
        pick = self.random
        data = bytearray(pick.choice(self.seeds))
        for _ in range(pick.choice((1, 1, 1, 2, 3, 5, 8))):
            at = pick.randrange(len(data) + 1)
            to = min(len(data), at + pick.choice((1, 1, 2, 4, 16, 64, 256)))
            match pick.randrange(8):
                case 0:
                    del data[at:to]
                case 1:
                    data[at:to] = pick.choice(self.words)
                case 2:
                    data[at:at] = pick.choice(self.words)
                case 3:
                    data[at:to] = pick.randbytes(to - at)
                case 4:
                    data[at:at] = data[at:to] * pick.randint(1, 4)
                case 5:
                    other = pick.choice(self.seeds)
                    start = pick.randrange(len(other) + 1)
                    data[at:to] = other[start : start + 64]
                case 6:
                    self._replace_value(data)
                case _:
                    data[at:at] = b"\n" + pick.choice(self.seeds)
        return bytes(data[:LONGEST])

    def _replace_value(self, data: bytearray) -> None:
        """Put another value behind a name, so that the JSON stays whole."""
        colons = [at for at, byte in enumerate(data) if byte == 0x3A]
        if not colons:
            return
        start = self.random.choice(colons) + 1
        end = start
        while end < len(data) and data[end] not in b",}]":
            end += 1
        data[start:end] = self.random.choice(self.words)


def plain(test: Callable[[bytes], None], runs: int, seconds: float, seed: int) -> int:
    """Run by chance; return how many inputs there were."""
    mutator, begun = Mutator(seed), time.monotonic()
    inputs = iter(mutator.seeds)
    for done in range(runs):
        data = next(inputs, None)
        data = mutator.next() if data is None else data
        try:
            test(data)
        except BaseException:
            keep(data)
            raise
        if (done + 1) % 50_000 == 0:
            print(f"{done + 1:,} inputs, {time.monotonic() - begun:.0f} s", flush=True)
        if time.monotonic() - begun > seconds:
            return done + 1
    return runs


def keep(data: bytes) -> None:
    path = HERE / f"found-{hashlib.sha256(data).hexdigest()[:16]}"
    path.write_bytes(data)
    print(f"found something: {path}", file=sys.stderr)


def guided(runs: int, seconds: float, seed: int) -> None:
    """Run with atheris, which ends the process."""
    import atheris

    with atheris.instrument_imports(include=["voicelive"]):
        from target import test_one_input
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder, "corpus")
        corpus.mkdir()
        for number, data in enumerate(seeds()):
            (corpus / f"{number:04}").write_bytes(data)
        dictionary = Path(folder, "words")
        entries = ["".join(f"\\x{byte:02x}" for byte in word) for word in words() if len(word) < 64]
        dictionary.write_text("".join(f'"{entry}"\n' for entry in entries))
        options = [f"-runs={runs}", f"-seed={seed}", f"-max_len={LONGEST}", f"-dict={dictionary}", "-timeout=30"]
        options += [f"-artifact_prefix={HERE}/found-", "-rss_limit_mb=4096"]
        options += [f"-max_total_time={seconds:.0f}"] if seconds != float("inf") else []
        atheris.Setup([sys.argv[0], *options, str(corpus)], test_one_input)
        atheris.Fuzz()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plain", action="store_true")
    options = parser.parse_args()
    logging.getLogger("voicelive").setLevel(logging.CRITICAL)
    if not options.files and not options.plain and importlib.util.find_spec("atheris"):
        guided(options.runs, options.seconds, options.seed)
        return 0
    from target import test_one_input

    bad = 0
    for path in options.files:
        try:
            test_one_input(path.read_bytes())
        except Exception:
            bad += 1
            traceback.print_exc()
    if not options.files:
        begun = time.monotonic()
        done = plain(test_one_input, options.runs, options.seconds, options.seed)
        print(f"{done:,} inputs in {time.monotonic() - begun:.0f} s, nothing found")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())

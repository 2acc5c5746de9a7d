"""The queue of what is sent without waiting, without a connection."""

from __future__ import annotations

import threading
from typing import Any, cast

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from voicelive.exceptions import ConnectionClosed
from voicelive.protocol.queue import Left, QueueFull, SendQueue

LIMIT = 100
SIZES = st.integers(0, LIMIT + 10)


class Queue(RuleBasedStateMachine):
    """Puts and takes at random, and keeps account of it in the plainest way."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = SendQueue(LIMIT, threading.Lock())
        self.waiting: list[tuple[int, bytes, int | None]] = []
        self.taken: list[tuple[int, bytes, int | None]] = []
        self.count = 0
        self.dropped: list[int] = []

    @property
    def size(self) -> int:
        return sum(len(frame) for _, frame, _ in self.taken + self.waiting)

    @rule(size=SIZES)
    def put_event(self, size: int) -> None:
        if self.size + size > LIMIT:
            with pytest.raises(QueueFull):
                self.queue.put(bytes(size))
            return
        self.queue.put(bytes(size))
        self.count += 1
        self.waiting.append((self.count, bytes(size), None))

    @rule(size=SIZES, audio=st.integers(0, 50))
    def put_audio(self, size: int, audio: int) -> None:
        if size > LIMIT:
            with pytest.raises(ValueError, match="max_queued_bytes"):
                self.queue.put(bytes(size), audio)
            return
        self.queue.put(bytes(size), audio)
        self.count += 1
        self.waiting.append((self.count, bytes(size), audio))
        while self.size > LIMIT:
            oldest = next(item for item in self.waiting if item[2] is not None)
            self.waiting.remove(oldest)
            self.dropped.append(oldest[2] or 0)

    @rule()
    def take(self) -> None:
        frame = self.queue.take()
        if self.taken or not self.waiting:
            assert frame is None
        else:
            self.taken.append(self.waiting.pop(0))
            assert frame == self.taken[0][1]

    @rule()
    def done(self) -> None:
        self.queue.done()
        self.taken.clear()

    @precondition(lambda self: self.taken)
    @rule()
    def put_back(self) -> None:
        self.queue.put_back()
        self.waiting.insert(0, self.taken.pop())

    @rule()
    def take_dropped(self) -> None:
        assert self.queue.take_dropped() == (len(self.dropped), sum(self.dropped))
        self.dropped.clear()

    @rule(back=st.integers(0, 5))
    def passed(self, back: int) -> None:
        mark = self.queue.mark - back
        assert self.queue.passed(mark) == all(number > mark for number, _, _ in self.taken + self.waiting)

    @invariant()
    def is_bounded_and_counted(self) -> None:
        assert self.queue.size == self.size <= LIMIT
        assert self.queue.busy == bool(self.taken or self.waiting)

    def teardown(self) -> None:
        left = self.taken + self.waiting
        end = ConnectionClosed(1000)
        audio = sum(audio or 0 for _, _, audio in left)
        assert self.queue.finish(end) == Left(len(left), self.size, audio)
        assert self.queue.finish(ConnectionClosed(1006)) == Left(0, 0, 0)
        assert not self.queue.busy
        assert self.queue.passed(self.queue.mark)
        with pytest.raises(ConnectionClosed) as caught:
            self.queue.put(b"")
        assert caught.value is end


TestQueue = cast(Any, Queue).TestCase


def test_a_drop_is_news_only_once_until_the_queue_was_empty() -> None:
    queue = SendQueue(10, threading.Lock())
    assert [queue.put(bytes(6), 6) for _ in range(3)] == [False, True, False]
    queue.take()
    queue.done()
    assert [queue.put(bytes(6), 6) for _ in range(2)] == [False, True]

"""A worker's answer: put together from any pieces, and refused before it is held where it can be none."""

from __future__ import annotations

import json
import struct
import tracemalloc

import pytest

from fc_async.local import limits
from fc_async.local.workers.channel import BrokenChannel, FrameReader

HEADER = {"failed": False, "memory_kb": 7, "outside": ["yaml"]}


def frame(payload: bytes = b"done", **changes: object) -> bytes:
    head = json.dumps({**HEADER, **changes}).encode()
    return struct.pack("!II", len(head), len(payload)) + head + payload


@pytest.mark.parametrize("size", [1, 3, 7, 8, 9, 1000])
def test_an_answer_is_the_same_in_whatever_pieces_it_comes_and_so_is_the_next(size: int) -> None:
    reader = FrameReader()
    for payload in (b"", b"done", b"x" * 5000):
        data = frame(payload)
        *before, last = [reader.feed(data[at : at + size]) for at in range(0, len(data), size)]
        assert before == [None] * len(before)
        assert last is not None
        assert (last.payload, last.failed, last.memory_kb, last.outside_modules) == (payload, False, 7, ("yaml",))


@pytest.mark.parametrize(
    "data",
    [
        b"\xff" * 8,
        struct.pack("!II", 2, limits.SYNC_RESPONSE_BYTES + 1) + b"{}",
        frame() + b"x",
        frame()[:-1] + b"xx",
        frame(failed=1),
        frame(memory_kb=-1),
        frame(memory_kb="1"),
        frame(outside="yaml"),
        frame(outside=[1]),
        struct.pack("!II", 100_000, 0) + b"[" * 100_000,
    ],
)
@pytest.mark.parametrize("is_cut", [False, True])
def test_what_can_be_no_answer_is_refused(data: bytes, is_cut: bool) -> None:
    reader = FrameReader()
    pieces = (data[:8], data[8:]) if is_cut else (data,)
    with pytest.raises(BrokenChannel):
        list(map(reader.feed, pieces))


def test_what_is_claimed_and_does_not_come_is_not_held() -> None:
    reader = FrameReader()
    tracemalloc.start()
    try:
        reader.feed(struct.pack("!II", 100, limits.SYNC_RESPONSE_BYTES))
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


def test_a_large_answer_is_held_once_and_not_twice() -> None:
    payload_bytes = 8_000_000
    data = frame(b"x" * payload_bytes)
    reader = FrameReader()
    tracemalloc.start()
    try:
        *_, answer = [reader.feed(data[at : at + 65_536]) for at in range(0, len(data), 65_536)]
        assert answer is not None
        assert len(answer.payload) == payload_bytes
        assert tracemalloc.get_traced_memory()[1] < 1.5 * payload_bytes
    finally:
        tracemalloc.stop()


def test_a_name_of_a_module_that_no_module_has_is_cut() -> None:
    answer = FrameReader().feed(frame(outside=["x" * 100_000]))
    assert answer is not None
    assert answer.outside_modules == ("x" * 255,)

"""What a worker answers on its socket: two big-endian 32-bit lengths, a JSON header, a payload.

A handler runs in the worker and can write there what it likes. So a frame is held to what ours can be: one that claims
more, or goes on after its end, breaks the channel before it is held.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Any, Final

from .. import limits

LENGTHS: Final = struct.Struct("!II")
_HEADER_BYTES = 1 << 20
_MEMORY_KB = 1 << 40
_MODULES = 1000


class BrokenChannel(Exception):  # noqa: N818 - a reason to end the worker, never seen by a user
    """What came is no answer of ours."""


@dataclass(frozen=True)
class Frame:
    """One answer.

    Args:
        failed: whether the handler raised.
        memory_kb: most memory that the process has held; 0 where that cannot be told.
        outside_modules: names of third-party modules that were loaded from outside the code folder.
        payload: what it returned, or its error JSON.
    """

    failed: bool
    memory_kb: int
    outside_modules: tuple[str, ...]
    payload: bytes


def request_frame(request_id: str, event: bytes) -> bytes:
    """Return an invocation as it is sent to a worker."""
    head = b'{"request_id": "%b"}' % request_id.encode()
    return LENGTHS.pack(len(head), len(event)) + head + event


class FrameReader:
    """Puts one answer together from the pieces in which it comes."""

    def __init__(self) -> None:
        self._received = bytearray()

    def feed(self, data: bytes) -> Frame | None:
        """Take a piece; return the answer when it is whole; raises BrokenChannel for what cannot be one."""
        if not self._received and len(data) >= LENGTHS.size:
            header_bytes, payload_bytes = LENGTHS.unpack_from(data)
            start = LENGTHS.size + header_bytes
            if header_bytes <= _HEADER_BYTES and len(data) == start + payload_bytes:  # as nearly all come
                return _frame(data[LENGTHS.size : start], data[start:])
        self._received += data
        if len(self._received) < LENGTHS.size:
            return None
        header_bytes, payload_bytes = LENGTHS.unpack_from(self._received)
        if header_bytes > _HEADER_BYTES or payload_bytes > limits.SYNC_RESPONSE_BYTES:
            raise BrokenChannel
        start = LENGTHS.size + header_bytes
        missing = start + payload_bytes - len(self._received)
        if missing < 0:
            raise BrokenChannel
        if missing:
            return None
        with memoryview(self._received) as whole:
            frame = _frame(bytes(whole[LENGTHS.size : start]), bytes(whole[start:]))
        self._received = bytearray()
        return frame


def _frame(header: bytes, payload: bytes) -> Frame:
    try:
        said = json.loads(header)
        failed, memory_kb, modules = said["failed"], said["memory_kb"], said["outside"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BrokenChannel from None
    if not (isinstance(failed, bool) and isinstance(memory_kb, int) and 0 <= memory_kb < _MEMORY_KB):
        raise BrokenChannel
    if not _are_names(modules):
        raise BrokenChannel
    return Frame(failed, memory_kb, tuple(modules[:_MODULES]), payload)


def _are_names(modules: Any) -> bool:
    return isinstance(modules, list) and all(isinstance(name, str) for name in modules)

"""What a worker answers on its socket: two big-endian 32-bit lengths, a JSON header, a payload.

A handler runs in the worker and can write there what it likes. So a frame is held to what ours can be: one that claims
more, or goes on after its end, breaks the channel before it is held.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

from .. import limits

LENGTHS: Final = struct.Struct("!II")
_HEADER_BYTES = 1 << 20
_MEMORY_KB = 1 << 40
_MODULES = 1000
_NAME_CHARACTERS = 255


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
        self._begun = bytearray()  # lengths and header, until they are whole
        self._header = b""
        self._payload: BytesIO | None = None  # it hands on what it holds without a copy
        self._missing = 0

    def feed(self, data: bytes) -> Frame | None:
        """Take a piece; return the answer when it is whole; raises BrokenChannel for what cannot be one."""
        if self._payload is None:
            if not self._begun and len(data) >= LENGTHS.size:
                header_bytes, payload_bytes = LENGTHS.unpack_from(data)
                start = LENGTHS.size + header_bytes
                if header_bytes <= _HEADER_BYTES and len(data) == start + payload_bytes:  # as nearly all come
                    return _frame(data[LENGTHS.size : start], data[start:])
            self._begun += data
            rest = self._read_header()
            if rest is None:
                return None
            data, self._payload = rest, BytesIO()
        self._missing -= len(data)
        if self._missing < 0:
            raise BrokenChannel
        self._payload.write(data)
        if self._missing:
            return None
        whole, self._payload = self._payload, None
        return _frame(self._header, whole.getvalue())

    def _read_header(self) -> bytes | None:
        """Return what has come of the payload; None while lengths and header are not whole."""
        if len(self._begun) < LENGTHS.size:
            return None
        header_bytes, self._missing = LENGTHS.unpack_from(self._begun)
        if header_bytes > _HEADER_BYTES or self._missing > limits.SYNC_RESPONSE_BYTES:
            raise BrokenChannel
        start = LENGTHS.size + header_bytes
        if len(self._begun) < start:
            return None
        begun, self._begun = bytes(self._begun), bytearray()
        self._header = begun[LENGTHS.size : start]
        return begun[start:]


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
    return Frame(failed, memory_kb, tuple(name[:_NAME_CHARACTERS] for name in modules[:_MODULES]), payload)


def _are_names(modules: Any) -> bool:
    return isinstance(modules, list) and all(isinstance(name, str) for name in modules)

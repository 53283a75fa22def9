"""What is sent to a function: the rules that make bytes of what the caller passed, and how many there may be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..bounded_read import read_bounded
from ..checks import is_whole
from ..errors import ArgumentError

MAX_PAYLOAD_BYTES = 131072
"""Longest payload of an asynchronous invocation: "128 KB" on the limits page, read as 128 KiB (assumed)."""


MAX_SYNC_PAYLOAD_BYTES = 32 * 1024 * 1024
"""Longest payload of a synchronous invocation: "32 MB" on the limits page; no file is read further than this."""


def check_limit(max_payload_bytes: object) -> int | None:
    """Return the longest payload, None for no limit of ours.

    Raises:
        ArgumentError: it is no whole number from 0.
    """
    if max_payload_bytes is None or is_whole(max_payload_bytes, 0):
        return max_payload_bytes
    raise ArgumentError(
        f"max_payload_bytes: expected a whole number from 0, or None for no limit, got {str(max_payload_bytes)[:40]}"
    )


def payload_bytes(payload: Any, limit: int | None = None) -> bytes | None:
    """Return what is sent for a payload.

    Args:
        payload: text is UTF-8, bytes are as they are, a `Path` is read, None is no body, anything else is compact JSON.
        limit: most bytes that may be sent; None: the service decides.

    Raises:
        ArgumentError: it cannot become bytes, the file cannot be read, or there are too many bytes.
    """
    most = MAX_SYNC_PAYLOAD_BYTES if limit is None else limit
    raw = _raw(payload, most)
    if raw is not None and len(raw) > most and (limit is not None or isinstance(payload, Path)):
        count = f"at least {len(raw)}" if isinstance(payload, Path) else str(len(raw))
        if limit is None:
            raise ArgumentError(f"the payload has {count} bytes, and no invocation takes more than {most}")
        raise ArgumentError(
            f"the payload has {count} bytes, and an asynchronous invocation takes {limit};"
            " keep large data elsewhere and send its address, or raise max_payload_bytes if your account takes more"
        )
    return raw


def _raw(payload: Any, most: int) -> bytes | None:
    if payload is None:
        return None
    if isinstance(payload, (bytes, bytearray, memoryview)):
        return bytes(payload)
    try:
        if isinstance(payload, str):
            return payload.encode()
        if isinstance(payload, Path):
            return read_bounded(payload, most)
        return json.dumps(payload, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except OSError as error:
        reason = f"{payload}: {error.strerror or type(error).__name__}"
    except Exception as error:  # a dict of the caller's own class may raise what it likes
        reason = f"{type(payload).__name__} cannot be written as JSON or UTF-8 ({type(error).__name__})"
    raise ArgumentError(f"expected a payload of text, bytes, a readable Path or JSON values: {reason}")

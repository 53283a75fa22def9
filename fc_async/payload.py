"""What is sent to a function: the rules that make bytes of what the caller passed, and the names it goes to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .duration import whole_seconds
from .errors import ArgumentError
from .names import KNOWN_TASK_ID, NAME, TASK_ID

MAX_PAYLOAD_BYTES = 131072
"""Longest payload of an asynchronous invocation: "128 KB" on the limits page, read as 128 KiB (assumed)."""

MAX_DELAY_SECONDS = 3600
"""https://help.aliyun.com/zh/functioncompute/retry-policy"""


def payload_bytes(payload: Any, limit: int | None = None) -> bytes | None:
    """Return what is sent for a payload.

    Args:
        payload: text is UTF-8, bytes are as they are, a `Path` is read, None is no body, anything else is compact JSON.
        limit: most bytes that may be sent; None: the service decides.

    Raises:
        ArgumentError: it cannot become bytes, the file cannot be read, or there are too many bytes.
    """
    raw = _raw(payload)
    if limit is not None and raw is not None and len(raw) > limit:
        raise ArgumentError(
            f"the payload has {len(raw)} bytes, and an asynchronous invocation takes {limit};"
            " keep large data elsewhere and send its address, or raise max_payload_bytes if your account takes more"
        )
    return raw


def _raw(payload: Any) -> bytes | None:
    if payload is None:
        return None
    if isinstance(payload, (bytes, bytearray, memoryview)):
        return bytes(payload)
    try:
        if isinstance(payload, str):
            return payload.encode()
        if isinstance(payload, Path):
            return payload.read_bytes()
        return json.dumps(payload, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except OSError as error:
        reason = f"{payload}: {error.strerror or type(error).__name__}"
    except Exception as error:  # a dict of the caller's own class may raise what it likes
        reason = f"{type(payload).__name__} cannot be written as JSON or UTF-8 ({type(error).__name__})"
    raise ArgumentError(f"expected a payload of text, bytes, a readable Path or JSON values: {reason}")


def check_function(name: object) -> str:
    """Return the function's name.

    Raises:
        ArgumentError: it cannot be one; a `/` is the mark of FC 2.0, which has services.
    """
    if isinstance(name, str) and NAME.fullmatch(name):
        return name
    if isinstance(name, str) and "/" in name:
        raise ArgumentError(
            f"expected a function name without a service, got {name[:80]!r}: this is FC 3.0, which has no services"
            " (records of FC 2.0 can still be read)"
        )
    raise ArgumentError(
        f"expected a function name of letters, digits, '_' and '-', got {str(name)[:80]!r}; a qualifier is passed apart"
    )


def check_qualifier(qualifier: object) -> str | None:
    """Return the qualifier (a version, an alias or LATEST), or None.

    Raises:
        ArgumentError: it cannot be one.
    """
    if qualifier is None or (isinstance(qualifier, str) and NAME.fullmatch(qualifier)):
        return qualifier
    raise ArgumentError(f"qualifier: expected a version or an alias, got {str(qualifier)[:80]!r}")


def check_task_id(task_id: object) -> str:
    """Return the task id that an invocation is to get.

    Raises:
        ArgumentError: the service would not take it.
    """
    if isinstance(task_id, str) and TASK_ID.fullmatch(task_id):
        return task_id
    raise ArgumentError(
        "task_id: expected a letter or '_', then letters, digits, '_' or '-', 128 characters at most,"
        f" got {str(task_id)[:40]!r}"
    )


def check_known_task_id(task_id: object) -> str:
    """Return the id of a task that is there; where the caller gave none it is the request id, which begins otherwise.

    Raises:
        ArgumentError: it cannot be one.
    """
    if isinstance(task_id, str) and KNOWN_TASK_ID.fullmatch(task_id):
        return task_id
    raise ArgumentError(f"task_id: expected the id that the acceptance gave, got {str(task_id)[:40]!r}")


def check_delay(delay_seconds: object) -> int | None:
    """Return the delay in seconds, or None; a timedelta of whole seconds will do.

    Raises:
        ArgumentError: it is no whole number from 0 to 3600.
    """
    if delay_seconds is None:
        return None
    delay_seconds = whole_seconds(delay_seconds)
    if isinstance(delay_seconds, bool) or not isinstance(delay_seconds, int):
        raise ArgumentError(f"delay_seconds: expected whole seconds, got {type(delay_seconds).__name__}")
    if not 0 <= delay_seconds <= MAX_DELAY_SECONDS:
        raise ArgumentError(f"delay_seconds: expected 0 to {MAX_DELAY_SECONDS}, got {delay_seconds}")
    return delay_seconds

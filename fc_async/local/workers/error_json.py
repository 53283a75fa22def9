"""The error JSON of a failed execution, read: what a handler wrote is bounded, and never trusted to be JSON."""

from __future__ import annotations

import json
from typing import Any

from ..engine.invocation import KEPT_ERROR_BYTES

_MESSAGE_CHARACTERS = 200


def read_error(payload: bytes) -> dict[str, Any]:
    """Return errorMessage, errorType and stackTrace, as far as they are there.

    Args:
        payload: what the execution was answered with; what is no JSON object is the message itself.
    """
    try:
        value = json.loads(payload[:KEPT_ERROR_BYTES])
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        return {"errorMessage": payload[:KEPT_ERROR_BYTES].decode("utf-8", "replace")} if payload else {}
    return {key: value[key] for key in ("errorMessage", "errorType", "stackTrace") if key in value}


def in_one_line(error: str, payload: bytes) -> str:
    """Return an error for a line of the log: its code, then the type and message of what the handler raised.

    Args:
        error: the service's code, `UnhandledInvocationError`.
        payload: the error JSON.
    """
    said = read_error(payload)
    parts = (error, said.get("errorType"), said.get("errorMessage"))
    return ": ".join(str(part)[:_MESSAGE_CHARACTERS] for part in parts if part)

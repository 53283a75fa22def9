"""The error JSON that a runtime returns for a failed handler, read into one shape.

    Python     errorMessage, errorType, stackTrace: a list of [file, line, function, source line], as texts
    Node.js    errorMessage, errorType, stackTrace: a list of texts, the first one repeats the message
    Go         errorMessage, errorType; a panic also stackTrace: a list of {path, line, label}
    any        errorMessage only, when the process exited or ran out of time

Sources: error-handling-1-1 (Python), error-handling-nodejs and error-handling-4-1 (Go) below
https://www.alibabacloud.com/help/en/functioncompute/fc/. Of other runtimes nothing is known: their traces stay text.
"""

from __future__ import annotations

import json
import re

from . import strict_json
from .errors import RecordError
from .value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Frame(Value):
    """One line of a stack trace.

    Args:
        file: path of the source file; None where the runtime names none.
        line: line number, from 1; None where there is none.
        function: name of the function; None where there is none.
        text: the source line (Python), the line of the trace as written (Node.js and unknown shapes), or "" (Go).
    """

    __slots__ = ("file", "line", "function", "text")
    file: str | None
    line: int | None
    function: str | None
    text: str

    def __init__(self, file: str | None, line: int | None, function: str | None, text: str) -> None:
        self._fill(file, line, function, text)


class ErrorDetail(Value):
    """What went wrong in a handler or around it.

    Args:
        type: the exception's type where the runtime told it, else the service's error code.
        message: the runtime's message, else the response as text, "" where there is none.
        frames: the stack trace, in the order in which the runtime wrote it; empty where there is none.
    """

    __slots__ = ("type", "message", "frames")
    type: str
    message: str
    frames: tuple[Frame, ...]

    def __init__(self, type: str, message: str = "", frames: tuple[Frame, ...] = ()) -> None:  # noqa: A002 - the field's name
        self._fill(type, message, frames)


def read_error(payload: str | bytes | None, otherwise: str = "unknown") -> ErrorDetail:
    """Read an error response; never raises: what is not a runtime's error JSON becomes the message.

    Args:
        payload: the response of the failed invocation; None when there was none.
        otherwise: the type where the response names none.
    """
    raw = payload.encode("utf-8", "replace") if isinstance(payload, str) else payload or b""
    try:
        found = strict_json.loads(raw)
    except RecordError:
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("errorMessage"), str):
        return ErrorDetail(otherwise, payload if isinstance(payload, str) else raw.decode("utf-8", "replace"))
    kind, message = found.get("errorType"), found["errorMessage"]
    return ErrorDetail(
        kind if isinstance(kind, str) and kind else otherwise, message, _frames(found.get("stackTrace"), message)
    )


def _frames(trace: Any, message: str) -> tuple[Frame, ...]:
    if isinstance(trace, str):
        trace = trace.splitlines()
    if not isinstance(trace, list):
        return ()
    if trace and isinstance(trace[0], str) and _repeats(trace[0], message):
        trace = trace[1:]
    return tuple([_frame(item) for item in trace])


def _repeats(line: str, message: str) -> bool:
    return not line.lstrip().startswith("at ") and (line.strip() == message.strip() or line.endswith(": " + message))


def _frame(item: Any) -> Frame:
    if isinstance(item, list) and len(item) == 4 and all(isinstance(part, str) for part in item):
        return _python_frame(*item)
    if isinstance(item, dict) and isinstance(item.get("path"), str):
        label = item.get("label")
        return Frame(item["path"], _line(item.get("line")), label if isinstance(label, str) else None, "")
    if isinstance(item, str):
        return _node_frame(item.strip())
    return Frame(None, None, None, json.dumps(item, ensure_ascii=False))


def _python_frame(file: str, line: str, function: str, text: str) -> Frame:
    path = re.fullmatch(r'\s*File "(.*)"', file, re.DOTALL)
    return Frame(
        path[1] if path else file, _line(line.strip().removeprefix("line ")), function.strip().removeprefix("in "), text
    )


def _node_frame(text: str) -> Frame:
    # "at NAME (FILE:LINE:COLUMN)" or "at FILE:LINE:COLUMN"; cut from the right, without a pattern that backtracks.
    if not text.startswith("at "):
        return Frame(None, None, None, text)
    function, opened, place = text[3:].rpartition(" (")
    place = place[:-1] if opened and place.endswith(")") else place
    file, _, position = place.rpartition(":")
    file, _, line = file.rpartition(":")
    number = _line(line)
    if number is None or not position.isdigit():
        return Frame(None, None, function or None, text)
    return Frame(file, number, function or None, text)


def _line(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= strict_json.MAX_INTEGER_DIGITS:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None

"""The error JSON that a runtime returns for a failed handler, read into one shape.

    Python     errorMessage, errorType, stackTrace: a list of [file, line, function, source line], as texts
    Node.js    errorMessage, errorType, stackTrace: a list of texts, the first one repeats the message
    Go         errorMessage, errorType; a panic also stackTrace: a list of {path, line, label}
    any        errorMessage only, when the process exited or ran out of time

Each part is read for itself, so that one that is missing or of another type costs none of the others.

Sources: error-handling-1-1 (Python), error-handling-nodejs and error-handling-4-1 (Go) below
https://www.alibabacloud.com/help/en/functioncompute/fc/. Of other runtimes nothing is known: their traces stay text.
"""

from __future__ import annotations

import json
import re

from ..errors import RecordError
from ..value import Value
from . import strict_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Frame(Value):
    """One line of a stack trace.

    Args:
        file: path of the source file; None where the runtime names none.
        line: line number, from 1; None where there is none.
        function: name of the function; None where there is none.
        text: the source line (Python), the line of the trace without the space around it (Node.js), "" (Go); of any
            other shape the text, or the JSON of what is none, and all else is None.
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
    parts = found if isinstance(found, dict) else {}
    kind, message, trace = parts.get("errorType"), parts.get("errorMessage"), parts.get("stackTrace")
    if not isinstance(kind, str):
        kind = ""
    if not isinstance(message, str):
        return ErrorDetail(kind or otherwise, _as_text(payload), _frames(trace, "", kind))
    return ErrorDetail(kind or otherwise, message, _frames(trace, message, kind))


def _as_text(payload: str | bytes | None) -> str:
    return payload if isinstance(payload, str) else (payload or b"").decode("utf-8", "replace")


def _frames(trace: Any, message: str, kind: str) -> tuple[Frame, ...]:
    if trace is None:
        return ()
    if isinstance(trace, str):
        trace = trace.splitlines()
    if not isinstance(trace, list):
        return (_other(trace),)
    return tuple([_frame(item) for item in trace[_heading(trace, message, kind) :]])


def _heading(trace: list[Any], message: str, kind: str) -> int:
    """Return how many lines at the start of a Node.js trace repeat the message, which can have several itself."""
    for count in {1, len(message.split("\n"))}:
        lines = trace[:count]
        if len(lines) == count and all(isinstance(line, str) for line in lines) and _repeats(lines, message, kind):
            return count
    return 0


def _repeats(lines: list[str], message: str, kind: str) -> bool:
    head = "\n".join(lines).strip()
    if head.startswith("at "):
        return False
    if not message.strip():
        return head.removesuffix(":") in (kind, "Error", "")
    return head == message.strip() or head.endswith(": " + message.strip())


def _frame(item: Any) -> Frame:
    if isinstance(item, str):
        return _node_frame(item.strip())
    if isinstance(item, list) and len(item) == 4 and all(isinstance(part, str) for part in item):
        return _python_frame(*item) or _other(item)
    if isinstance(item, dict) and item.keys() == {"path", "line", "label"}:
        return _go_frame(item["path"], item["line"], item["label"]) or _other(item)
    return _other(item)


def _other(item: Any) -> Frame:
    return Frame(None, None, None, json.dumps(item, ensure_ascii=False))


def _python_frame(file: str, line: str, function: str, text: str) -> Frame | None:
    path, number = re.fullmatch(r'\s*File "(.*)"\s*', file, re.DOTALL), re.fullmatch(r"\s*line ([0-9]{1,20})\s*", line)
    name = function.strip()
    if path is None or number is None or not name.startswith("in "):
        return None
    return Frame(path[1], int(number[1]), name.removeprefix("in "), text)


def _go_frame(path: Any, line: Any, label: Any) -> Frame | None:
    if not isinstance(path, str) or not isinstance(label, str) or not isinstance(line, int) or isinstance(line, bool):
        return None
    return Frame(path, line, label, "")


def _node_frame(text: str) -> Frame:
    # "at NAME (FILE:LINE:COLUMN)" or "at FILE:LINE:COLUMN". Without a pattern, which would backtrack; the brackets are
    # those of the first " (" and the end, because a path is likelier to hold some than a name.
    if not text.startswith("at "):
        return Frame(None, None, None, text)
    function, opened, place = text[3:].partition(" (")
    if not opened or not place.endswith(")"):
        function, place = "", text[3:] + ")"
    file, _, column = place[:-1].rpartition(":")
    file, _, line = file.rpartition(":")
    if not file or not _is_number(line) or not _is_number(column):
        return Frame(None, None, function or None, text)
    return Frame(file, int(line), function or None, text)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= strict_json.MAX_INTEGER_DIGITS

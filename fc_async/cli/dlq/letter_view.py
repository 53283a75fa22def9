"""A letter as people read it (a row, fields) and as programs do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .find import FORGOTTEN

if TYPE_CHECKING:
    from ...dlq.key_fields import KeyFields
    from ...mns.letter import Letter
    from ...records.error_detail import Frame
    from ...records.record import InvocationRecord
    from .source import Listed

ERROR, FUNCTION, MESSAGE_ID = "error", "function", "message id"
QUEUE_COLUMNS = ("request id", FUNCTION, ERROR, "runs", "age", MESSAGE_ID)
SPOOL_COLUMNS = ("request id", FUNCTION, ERROR, "runs", "age", "state", MESSAGE_ID)
WHOLE = ("request id",)

_LINE_CHARACTERS = 120
_SHOWN_LINES = 10_000


def document(fields: KeyFields) -> dict[str, Any]:
    """Return a letter of a list for programs; null for what is not known."""
    return {
        "messageId": fields.message_id,
        "requestId": fields.request_id,
        FUNCTION: function(fields),
        "errorType": fields.error_type,
        "message": fields.message,
        "attempts": fields.attempts,
        "enqueued": moment(fields.enqueued_ms),
    }


def row(letter: Listed, columns: tuple[str, ...], now_ms: int) -> tuple[str, ...]:
    """Return a letter as a row under QUEUE_COLUMNS or SPOOL_COLUMNS."""
    fields = letter.fields
    cells = {
        "request id": fields.request_id or f"message {fields.message_id}",
        FUNCTION: function(fields) or "-",
        ERROR: _error_line(fields, letter.by_failure),
        "state": letter.state or "-",
        "runs": "-" if fields.attempts is None else str(fields.attempts),
        "age": "-" if fields.enqueued_ms is None else span((now_ms - fields.enqueued_ms) / 1000),
        MESSAGE_ID: fields.message_id,
    }
    return tuple(cells[column] for column in columns)


def function(fields: KeyFields) -> str | None:
    """Return NAME[@QUALIFIER], the ARN where that is not understood, None for what is no record."""
    from ...checks import FunctionName

    if fields.function is None:
        return fields.function_arn
    return str(FunctionName(fields.function, fields.qualifier))


def without_error(by_failure: bool | None) -> str:
    """Name a letter that tells of no error: a stopped task's looks like a success, and comes by OnFailure.

    Args:
        by_failure: whether it came by OnFailure; None: not known.
    """
    return {True: "stopped or unknown", False: "succeeded", None: "succeeded, or stopped"}[by_failure]


def moment(milliseconds: int | None) -> str | None:
    """Return a time as ISO 8601 in UTC; None for none, and for one that no calendar has."""
    from datetime import datetime, timedelta, timezone

    if milliseconds is None:
        return None
    try:
        found = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=milliseconds)
    except OverflowError:  # the service's number, not ours
        return None
    return found.isoformat(timespec="milliseconds")


def span(seconds: float) -> str:
    """Return a length of time in one or two units: 45s, 12m, 7h, 3d 4h; what is below 0 is "now"."""
    whole = int(seconds)
    if whole < 0:
        return "now"
    for unit, name in ((60, "s"), (3600, "m"), (48 * 3600, "h")):
        if whole < unit:
            return f"{whole // {'s': 1, 'm': 60, 'h': 3600}[name]}{name}"
    days, rest = divmod(whole, 86400)
    return f"{days}d" if rest < 3600 else f"{days}d {rest // 3600}h"


def details(letter: Letter, by_failure: bool | None) -> Iterator[tuple[str, str]]:
    """Return everything that is known of a letter, as names and texts; printing them cleans them."""
    message, record = letter.message, letter.record
    yield "outcome", _outcome(letter, by_failure)
    if record is not None:
        yield from _about(record)
    yield "message id", message.message_id
    yield "enqueued", moment(message.enqueue_time) or "unknown"
    yield "received", _times(message.dequeue_count)
    for name, value in message.user_properties.items():
        yield "property", f"{name}: {value}"
    if record is None:
        yield "body", _bounded(message.message_body)
        return
    yield from _error(record)
    yield "request", _pretty(record.request_payload)
    yield "response", _pretty(record.response_payload)
    chain = record.lineage()[:-1]
    if chain:
        yield "came through", "\n".join(f"{one.function_arn} ({one.request_id})" for one in chain)


def _error_line(fields: KeyFields, by_failure: bool | None) -> str:
    if not fields.is_record:
        return f"not a record: {fields.message or 'not read'}"[:_LINE_CHARACTERS]
    if fields.is_success:
        return without_error(by_failure)
    first = (fields.message or "").strip().split("\n", 1)[0]
    line = ": ".join(filter(None, (fields.error_type, first))) or "unknown"
    return line if len(line) <= _LINE_CHARACTERS else f"{line[: _LINE_CHARACTERS - 1]}…"


def _outcome(letter: Letter, by_failure: bool | None) -> str:
    record = letter.record
    if record is None:
        return letter.problem if letter.problem == FORGOTTEN else f"not a record: {letter.problem}"
    if record.error is None:
        return without_error(by_failure)
    return f"failed: {record.error.type}"


def _about(record: InvocationRecord) -> Iterator[tuple[str, str]]:
    time = record.timestamp
    yield "function", record.function_arn
    yield "request id", record.request_id
    yield "condition", record.condition or "none"
    yield "status code", "unknown" if record.status_code is None else str(record.status_code)
    yield "function error", record.function_error or "none"
    yield "attempts", _times(record.approximate_invoke_count)
    yield "time", "unknown" if time is None else time.isoformat(timespec="milliseconds")
    if record.envelopes:
        yield "envelopes", ", ".join(record.envelopes)


def _error(record: InvocationRecord) -> Iterator[tuple[str, str]]:
    if record.error is None:
        return
    if record.error.message and record.error.message != record.response_payload:
        yield "error", record.error.message
    if record.error.frames:
        yield "stack trace", "\n".join(map(_frame, record.error.frames))


def _frame(frame: Frame) -> str:
    if frame.file is None or frame.text.startswith("at "):
        return frame.text
    line = "" if frame.line is None else f":{frame.line}"
    place = f"{frame.file}{line}" + (f" in {frame.function}" if frame.function else "")
    return f"{place}: {frame.text}" if frame.text else place


def _pretty(payload: str | None) -> str:
    """Indent JSON; what is none, or not within the bounds of a record, stays as it is."""
    from ...errors import RecordError
    from ...records.strict_json import loads

    if payload is None:
        return "not in the record"
    try:
        value = loads(payload.encode("utf-8", "surrogatepass"))
    except RecordError:
        return _bounded(payload)
    return _bounded(json.dumps(value, indent=2, ensure_ascii=False))


def _bounded(text: str) -> str:
    lines = text.split("\n")
    return text if len(lines) <= _SHOWN_LINES else "\n".join([*lines[:_SHOWN_LINES], f"… ({len(lines)} lines; --raw)"])


def _times(count: int | None) -> str:
    return "unknown" if count is None else str(count)

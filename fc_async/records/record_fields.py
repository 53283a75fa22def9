"""The JSON of a record: which fields it has, of which types, and what they mean as values.

Source: https://www.alibabacloud.com/help/en/fc/user-guide/result-callback. Unknown fields are not looked at.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

from ..arn import FunctionArn, parse_arn
from ..errors import ArgumentError, RecordError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def read_fields(wire: dict[str, Any]) -> tuple[Any, ...]:
    """Return the checked fields in the order of `InvocationRecord`, from request_id to timestamp.

    Raises:
        RecordError: a required field is missing, or a field is of the wrong type; names it.
    """
    request = _field(wire, "requestContext", dict)
    if request is None:
        raise RecordError("expected requestContext to be an object, got nothing")
    response = _field(wire, "responseContext", dict) or {}
    at, within = "requestContext.", "responseContext."
    return (
        _required(request, "requestId", at),
        _required(request, "functionArn", at),  # read as an ARN on demand: a form that is not known costs no record
        _field(request, "condition", str, at) or "",
        _field(request, "approximateInvokeCount", int, at),
        _field(wire, "requestPayload", str),
        _field(response, "statusCode", int, within),
        _field(response, "functionError", str, within) or "",
        _field(wire, "responsePayload", str),
        timestamp_of(wire.get("timestamp")),
    )


def function_of(text: str) -> FunctionArn:
    """Return the function that an ARN names.

    Raises:
        RecordError: it names none.
    """
    try:
        found = parse_arn(text)
    except ArgumentError:
        found = None
    if not isinstance(found, FunctionArn):
        raise RecordError(
            "expected requestContext.functionArn to be the ARN of a function, got other text",
            text.encode(),
        )
    return found


def _field(holder: dict[str, Any], name: str, kind: type, at: str = "") -> Any:
    value = holder.get(name)
    if value is None or value.__class__ is kind or (isinstance(value, kind) and not isinstance(value, bool)):
        return value  # an IntEnum is an integer, here and as a timestamp; true and false are none
    raise RecordError(f"expected {at}{name} to be {_KINDS[kind]}, got {type(value).__name__}")


def _required(holder: dict[str, Any], name: str, at: str) -> str:
    value: str | None = _field(holder, name, str, at)
    if not value:
        raise RecordError(f"expected {at}{name} to be text, got {'nothing' if value is None else 'empty text'}")
    return value


def timestamp_of(value: Any) -> datetime | None:
    """Milliseconds since 1970 in current documents, ISO 8601 text in older ones (without an offset: UTC, assumed)."""
    try:
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool):
            return _EPOCH + timedelta(0, 0, 0, value)
        if isinstance(value, str) and (parts := re.fullmatch(_ISO, value)):
            return _iso(parts)
    except (ValueError, OverflowError):
        pass
    raise RecordError(
        "expected timestamp to be milliseconds since 1970 or ISO 8601 text, from year 1 to 9999,"
        f" got {'other text' if isinstance(value, str) else type(value).__name__}"
    )


_ISO = (
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?"
    r"(?:[Zz]|([+-])([01][0-9]|2[0-3]):?([0-5][0-9]))?"
)


def _iso(parts: re.Match[str]) -> datetime:
    # By hand: before 3.11 `fromisoformat` reads neither Z nor fractions of other than 3 or 6 digits.
    year, month, day, hour, minute, second = (int(part or 0) for part in parts.groups()[:6])
    microsecond = int((parts[7] or "0").ljust(6, "0")[:6])
    local = datetime(year, month, day, hour, minute, second, microsecond, timezone.utc)
    offset = timedelta(hours=int(parts[9] or 0), minutes=int(parts[10] or 0))
    return local + offset if parts[8] == "-" else local - offset


def milliseconds(moment: datetime) -> int:
    """Return an aware datetime as the record writes it: whole milliseconds since 1970."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


_KINDS = {dict: "an object", str: "text", int: "an integer"}

_TEXT = {"type": ["string", "null"]}
_INTEGER = {"type": ["integer", "null"]}
JSON_SCHEMA = {
    "type": "object",
    "title": "InvocationRecord",
    "description": "What Function Compute tells a destination about one asynchronous invocation.",
    "properties": {
        "timestamp": {
            "type": ["integer", "string", "null"],
            "description": "Milliseconds since 1970, or ISO 8601.",
        },
        "requestContext": {
            "type": "object",
            "properties": {
                "requestId": {"type": "string", "minLength": 1},
                "functionArn": {"type": "string", "minLength": 1},
                "condition": _TEXT,
                "approximateInvokeCount": _INTEGER,
            },
            "required": ["requestId", "functionArn"],
        },
        "requestPayload": _TEXT,
        "responseContext": {
            "type": ["object", "null"],
            "properties": {"statusCode": _INTEGER, "functionError": _TEXT},
        },
        "responsePayload": _TEXT,
    },
    "required": ["requestContext"],
}

"""What Function Compute tells a destination about one asynchronous invocation, read into a typed value.

The record's JSON: https://www.alibabacloud.com/help/en/fc/user-guide/result-callback. Delivery is at least once, and
one failed invocation may be reported more than once: `request_id` is the key to deduplicate by.
"""

from __future__ import annotations

import base64
import json
from datetime import datetime, timezone
from typing import Any

from .arn import FunctionArn, _fill, _Value, parse_arn
from .errors import ArgumentError, RecordError


class ErrorDetail(_Value):
    """What a failed invocation says of itself: the error's type and message."""

    __slots__ = ("type", "message")
    type: str
    message: str

    def __init__(self, type: str, message: str = "") -> None:  # noqa: A002  the field's name
        _fill(self, (type, message))


class InvocationRecord(_Value):
    """One outcome of one asynchronous invocation; frozen.

    Fields are flat and named as the service names them. Absent or null: "" for `condition` and `function_error`,
    None for the rest.
    """

    __slots__ = (
        "request_id",
        "function_arn",
        "condition",
        "approximate_invoke_count",
        "request_payload",
        "status_code",
        "function_error",
        "response_payload",
        "timestamp",
        "envelopes",
        "wire",
    )
    request_id: str
    function_arn: str
    condition: str
    approximate_invoke_count: int | None
    request_payload: str | None
    status_code: int | None
    function_error: str
    response_payload: str | None
    timestamp: datetime | None
    envelopes: tuple[str, ...]
    wire: dict[str, Any]

    def __init__(
        self,
        request_id: str,
        function_arn: str,
        condition: str = "",
        approximate_invoke_count: int | None = None,
        request_payload: str | None = None,
        status_code: int | None = None,
        function_error: str = "",
        response_payload: str | None = None,
        timestamp: datetime | None = None,
        envelopes: tuple[str, ...] = (),
        wire: dict[str, Any] | None = None,
    ) -> None:
        _fill(
            self,
            (
                request_id,
                function_arn,
                condition,
                approximate_invoke_count,
                request_payload,
                status_code,
                function_error,
                response_payload,
                timestamp,
                envelopes,
                {} if wire is None else wire,
            ),
        )

    @property
    def is_success(self) -> bool:
        """True only when no error is named and the status is there and 200.

        The announcement's own sample (condition FunctionResourceExhausted, status 200, no functionError) is a failure.
        """
        return not self.function_error and not self.condition and self.status_code == 200

    @property
    def function(self) -> FunctionArn:
        """The function that ran, as a value (name, service, qualifier)."""
        found = parse_arn(self.function_arn)
        if not isinstance(found, FunctionArn):
            raise RecordError("expected requestContext.functionArn to be the ARN of a function", self.function_arn)
        return found

    @property
    def error(self) -> ErrorDetail | None:
        """What went wrong: the handler's errorType, else the service's word; None for a success."""
        if self.is_success:
            return None
        told = _json_object((self.response_payload or "").encode("utf-8", "surrogatepass")) or {}
        kind = told.get("errorType")
        status = "unknown" if self.status_code is None else f"HTTP {self.status_code}"
        named = kind if isinstance(kind, str) and kind else self.condition or self.function_error or status
        message = told.get("errorMessage")
        return ErrorDetail(named, message if isinstance(message, str) else "")

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object that came in."""
        return dict(self.wire)

    def request_bytes(self) -> bytes | None:
        """The original payload as UTF-8, or None when the record carries none."""
        return None if self.request_payload is None else self.request_payload.encode()


def parse_record(source: Any) -> InvocationRecord:
    """Read one record from a destination's payload: JSON bytes, text or object, plain or base64, or a queue message.

    Raises:
        RecordError: it is none; `.raw` keeps what came, the message nothing of it.
    """
    if isinstance(source, dict):
        return _read(source, source, ())
    source = getattr(source, "message_body", source)
    if not isinstance(source, (bytes, str)):
        raise RecordError(f"expected a record as bytes, text, object or queue message, got {_kind(source)}", source)
    raw = source.encode("utf-8", "surrogatepass") if isinstance(source, str) else source
    found = _json_object(raw)
    if found is not None:
        return _read(found, source, ())
    inner = _decoded(raw)
    found = None if inner is None else _json_object(inner)
    if found is None:
        raise RecordError("expected a record's JSON object, plain or base64, and found neither", source)
    return _read(found, source, ("base64",))


def _json_object(raw: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _decoded(raw: bytes) -> bytes | None:
    try:
        return base64.b64decode(raw, validate=True)
    except ValueError:
        return None


def _read(wire: dict[str, Any], source: object, envelopes: tuple[str, ...]) -> InvocationRecord:
    request = _object(wire, "requestContext", source, required=True)
    response = _object(wire, "responseContext", source, required=False)
    arn = _field(request, "functionArn", str, source, required=True)
    _check_function_arn(arn, source)
    return InvocationRecord(
        request_id=_field(request, "requestId", str, source, required=True),
        function_arn=arn,
        condition=_field(request, "condition", str, source) or "",
        approximate_invoke_count=_field(request, "approximateInvokeCount", int, source),
        request_payload=_field(wire, "requestPayload", str, source),
        status_code=_field(response, "statusCode", int, source),
        function_error=_field(response, "functionError", str, source) or "",
        response_payload=_field(wire, "responsePayload", str, source),
        timestamp=_timestamp(wire.get("timestamp"), source),
        envelopes=envelopes,
        wire=wire,
    )


def _check_function_arn(text: str, source: object) -> None:
    try:
        found = parse_arn(text)
    except ArgumentError:
        found = None
    if not isinstance(found, FunctionArn):
        raise RecordError("expected requestContext.functionArn to be the ARN of a function", source)


def _object(wire: dict[str, Any], name: str, source: object, *, required: bool) -> dict[str, Any]:
    value = wire.get(name)
    if value is None and not required:
        return {}
    if not isinstance(value, dict):
        raise RecordError(f"expected {name} to be an object, got {_kind(value)}", source)
    return value


def _field(wire: dict[str, Any], name: str, kind: type, source: object, *, required: bool = False) -> Any:
    value = wire.get(name)
    if value is None and not required:
        return None
    if not isinstance(value, kind) or isinstance(value, bool):
        raise RecordError(f"expected {name} to be {kind.__name__}, got {_kind(value)}", source)
    return value


def _timestamp(value: Any, source: object) -> datetime | None:
    """Milliseconds since 1970 in current documents, ISO 8601 text in older ones."""
    try:
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000, timezone.utc)
        if isinstance(value, str):
            return datetime.fromisoformat(value.replace("Z", "+00:00")).astimezone(timezone.utc)
    except (ValueError, OverflowError, OSError):
        pass
    raise RecordError(
        f"expected timestamp to be milliseconds or ISO 8601 text within datetime's range, got {_kind(value)}", source
    )


def _kind(value: Any) -> str:
    return "nothing" if value is None else type(value).__name__

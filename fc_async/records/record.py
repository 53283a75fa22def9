"""What Function Compute tells a destination about one asynchronous invocation, read into a typed value.

The record's JSON: https://www.alibabacloud.com/help/en/fc/user-guide/result-callback. Delivery is at least once, and
one failed invocation may be reported more than once: `request_id` is the key to deduplicate by.
"""

from __future__ import annotations

from datetime import datetime

from ..arn import FunctionArn
from ..errors import RecordError
from ..value import Value
from . import envelope, strict_json
from .error_detail import ErrorDetail, read_error
from .record_fields import JSON_SCHEMA, function_of, milliseconds, read_fields
from .source import only_or_reason, parts, raw_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, TypeVar, overload

    T = TypeVar("T")

_REPLACEMENT_CHARACTER = "\ufffd"


class InvocationRecord(Value):
    """One outcome of one asynchronous invocation; frozen.

    The service delivers at least once, and may send more than one failure record for one invocation: deduplicate by
    `request_id`. Two records are equal when their JSON is, with unknown fields and nulls, whatever road they came by.

    Args:
        request_id: id of the asynchronous invocation.
        function_arn: ARN of the function that ran, as written (a FunctionArn is taken too).
        condition: the invocation's error code; "" when absent or null.
        approximate_invoke_count: how often the invocation was executed; None when absent or null.
        request_payload: the original payload as text; None when absent or null, never "" then.
        status_code: the service's status, 200 also for a handler that failed; None when absent or null.
        function_error: the handler's kind of error; "" when absent or null.
        response_payload: what the function returned, as text; None when absent or null.
        timestamp: time of the invocation, aware; None when absent or null.
        envelopes: names of what was around the record, outermost first; see `records/envelope.py`.

    Raises:
        RecordError: a part is of another type, empty where it may not be, or a timestamp without an offset.
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
        "_wire",
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
    _wire: dict[str, Any]

    def __init__(
        self,
        request_id: str,
        function_arn: str | FunctionArn,
        condition: str = "",
        approximate_invoke_count: int | None = None,
        request_payload: str | None = None,
        status_code: int | None = None,
        function_error: str = "",
        response_payload: str | None = None,
        timestamp: datetime | None = None,
        envelopes: tuple[str, ...] = (),
    ) -> None:
        if not isinstance(envelopes, tuple) or not all(isinstance(name, str) for name in envelopes):
            raise RecordError("expected envelopes to be a tuple of texts, got something else")
        request = {
            "requestId": request_id,
            "functionArn": str(function_arn) if isinstance(function_arn, FunctionArn) else function_arn,
            "condition": condition,
            "approximateInvokeCount": approximate_invoke_count,
        }
        wire = {
            "timestamp": None if timestamp is None else _milliseconds(timestamp),
            "requestContext": request,
            "requestPayload": request_payload,
            "responseContext": {"statusCode": status_code, "functionError": function_error},
            "responsePayload": response_payload,
        }
        strict_json.check(wire, strict_json.MAX_BODY_BYTES)
        self._fill(*read_fields(wire), envelopes, wire)

    @property
    def is_success(self) -> bool:
        """True only when no error is named and the status is there and 200.

        The announcement's own sample (condition FunctionResourceExhausted, status 200, no functionError) is a failure.
        """
        return not self.function_error and not self.condition and self.status_code == 200

    @property
    def function(self) -> FunctionArn:
        """The function that ran, as a value (name, service, qualifier).

        Raises:
            RecordError: `function_arn` is no ARN of a function in a known form; the record is good all the same.
        """
        return function_of(self.function_arn)

    @property
    def error(self) -> ErrorDetail | None:
        """What went wrong; None on success."""
        if self.is_success:
            return None
        status = None if self.status_code is None else f"HTTP {self.status_code}"
        return read_error(self.response_payload, self.condition or self.function_error or status or "unknown")

    @property
    def payload_may_be_damaged(self) -> bool:
        """True when the request payload holds U+FFFD, which stands where bytes were that are not UTF-8."""
        return self.request_payload is not None and _REPLACEMENT_CHARACTER in self.request_payload

    @property
    def upstream(self) -> InvocationRecord | None:
        """The record that this invocation was itself given; None unless its payload holds exactly one.

        A function that is a destination and has destinations of its own makes such a chain. Never raises.
        """
        if not self.request_payload:
            return None
        try:
            return parse_record(self.request_payload)
        except (RecordError, RecursionError):
            return None

    def lineage(self) -> tuple[InvocationRecord, ...]:
        """Return the chain of records that led here, oldest first, this one last; never raises."""
        chain = [self]
        try:
            while (older := chain[-1].upstream) is not None:
                chain.append(older)
        except RecursionError:
            pass  # called at the interpreter's limit: as far as it can be followed there
        return tuple(chain[::-1])

    def request_bytes(self) -> bytes | None:
        """Return the original payload as UTF-8, or None when the record carries none."""
        return None if self.request_payload is None else self.request_payload.encode()

    def request_json(self) -> Any:
        """Return the JSON value of the original payload.

        Raises:
            RecordError: the record carries none, or it is not JSON within the bounds of a record.
        """
        return _json(self.request_payload, "requestPayload")

    def response_json(self) -> Any:
        """Return the JSON value that the function returned.

        Raises:
            RecordError: the record carries none, or it is not JSON within the bounds of a record.
        """
        return _json(self.response_payload, "responsePayload")

    if TYPE_CHECKING:

        @overload
        def request_as(self, model: type[T]) -> T: ...
        @overload
        def request_as(self, model: Any) -> Any: ...

    def request_as(self, model: Any) -> Any:
        """Return the original payload as a pydantic model, or as any type that pydantic can validate.

        Raises:
            RecordError: it does not fit; names the path and the fault, never the value.
        """
        return _as(model, self.request_payload, "requestPayload")

    if TYPE_CHECKING:

        @overload
        def response_as(self, model: type[T]) -> T: ...
        @overload
        def response_as(self, model: Any) -> Any: ...

    def response_as(self, model: Any) -> Any:
        """Return what the function returned as a pydantic model, or as any type that pydantic can validate.

        Raises:
            RecordError: it does not fit; names the path and the fault, never the value.
        """
        return _as(model, self.response_payload, "responsePayload")

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object that came in: unknown fields and nulls are kept."""
        wire: dict[str, Any] = strict_json.copy(self._wire)
        return wire

    def __eq__(self, other: object) -> bool:
        return isinstance(other, InvocationRecord) and self._wire == other._wire

    def __hash__(self) -> int:
        return hash((self.request_id, self.function_arn, self.approximate_invoke_count))

    def __repr__(self) -> str:
        # No payload: a record's repr ends up in logs.
        return (
            f"InvocationRecord(request_id={self.request_id!r}, function_arn={self.function_arn!r},"
            f" condition={self.condition!r}, status_code={self.status_code!r}, envelopes={self.envelopes!r})"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return (_record, (self._wire, self.envelopes))

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> Any:
        from .pydantic_bridge import record_schema

        return record_schema(invocation_record, wire_object)

    @classmethod
    def __get_pydantic_json_schema__(cls, _core_schema: Any, _handler: Any) -> dict[str, Any]:
        return strict_json.copy(JSON_SCHEMA)  # type: ignore[no-any-return]


def parse_record(source: Any) -> InvocationRecord:
    """Read exactly one record, by whatever road it came.

    The service delivers at least once: deduplicate by the record's `request_id`.

    Args:
        source: bytes, text, a JSON object, a list of one of these, or a message of a queue (`message_body`).

    Raises:
        RecordError: it holds none, or more than one; `.raw` keeps what came, the message nothing of it.
    """
    item, reason = only_or_reason(source)
    if reason is not None:
        raise RecordError(reason, raw_of(source))
    found = _one(item, 0, 1)
    if isinstance(found, InvocationRecord):
        return found
    raise RecordError(found.reason, raw_of(source), 0)


def parse_records(source: Any) -> list[InvocationRecord]:
    """Read every record of a list, or the one that is no list.

    Args:
        source: as for `parse_record`, or a list of any length.

    Raises:
        RecordError: on the first that cannot be read; `.index` is its place from 0, `.raw` what it was.
    """
    records = []
    for found in iter_records(source):
        if isinstance(found, RecordError):
            raise found
        records.append(found)
    return records


def iter_records(source: Any) -> Iterator[InvocationRecord | RecordError]:
    """Yield, for each of a list, its record or the RecordError that says why it cannot be read; never raises.

    What cannot be told apart at all yields one RecordError, with `.index` None.
    """
    failure: str | None = None
    try:
        count, found = parts(source)
    except RecordError as error:
        failure = error.reason
    except RecursionError:
        failure = strict_json.NO_STACK
    if failure is not None:
        yield RecordError(failure, raw_of(source))
        return
    try:
        for index, (item, why) in enumerate(found):
            if why is None:
                yield _one(item, index, count)
            else:  # half a million of them may follow each other: nothing is called that can be spared
                place = f"record {index} of {count} (counted from 0): " if count > 1 else ""
                yield RecordError(place + why, item, index)
    except RecursionError:  # asked for from deeper on the stack than the first one
        yield RecordError(strict_json.NO_STACK, raw_of(source))


def _one(item: Any, index: int, count: int) -> InvocationRecord | RecordError:
    try:
        return _record(*envelope.unwrap(item))
    except RecordError as error:
        reason = error.reason
    except RecursionError:
        reason = strict_json.NO_STACK
    place = f"record {index} of {count} (counted from 0): " if count > 1 else ""
    return RecordError(place + reason, raw_of(item), index)


def _milliseconds(moment: Any) -> int:
    if not isinstance(moment, datetime) or moment.utcoffset() is None:
        got = "one without" if isinstance(moment, datetime) else type(moment).__name__
        raise RecordError(f"expected timestamp to be a datetime with an offset, got {got}")
    return milliseconds(moment)


def invocation_record(value: Any) -> InvocationRecord:
    """Return a record from what stands where a model wants one; pydantic shows this name."""
    alone = value[0] if isinstance(value, list) and len(value) == 1 else value
    return alone if isinstance(alone, InvocationRecord) else parse_record(value)


def wire_object(value: Any) -> Any:
    """Return a record's JSON object; what was put into a model unvalidated is dumped as it is."""
    return value.to_dict() if isinstance(value, InvocationRecord) else value


def _text(payload: str | None, path: str) -> str:
    if payload is None:
        raise RecordError(f"expected a record with {path}, got one without")
    return payload


def _json(payload: str | None, path: str) -> Any:
    raw = _text(payload, path).encode()
    try:
        return strict_json.loads(raw)
    except RecordError as error:
        reason = error.reason
    raise RecordError(f"{path}: {reason}", raw)


def _as(model: type[T], payload: str | None, path: str) -> T:
    text = _text(payload, path)
    _json(text, path)  # pydantic's own parser takes more than a record may hold
    from .pydantic_bridge import read_as

    return read_as(model, text, path)  # type: ignore[no-any-return]


def _record(wire: dict[str, Any], envelopes: tuple[str, ...]) -> InvocationRecord:
    record = InvocationRecord.__new__(InvocationRecord)
    for put, part in zip(_PUTS, (*read_fields(wire), envelopes, wire), strict=True):
        put(record, part)
    return record


_PUTS = tuple([getattr(InvocationRecord, name).__set__ for name in InvocationRecord.__slots__])
"""What `_fill` does by name, prepared: a twelfth of what reading a record costs."""

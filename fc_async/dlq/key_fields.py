"""What is known of a letter without its body: what it is listed, grouped and selected by; small, for a spool's row."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields
from typing import Any

from ..errors import RecordError
from ..mns.letter import Letter
from ..records.error_detail import ErrorDetail
from ..records.record import InvocationRecord
from .groups import MAX_MESSAGE_CHARACTERS, group_id, normalised, own_frame

MAX_TEXT_CHARACTERS = 16384
MAX_NAME_CHARACTERS = 1024
"""How much is kept of an ARN, an id, a type, a condition; the service's own are far below."""

_NO_RECORD = "what is no record"


@dataclass(frozen=True, slots=True)
class KeyFields:
    """What a letter is selected and grouped by; texts are as they came, only cut.

    Args:
        message_id: the queue's id of the message.
        request_id: id of the invocation; None for what is no record, as in all that follows.
        function_arn: ARN of the function, as written.
        function: its name alone; None where the ARN is not understood.
        qualifier: its version or alias; None where it names none.
        condition: the invocation's error code; None where it is empty.
        error_type: the handler's error type, else the service's word; None for a success.
        message: the error message, at most 4096 characters, None where there is none; of what is no record the reason.
        text: error message and response, at most 16384 characters: what `text~` looks through.
        frame: where the function's own code raised, "index.handler"; None where that is not known.
        attempts: how often the handler was started; None where the record does not say.
        enqueued_ms: when the queue took it, milliseconds since 1970; None where the service did not say.
        is_success: whether the record names no error; a stopped task's may look the same.
        group: id of the group of failures that it is one of.
        payload: digest of the original payload, 16 hex digits; None where there is none.
    """

    message_id: str
    request_id: str | None = None
    function_arn: str | None = None
    function: str | None = None
    qualifier: str | None = None
    condition: str | None = None
    error_type: str | None = None
    message: str | None = None
    text: str = ""
    frame: str | None = None
    attempts: int | None = None
    enqueued_ms: int | None = None
    is_success: bool = False
    group: str = ""
    payload: str | None = None

    @property
    def is_record(self) -> bool:
        """Whether the letter holds a record."""
        return self.request_id is not None

    def to_json(self) -> str:
        """Return the fields as a JSON object on one line, in ASCII."""
        return json.dumps({name: getattr(self, name) for name in _KINDS}, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> KeyFields:
        """Read what `to_json` wrote; fields of a later version are passed over.

        Raises:
            RecordError: it was written by something else, or is damaged.
        """
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict) or not _is_right(found):
            raise RecordError("expected the key fields of a letter as JSON, got something else")
        return cls(**{name: found[name] for name in _KINDS if name in found})


def key_fields(letter: Letter) -> KeyFields:
    """Return what is known of a letter without its body; never raises."""
    message_id, enqueued_ms = letter.message.message_id, letter.message.enqueue_time
    if letter.record is None:
        reason = _cut(letter.problem, MAX_MESSAGE_CHARACTERS)
        group = group_id(_NO_RECORD)
        return KeyFields(message_id, message=reason, enqueued_ms=enqueued_ms, group=group)
    return _of_record(letter.record, message_id, enqueued_ms)


def _of_record(record: InvocationRecord, message_id: str, enqueued_ms: int | None) -> KeyFields:
    error = record.error or ErrorDetail("")
    function, qualifier = _function(record)
    condition, error_type = _name(record.condition), _name(error.type)
    message = _cut(error.message, MAX_MESSAGE_CHARACTERS)
    frame = own_frame(error)
    function_arn = _name(record.function_arn)
    normal = None if message is None else normalised(message)
    return KeyFields(
        message_id=message_id,
        request_id=_name(record.request_id),
        function_arn=function_arn,
        function=function,
        qualifier=qualifier,
        condition=condition,
        error_type=error_type,
        message=message,
        text=_text(message, record.response_payload),
        frame=frame,
        attempts=record.approximate_invoke_count,
        enqueued_ms=enqueued_ms,
        is_success=record.is_success,
        group=group_id(function or function_arn, condition, error_type, normal, frame),
        payload=_digest(record.request_payload),
    )


def _function(record: InvocationRecord) -> tuple[str | None, str | None]:
    try:
        function = record.function
    except RecordError:
        return None, None
    return function.name, function.qualifier


def _text(message: str | None, response: str | None) -> str:
    """Join both; what a response repeats of its own message is kept once."""
    if not message or not response or message == response[:MAX_MESSAGE_CHARACTERS]:
        return (response or message or "")[:MAX_TEXT_CHARACTERS]
    return f"{message}\n{response}"[:MAX_TEXT_CHARACTERS]


def _digest(payload: str | None) -> str | None:
    if payload is None:
        return None
    return hashlib.blake2b(payload.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _name(text: str) -> str | None:
    return _cut(text, MAX_NAME_CHARACTERS)


def _cut(text: str | None, most: int) -> str | None:
    return text[:most] if text else None


_OPTIONAL_TEXT, _OPTIONAL_NUMBER = (str, type(None)), (int, type(None))
_KINDS: dict[str, type | tuple[type, ...]] = {
    **{field.name: _OPTIONAL_TEXT for field in fields(KeyFields)},
    "message_id": str,
    "text": str,
    "group": str,
    "is_success": bool,
    "attempts": _OPTIONAL_NUMBER,
    "enqueued_ms": _OPTIONAL_NUMBER,
}


def _is_right(found: dict[str, Any]) -> bool:
    return "message_id" in found and all(
        isinstance(found[name], kind) for name, kind in _KINDS.items() if name in found
    )

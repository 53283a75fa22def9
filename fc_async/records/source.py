"""What may be handed in as a record, or as a list of records, and how it is cut into parts that are read alone."""

from __future__ import annotations

import json

from ..errors import RecordError
from . import strict_json
from .strict_json import SPACE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

MAX_INPUT_BYTES = 32 * 1024 * 1024
MARKS = frozenset({"requestContext", "TopicName", "body", "specversion"})
"""A record, and each envelope that is an object, has one of these keys."""

NO_MARK = (
    "expected a record (an object with requestContext) or an envelope (TopicName and Message; body and attrs;"
    " specversion), got an object with none of these"
)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def split(source: Any) -> list[Any]:
    """Return the parts of a list of records (a Python list, a JSON array as bytes or text), or what is no list, alone.

    A JSON array is cut into the bytes of its elements, each to be read for itself; a text among them stays one.

    Raises:
        RecordError: the input is over 32 MiB, or is no array although it starts as one.
    """
    return [item for item, _ in parts(source)[1]]


def parts(source: Any) -> tuple[int, Iterable[tuple[Any, str | None]]]:
    """Return how many parts there are, and each with the reason why it is refused already; see `split`."""
    if isinstance(source, list):
        if sum(map(_input_bytes, source)) > MAX_INPUT_BYTES:
            raise RecordError(f"expected an input of at most {MAX_INPUT_BYTES} bytes, got more")
        return len(source), [(item, None) for item in source]
    if isinstance(source, dict):
        return 1, ((source, None),)
    raw, array = _input(source)
    if array is None:
        return 1, ((raw, None),)
    from .array import elements

    return elements(array)


def only_or_reason(source: Any) -> tuple[Any, str | None]:
    """Return the one part that there is, or why there is none; where there are several, none is counted or read.

    The reason is returned, because an exception raised later carries no other that holds content.
    """
    try:
        return _only(source), None
    except RecordError as error:
        return None, error.reason
    except RecursionError:
        return None, strict_json.NO_STACK


def _only(source: Any) -> Any:
    if isinstance(source, dict):
        return source
    if not isinstance(source, list):
        raw, array = _input(source)
        if array is None:
            return raw
        from .array import has_several

        if has_several(array):
            raise RecordError("expected exactly one record, got a list of several; parse_records reads lists")
    found = split(source)
    if len(found) != 1:
        raise RecordError(f"expected exactly one record, got a list of {len(found)}; parse_records reads lists")
    return found[0]


def bare(raw: bytes) -> bytes:
    """Return text without the space around it, and without the mark that some editors put before UTF-8 (BOM)."""
    raw = raw.strip(SPACE)
    return raw[3:].lstrip(SPACE) if raw[:3] == _BYTE_ORDER_MARK else raw


def _input(source: Any) -> tuple[bytes, bytes | None]:
    """Return the bytes that came, and the JSON array that they hold; None where they hold none."""
    raw = source if source.__class__ is bytes else as_bytes(source)
    if len(raw) > MAX_INPUT_BYTES:
        raise RecordError(f"expected an input of at most {MAX_INPUT_BYTES} bytes, got {len(raw)}")
    array = bare(raw)
    return raw, array if array[:1] == b"[" else None


def no_record(raw: bytes) -> str:
    """Say of text that begins as nothing which could be a record that it is none."""
    what = "nothing" if not raw else "a list where one record belongs" if raw[:1] == b"[" else "neither"
    return f"expected a record's JSON, an XML Notification or base64 of one of these, got {what}"


def as_bytes(source: Any) -> bytes:
    """Return the bytes that something carries: bytes, text, or a message of a queue (its `message_body`)."""
    source = body_of(source)
    if isinstance(source, str):
        try:
            return source.encode()
        except UnicodeEncodeError:
            raise RecordError("expected text, got a lone surrogate, which is no character") from None
    if isinstance(source, (bytes, bytearray, memoryview)):
        try:
            return bytes(source)
        except ValueError:
            raise RecordError("expected bytes, got a memoryview that was released") from None
    raise RecordError(
        f"expected bytes, text, a JSON object, a list of them or a queue message, got {type(source).__name__}"
    )


def body_of(source: Any) -> Any:
    """Return a queue message's `message_body`, and what is no message as it is."""
    try:
        return getattr(source, "message_body", source)
    except Exception as error:  # a property runs its owner's code
        kind = type(error).__name__
    raise RecordError(f"expected a queue message with a message_body, got one whose message_body raises {kind}")


def raw_of(source: Any) -> Any:
    """Return what came as bytes, to be kept; what cannot be written as bytes stays what it is."""
    try:
        source = body_of(source)
        if isinstance(source, str):
            return source.encode("utf-8", "surrogatepass")
        if isinstance(source, (bytearray, memoryview)):
            return bytes(source)
        if isinstance(source, (dict, list)):
            strict_json.check(source)
            return json.dumps(source, ensure_ascii=False).encode()
    except (ValueError, RecursionError):  # RecordError is a ValueError; why it cannot be read is told already
        return source
    return source


def _input_bytes(item: Any) -> int:
    """Return an item's size; one that is refused for itself counts as nothing, so that the others are still read."""
    try:
        return strict_json.check(item) if isinstance(item, (dict, list)) else len(as_bytes(item))
    except RecordError:
        return 0

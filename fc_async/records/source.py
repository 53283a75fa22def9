"""What may be handed in as a record, or as a list of records, and how it is cut into parts that are read alone."""

from __future__ import annotations

import json

from ..errors import RecordError
from . import strict_json
from .strict_json import SPACE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_INPUT_BYTES = 32 * 1024 * 1024


def split(source: Any) -> list[Any]:
    """Return the parts of a list of records (a Python list, a JSON array as bytes or text), or what is no list, alone.

    A JSON array is cut into the bytes of its elements, each to be read for itself; a text among them stays one.

    Raises:
        RecordError: the input is over 32 MiB, or is no array although it starts as one.
    """
    if isinstance(source, list):
        if sum(map(_input_bytes, source)) > MAX_INPUT_BYTES:
            raise RecordError(f"expected an input of at most {MAX_INPUT_BYTES} bytes, got more")
        return source
    if isinstance(source, dict):
        return [source]
    raw = source if source.__class__ is bytes else as_bytes(source)
    if len(raw) > MAX_INPUT_BYTES:
        raise RecordError(f"expected an input of at most {MAX_INPUT_BYTES} bytes, got {len(raw)}")
    if raw.lstrip(SPACE)[:1] != b"[":
        return [raw]
    return [_element(element) for element in strict_json.elements(raw)]


def split_or_reason(source: Any) -> tuple[list[Any], str | None]:
    """Return the parts, or none and the reason: an exception raised later carries no other that holds content."""
    try:
        return split(source), None
    except RecordError as error:
        return [], error.reason
    except RecursionError:
        return [], strict_json.NO_STACK


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


def _element(element: bytes) -> Any:
    try:
        return strict_json.loads(element) if element[:1] == b'"' else element
    except RecordError:
        return element  # refused: the reader of this element says why


def _input_bytes(item: Any) -> int:
    """Return an item's size; one that is refused for itself counts as nothing, so that the others are still read."""
    try:
        return strict_json.check(item) if isinstance(item, (dict, list)) else len(as_bytes(item))
    except RecordError:
        return 0

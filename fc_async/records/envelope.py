"""Every wrapping in which a record arrives, and how to take it off.

    JSON text                     starts with {           told apart by structure, in this order:
      topic-json                  TopicName and Message     a topic to a queue, an HTTP push, a topic trigger (JSON)
      topic-stream                body and attrs            a topic trigger (STREAM with attributes)
      cloudevent                  specversion               EventBridge: a queue or RocketMQ trigger, an event bus
      the record itself           requestContext            never opened further, whatever its payload holds
    topic-xml                     starts with <             a topic to a queue, an HTTP push
    topic-stream                  starts with "             a topic trigger (STREAM without attributes)
    base64                        anything else             strict, in lines too, and only if it holds one of the above
    (a list)                      starts with [             as what arrives only, never inside an envelope

Sources: https://www.alibabacloud.com/help/en/fc/user-guide/result-callback, the MNS topic documentation (doc/27482),
the event samples of aliyun/fc-runtime-go-sdk (folder events), the documentation of the topic trigger (the event of a
message without attributes is "a JSON string"; plain text is taken too). Whether the service sends base64 to a queue is
unknown, so both are taken. `explain` and `unwrap` walk the same path.
"""

from __future__ import annotations

import binascii

from ..errors import RecordError
from ..value import Value
from . import strict_json
from .record_fields import read_fields
from .source import NO_MARK, as_bytes, bare, no_record, split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_ENVELOPES = 4
_MAX_DEPTH = strict_json.MAX_DEPTH + 2 * MAX_ENVELOPES
"""An event's `data` may be an object: its record may be as deep as one that came bare."""


class Layer(Value):
    """One layer of what arrived.

    Args:
        name: `base64`, `topic-json`, `topic-xml`, `topic-stream` or `cloudevent`; from `explain` also, at the end,
            `record` or `unreadable`.
        why: what it was recognised by; holds nothing of the content.
    """

    __slots__ = ("name", "why")
    name: str
    why: str

    def __init__(self, name: str, why: str) -> None:
        self._fill(name, why)


_BASE64 = Layer("base64", "strict base64, and what it holds starts as JSON, XML or base64 again")
_TOPIC_JSON = Layer("topic-json", "an object with TopicName and Message; opened Message")
_TOPIC_XML = Layer("topic-xml", "an XML Notification with TopicName and Message; opened Message")
_TOPIC_STREAM = Layer("topic-stream", "an object with body and attrs; opened body")
_TOPIC_STRING = Layer("topic-stream", "a JSON string (a topic trigger without attributes); opened it")
_EVENT_MESSAGE = Layer("cloudevent", "an object with specversion (a queue trigger); opened data.messageBody")
_EVENT_BODY = Layer("cloudevent", "an object with specversion (a RocketMQ trigger); opened data.body")
_EVENT_DATA = Layer("cloudevent", "an object with specversion; opened data")
_RECORD = Layer("record", "an object with requestContext")


def unwrap(source: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Take every envelope off one record.

    Args:
        source: bytes, text, a JSON object, or a queue message that holds one of them.

    Returns:
        The record's JSON object, not yet checked beyond having `requestContext`; the envelopes' names, outermost first.

    Raises:
        RecordError: there is no record in it; without `.raw`, which is the caller's to add.
    """
    layers: list[Layer] = []
    wire = _peel(source, layers)
    return wire, tuple([layer.name for layer in layers])


def explain(source: Any) -> list[Layer]:
    """Say what each layer of one record was and why, outermost first; never raises.

    The last layer is `record`, or `unreadable` with the reason. For several records call it for each of `split`, as a
    list of one (`[item]`).
    """
    layers: list[Layer] = []
    try:
        items = split(source)
        if len(items) != 1:
            raise RecordError(f"expected exactly one record, got a list of {len(items)}")
        read_fields(_peel(items[0], layers))
    except RecordError as error:
        return [*layers, Layer("unreadable", error.reason)]
    except RecursionError:
        return [*layers, Layer("unreadable", strict_json.NO_STACK)]
    return [*layers, _RECORD]


def _peel(source: Any, layers: list[Layer]) -> dict[str, Any]:
    wire, brackets = _start(source, layers)
    while True:
        layer, inner = _inside(wire)
        if layer is _RECORD:
            if brackets > strict_json.MAX_DEPTH:
                strict_json.check_depth(wire)
            return wire
        _add(layers, layer)
        if isinstance(inner, dict):
            wire = inner
        elif isinstance(inner, str):
            wire, brackets = _object(inner.encode(), layers)
        else:
            raise RecordError(f"expected text or an object inside the {layer.name} envelope, got {_kind(inner)}")


def _start(source: Any, layers: list[Layer]) -> tuple[dict[str, Any], int]:
    """Return the outermost object, and how many objects and lists it may hold."""
    if isinstance(source, dict):
        strict_json.check(source, strict_json.MAX_BODY_BYTES, _MAX_DEPTH)
        return strict_json.copy(source), strict_json.MAX_BODY_BYTES
    if isinstance(source, list):
        raise RecordError("expected a record, got a list within the list")
    return _object(source if source.__class__ is bytes else as_bytes(source), layers)


def _inside(wire: dict[str, Any]) -> tuple[Layer, Any]:
    structure = _structure(wire)
    if structure is _RECORD:
        return _RECORD, None
    if structure is _TOPIC_JSON:
        return _TOPIC_JSON, wire["Message"]
    if structure is _TOPIC_STREAM:
        return _TOPIC_STREAM, wire["body"]
    if structure is _EVENT_DATA:
        return _inside_event(wire.get("data"))
    raise RecordError(NO_MARK)


def _structure(wire: dict[str, Any]) -> Layer | None:
    # A topic trigger merges the publisher's attributes into its envelope, whatever they are called: hence the order.
    if "TopicName" in wire and "Message" in wire:
        return _TOPIC_JSON
    if "body" in wire and "attrs" in wire:
        return _TOPIC_STREAM
    if "specversion" in wire:
        return _EVENT_DATA
    return _RECORD if "requestContext" in wire else None


def _inside_event(data: Any) -> tuple[Layer, Any]:
    if isinstance(data, dict) and _structure(data) is None:
        if "messageBody" in data:
            return _EVENT_MESSAGE, data["messageBody"]
        if "body" in data:
            return _EVENT_BODY, data["body"]
    return _EVENT_DATA, data


def _object(raw: bytes, layers: list[Layer]) -> tuple[dict[str, Any], int]:
    """Read text into a JSON object, through the envelopes that are not JSON; also return how many brackets it holds."""
    if len(raw) > strict_json.MAX_BODY_BYTES:
        raise RecordError(f"expected a body of at most {strict_json.MAX_BODY_BYTES} bytes, got {len(raw)}")
    raw = bare(raw)
    while True:
        if raw[:1] == b"{":
            return strict_json.loads_counted(raw, _MAX_DEPTH)
        if raw[:1] == b"<":
            from .notification_xml import message_of

            _add(layers, _TOPIC_XML)
            raw = bare(message_of(raw).encode())
        elif raw[:1] == b'"':
            _add(layers, _TOPIC_STRING)
            raw = bare(strict_json.loads(raw).encode())
        else:
            raw = _from_base64(raw, layers)


def _from_base64(raw: bytes, layers: list[Layer]) -> bytes:
    """Decode, as often as it was encoded: a plain word such as `test` is base64 too, so what it holds must fit."""
    held: bytes | None = raw
    found: list[Layer] = []
    while held and len(layers) + len(found) <= MAX_ENVELOPES:
        held = _decoded(held)
        found.append(_BASE64)
        if held is not None and held[:1] in (b"{", b"<", b'"'):
            for layer in found:
                _add(layers, layer)
            return held
    raise RecordError(no_record(raw))


def _decoded(raw: bytes) -> bytes | None:
    if b"\n" in raw:
        raw = raw.translate(None, b"\r\n")  # as mail and `base64` write it
    padding = len(raw) - len(raw.rstrip(b"="))
    if len(raw) % 4 or padding > 2:
        return None
    try:
        decoded = binascii.a2b_base64(raw)
    except binascii.Error:
        return None
    # It skips what is not in the alphabet; then the result is too short. Cheaper than to look at every character.
    return bare(decoded) if len(decoded) == len(raw) // 4 * 3 - padding else None


def _add(layers: list[Layer], layer: Layer) -> None:
    if len(layers) == MAX_ENVELOPES:
        raise RecordError(f"expected at most {MAX_ENVELOPES} envelopes around a record, got more")
    layers.append(layer)


def _kind(value: Any) -> str:
    return "nothing" if value is None else type(value).__name__

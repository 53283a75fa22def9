"""`--where`: which letters of a spool are meant. Conditions are compared with key fields; nothing is evaluated."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from difflib import get_close_matches

from ..checks import LATEST, seconds_of
from ..errors import ArgumentError
from .groups import GROUP_DIGITS
from .key_fields import KeyFields

_SHOWN_CHARACTERS = 60
_LEAST_GROUP_DIGITS = 4
_FIRST, _END = datetime(1970, 1, 1, tzinfo=timezone.utc), datetime(9999, 12, 31, tzinfo=timezone.utc)
_OPERATOR = re.compile("[=~<>!]+")

Test = Callable[[KeyFields], bool]


@dataclass(frozen=True)
class Condition:
    """One condition.

    Args:
        text: as it was typed.
        test: tells whether it holds for a letter.
    """

    text: str
    test: Test


@dataclass(frozen=True)
class Where:
    """Conditions that all have to hold; without any, every letter is meant.

    Args:
        conditions: in the order in which they were typed.
    """

    conditions: tuple[Condition, ...] = ()

    def matches(self, fields: KeyFields) -> bool:
        """Tell whether every condition holds for a letter."""
        return all(condition.test(fields) for condition in self.conditions)


def parse_where(conditions: Sequence[str], now_ms: int) -> Where:
    """Read conditions as they are typed: `function=main@prod`, `attempts>=3`, `since=2h`.

        function=NAME[@QUALIFIER]   NAME: whatever its qualifier; NAME@: none, which is LATEST
        error=TYPE  condition=CODE  exactly this
        text~TEXT                   a part of error message or response, as it is written
        since=T  until=T            enqueued from T on, before T: 2h (ago) or 2026-01-31T08:00 (UTC without a zone)
        attempts=N                  also >=, <=, >, <
        group=ID                    as `dlq summary` shows it; its first 4 digits will do
        id=ID                       a request id or a message id

    Args:
        conditions: each a key, an operator and a value.
        now_ms: from when durations count back, milliseconds since 1970.

    Raises:
        ArgumentError: one does not parse; the message shows it, with a caret under the place.
    """
    return Where(tuple(Condition(text, _test(text, now_ms)) for text in conditions))


def _test(text: str, now_ms: int) -> Test:
    found = _OPERATOR.search(text)
    key = text if found is None else text[: found.start()]
    if key not in _KEYS:
        raise _refusal(text, 0, f"expected one of {', '.join(_KEYS)}, got {_cut(key)!r}{_hint(key)}")
    operators, read = _KEYS[key]
    if found is None:
        raise _refusal(text, len(text), f"expected {' or '.join(operators)} and a value after {key}, got none")
    # The longest that the key knows: what follows belongs to the value (`text~=5`).
    operator = max((one for one in operators if found[0].startswith(one)), key=len, default=None)
    if operator is None:
        raise _refusal(text, len(key), f"{key} is compared by {' or '.join(operators)}, got {_cut(found[0])!r}")
    at = len(key) + len(operator)
    if not text[at:]:
        raise _refusal(text, at, f"expected a value after {key}{operator}, got none")
    try:
        return read(text[at:], operator, now_ms)
    except _NotReadError as error:
        reason, at = error.reason, at + error.offset
    raise _refusal(text, at, reason)


class _NotReadError(Exception):
    def __init__(self, reason: str, offset: int = 0) -> None:
        self.reason = reason
        self.offset = offset
        super().__init__(reason)


def _function(value: str, _operator: str, _now_ms: int) -> Test:
    name, at, qualifier = value.partition("@")
    if not name:
        raise _NotReadError("expected the name of a function before '@', got none")
    if "@" in qualifier:
        raise _NotReadError("expected one '@', got two", len(name) + 1 + qualifier.index("@"))
    if not at:
        return lambda fields: fields.function == name
    wanted = qualifier or LATEST
    return lambda fields: fields.function == name and (fields.qualifier or LATEST) == wanted


def _error(value: str, _operator: str, _now_ms: int) -> Test:
    return lambda fields: fields.error_type == value


def _condition(value: str, _operator: str, _now_ms: int) -> Test:
    return lambda fields: fields.condition == value


def _text(value: str, _operator: str, _now_ms: int) -> Test:
    return lambda fields: value in fields.text


def _since(value: str, _operator: str, now_ms: int) -> Test:
    since_ms = _moment_ms(value, now_ms)
    return lambda fields: fields.enqueued_ms is not None and fields.enqueued_ms >= since_ms


def _until(value: str, _operator: str, now_ms: int) -> Test:
    until_ms = _moment_ms(value, now_ms)
    return lambda fields: fields.enqueued_ms is not None and fields.enqueued_ms < until_ms


def _attempts(value: str, operator: str, _now_ms: int) -> Test:
    if not re.fullmatch("[0-9]{1,9}", value):
        raise _NotReadError(f"expected a whole number from 0 on, got {_cut(value)!r}")
    number, holds = int(value), _COMPARISONS[operator]
    return lambda fields: fields.attempts is not None and holds(fields.attempts, number)


def _group(value: str, _operator: str, _now_ms: int) -> Test:
    wanted = value.lower()
    if not re.fullmatch(f"[0-9a-f]{{{_LEAST_GROUP_DIGITS},{GROUP_DIGITS}}}", wanted):
        raise _NotReadError(f"expected the {GROUP_DIGITS} hex digits of a group, or its first 4, got {_cut(value)!r}")
    return lambda fields: fields.group.startswith(wanted)


def _id(value: str, _operator: str, _now_ms: int) -> Test:
    return lambda fields: value in (fields.request_id, fields.message_id)


_COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    "=": int.__eq__,
    ">=": int.__ge__,
    "<=": int.__le__,
    ">": int.__gt__,
    "<": int.__lt__,
}
_KEYS: dict[str, tuple[tuple[str, ...], Callable[[str, str, int], Test]]] = {
    "function": (("=",), _function),
    "error": (("=",), _error),
    "condition": (("=",), _condition),
    "text": (("~",), _text),
    "since": (("=",), _since),
    "until": (("=",), _until),
    "attempts": (tuple(_COMPARISONS), _attempts),
    "group": (("=",), _group),
    "id": (("=",), _id),
}


def _moment_ms(value: str, now_ms: int) -> int:
    ago = seconds_of(value) if re.fullmatch("[0-9]{1,6}[smhd]", value) else None
    if ago is not None:
        return now_ms - ago * 1000
    try:
        moment = datetime.fromisoformat(re.sub(r"[Zz]\Z", "+00:00", value))  # Python 3.10 reads no Z
    except ValueError:
        moment = None
    if moment is not None and moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    if moment is None or not _FIRST <= moment < _END:
        raise _NotReadError(f"expected 15m, 2h, 3d (ago) or 2026-01-31T08:00:00 (UTC), got {_cut(value)!r}")
    return (moment - _FIRST) // timedelta(milliseconds=1)


def _hint(key: str) -> str:
    close = get_close_matches(key[:_SHOWN_CHARACTERS].lower(), _KEYS, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[: _SHOWN_CHARACTERS - 1]}…"


def _refusal(text: str, at: int, reason: str) -> ArgumentError:
    """Return the error of three lines: the reason, the condition around the place, a caret below the place."""
    start = max(0, at - _SHOWN_CHARACTERS // 2)
    shown = "".join(char if char.isprintable() else "?" for char in text[start : start + _SHOWN_CHARACTERS])
    before = "…" if start else ""
    indent = len(before) + sum(map(_columns, shown[: at - start]))
    return ArgumentError(f"--where: {reason}\n  {before}{shown}\n  {' ' * indent}^")


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1

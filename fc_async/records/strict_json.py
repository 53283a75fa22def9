"""JSON from strangers, bounded: what `json` accepts and no record may hold is refused before it can do harm.

Refused: not UTF-8, NaN and infinities, lone surrogates, integers over 20 digits, nesting over 64. A duplicate key is
accepted, the last one wins. The bounds are ours; a record of the service is far from all of them.
"""

from __future__ import annotations

import json
import re

from ..errors import RecordError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

MAX_DEPTH = 64
MAX_INTEGER_DIGITS = 20
MAX_BODY_BYTES = 8 * 1024 * 1024
SAFE_DEPTH = 512
"""As many levels `json` may recurse into on any stack; deeper text is measured before it is parsed."""

_MAX_INTEGER = 10**MAX_INTEGER_DIGITS
DEEP = f"expected JSON nested at most {MAX_DEPTH} deep, got deeper"
LONG = f"expected integers of at most {MAX_INTEGER_DIGITS} digits, got a longer one"
NOT_FINITE = "expected JSON, got NaN or an infinity, which JSON does not have"
SURROGATE = "expected text, got a lone surrogate, which is no character"
NOT_UTF8 = "expected UTF-8, got bytes that are not"
REFUSED = {DEEP, LONG, NOT_FINITE, SURROGATE, NOT_UTF8}
"""What is wrong with one value and says nothing about its neighbours in a list: their text can still be told apart."""

SPACE = b" \t\r\n"
"""The white space of JSON."""

NO_STACK = "expected room on the stack to read JSON, got a call at the interpreter's recursion limit"
_LARGE = f"expected a body of at most {MAX_BODY_BYTES} bytes, got more"


def loads(raw: bytes) -> Any:
    """Return the JSON value that the bytes hold.

    Raises:
        RecordError: they hold none, or one that is refused.
    """
    return loads_counted(raw, MAX_DEPTH)[0]


def loads_counted(raw: bytes, max_depth: int) -> tuple[Any, int]:
    """Return the JSON value that the bytes hold, and how many brackets open in them, strings included.

    Raises:
        RecordError: they hold none, or one that is refused, or is nested deeper than `max_depth` levels.
    """
    brackets = raw.count(b"{") + raw.count(b"[")  # few brackets, no depth: the usual case costs no walk
    if brackets > SAFE_DEPTH and is_deeper(raw, max_depth):
        raise RecordError(DEEP)
    value, reason = _decode(raw)
    if reason is not None:
        raise RecordError(reason)  # out here: the exceptions of `json` hold the whole text
    if max_depth < brackets <= SAFE_DEPTH:
        check_depth(value, max_depth)
    # Only an escape brings a lone surrogate through UTF-8. From the right because that is twice as fast in this text.
    if raw.rfind(b"\\u") >= 0 and re.search(_ESCAPED_SURROGATE, raw):
        check(value, max_depth=max_depth)
    return value, brackets


def check_depth(value: Any, max_depth: int = MAX_DEPTH) -> None:
    """Raise RecordError where a JSON value is nested deeper."""
    level: list[Any] = [[value]]
    for _ in range(max_depth + 1):
        inner: list[Any] = []
        for item in level:
            inner += item.values() if item.__class__ is dict else item
        level = [item for item in inner if item.__class__ is dict or item.__class__ is list]
        if not level:
            return
    raise RecordError(DEEP)


def check(value: Any, max_bytes: int = 4 * MAX_BODY_BYTES, max_depth: int = MAX_DEPTH) -> int:
    """Check that a Python value is JSON within the bounds, and return its size in bytes (texts, plus 1 per value).

    It never recurses, and a value that holds itself ends at the depth or the size.
    """
    size = 0
    todo: list[tuple[Iterable[Any], int]] = [((value,), 0)]
    while todo:
        parts, depth = todo.pop()
        if depth > max_depth:
            raise RecordError(DEEP)
        for part in parts:
            if isinstance(part, dict):
                size += 1 + sum(map(_key_bytes, part))
                todo.append((part.values(), depth + 1))
            elif isinstance(part, list):
                size += 1
                todo.append((part, depth + 1))
            else:
                size += _scalar_bytes(part)
        if size > max_bytes:
            raise RecordError(_LARGE)
    return size


def copy(value: Any) -> Any:
    """Return a copy of a JSON value that was checked."""
    if isinstance(value, dict):
        return {key: copy(part) for key, part in value.items()}
    if isinstance(value, list):
        return [copy(part) for part in value]
    return value


def _scalar_bytes(value: Any) -> int:
    if isinstance(value, str):
        return 1 + _utf8_bytes(value)
    if value is None or isinstance(value, bool):
        return 1
    if isinstance(value, int):
        if not -_MAX_INTEGER < value < _MAX_INTEGER:
            raise RecordError(LONG)
        return 1
    if isinstance(value, float):
        _finite(value)
        return 1
    raise RecordError(f"expected JSON, got a value of type {type(value).__name__}")


def _key_bytes(key: Any) -> int:
    if not isinstance(key, str):
        raise RecordError("expected JSON, got an object with a key that is not text")
    return _utf8_bytes(key)


def _utf8_bytes(text: str) -> int:
    if text.isascii():
        return len(text)
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        raise RecordError(SURROGATE) from None


def _decode(raw: bytes) -> tuple[Any, str | None]:
    try:
        text = raw.strip(SPACE).decode()
        value, end = _DECODER.raw_decode(text)  # a tenth faster than `decode`, which looks for space with a pattern
        return value, None if end == len(text) else f"expected one JSON value, got more from character {end} on"
    except RecordError as error:
        return None, error.reason
    except UnicodeDecodeError:
        return None, NOT_UTF8
    except json.JSONDecodeError as error:
        return None, f"expected JSON, got text that is none from character {error.pos} on"
    except RecursionError:
        return None, NO_STACK


def is_deeper(raw: bytes, max_depth: int) -> bool:
    """Tell before parsing whether text is nested deeper: `json` recurses, as far as the interpreter's stack allows."""
    bare = raw.replace(b"\\\\", b"").replace(b'\\"', b"")
    brackets = re.sub(rb'"[^"]*"?|[^]["{}]+', b"", bare).translate(_SQUARE)
    for _ in range(max_depth):  # each round takes the innermost level off
        shorter = brackets.replace(b"[]", b"")
        if len(shorter) == len(brackets):
            break
        brackets = shorter
    return b"[]" in brackets or brackets.count(b"[") > max_depth


def _integer(digits: str) -> int:
    if len(digits) > MAX_INTEGER_DIGITS and len(digits.lstrip("-")) > MAX_INTEGER_DIGITS:
        raise RecordError(LONG)
    return int(digits)


def _real(digits: str) -> float:
    return _finite(float(digits))


def _finite(value: float) -> float:
    if value - value != 0:  # true of NaN and the infinities only; `math` is not loaded for this
        raise RecordError(NOT_FINITE)
    return value


def _constant(_name: str) -> None:
    raise RecordError(NOT_FINITE)


_ESCAPED_SURROGATE = rb"\\u[dD][89a-fA-F]"
_SQUARE = bytes.maketrans(b"{}", b"[]")
_DECODER = json.JSONDecoder(parse_int=_integer, parse_float=_real, parse_constant=_constant)

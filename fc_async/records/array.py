"""A JSON array as the text of its elements, each to be read for itself; one that is refused costs the others nothing.

Two roads. The usual one lets the scanner of `json` go from element to element, with hooks that note what is refused and
raise nothing: an exception for each of half a million elements would cost more than all the rest. The other one cuts at
the commas, for what that scanner cannot take: nesting deeper than the stack, bytes that are not UTF-8 between values.
"""

from __future__ import annotations

import json
import re

from ..errors import RecordError
from . import strict_json
from .source import MARKS, NO_MARK, no_record
from .strict_json import MAX_DEPTH, MAX_INTEGER_DIGITS, SPACE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    Element = tuple[bytes | str, str | None]

_LENIENT = json.JSONDecoder(parse_int=len, parse_float=len, parse_constant=len)
"""Tells whether text is JSON, at the speed of `json`, and refuses none of the values."""

_HOLDS_RECORD = (dict, str)
_SPACES = SPACE.decode()
_NOT_SPACE = re.compile(r"[^ \t\r\n]")
_LONE_ESCAPE = re.compile(r"\\u[dD][89abAB]..(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..)\\u[dD][c-fC-F]")
_BAD_BYTE = re.compile("[\udc80-\udcff]")
_ROOM = 2 * MAX_DEPTH
_ENDS_EARLY = "expected a JSON array, got text that is none: it ends too early or goes on behind its end"


def elements(raw: bytes) -> tuple[int, Iterator[Element]]:
    """Return how many elements a JSON array has, and each with the reason why it is refused, None where it is not.

    An element is its bytes; one that is text, and not refused, is that text.

    Raises:
        RecordError: it is no JSON array: broken text cannot be taken apart.
    """
    raw = raw.strip(SPACE)
    text = raw.decode("utf-8", "surrogateescape")
    count = None if _needs_room(raw) else _count(text)
    if count is not None:
        return count, _scanned(text, count)
    found = _cut(raw)
    _check_syntax(found)
    return len(found), ((_own_text(one), None) for one in found)


def has_several(raw: bytes) -> bool:
    """Tell whether an array has a second element; looks no further than to its comma. False also for broken text."""
    raw = raw.strip(SPACE)
    if _needs_room(raw):
        comma = next(_marks(raw))
        return raw[comma : comma + 1] == b","
    text = raw.decode("utf-8", "surrogateescape")
    try:
        _, end = _LENIENT.raw_decode(text, _value_at(text, 1))
    except (ValueError, RecursionError):
        return False
    comma = _value_at(text, end)
    return text[comma : comma + 1] == ","


def _needs_room(raw: bytes) -> bool:
    """Tell whether the scanner of `json` would recurse further than any record may."""
    return raw.count(b"[") + raw.count(b"{") > _ROOM and strict_json.is_deeper(raw, _ROOM)


def _count(text: str) -> int | None:
    """Return how many elements there are; None where `json` cannot take the text."""
    try:
        value, end = _LENIENT.raw_decode(text)
    except (ValueError, RecursionError):
        return None
    return len(value) if end == len(text) else None


def _scanned(text: str, count: int) -> Iterator[Element]:
    """Go through an array of correct syntax: one loop that calls little, for its elements can be tiny and many."""
    noted: list[str] = []
    scan: Any = _noting(noted).scan_once  # type: ignore[attr-defined] # a quarter faster than `raw_decode`
    in_bytes = text.encode() if text.isascii() else None  # then places are the same in both
    look = _look_at(text)
    place = 1
    for _ in range(count):
        if text[place] in _SPACES:
            place = _value_at(text, place)
        value, end = scan(text, place)
        reason = None
        if noted:
            reason = noted[0]
            noted.clear()
        elif look is not None or end - place > _ROOM:
            reason = _why_refused(value, text, place, end, look)
        if reason is None and value.__class__ is str:
            yield value, None
        else:
            part = in_bytes[place:end] if in_bytes is not None else text[place:end].encode("utf-8", "surrogateescape")
            yield part, reason if reason is not None and value.__class__ in _HOLDS_RECORD else _why_none(value, part)
        place = end + 1 if text[end] in ",]" else _value_at(text, end) + 1


def _look_at(text: str) -> tuple[re.Pattern[str], str, str] | None:
    """Return what to look for in every element, in which text, and what it means; None for the usual text."""
    if not text.isascii() and _BAD_BYTE.search(text):
        return _BAD_BYTE, text, strict_json.NOT_UTF8
    bare = text.replace("\\\\", "__") if "\\u" in text else ""
    return (_LONE_ESCAPE, bare, strict_json.SURROGATE) if _LONE_ESCAPE.search(bare) else None


def _why_refused(
    value: Any, text: str, place: int, end: int, look: tuple[re.Pattern[str], str, str] | None
) -> str | None:
    if look is not None and look[0].search(look[1], place, end):
        return look[2]
    brackets = text.count("[", place, end) + text.count("{", place, end) if end - place > _ROOM else 0
    if brackets > MAX_DEPTH:
        try:
            strict_json.check_depth(value)
        except RecordError as error:
            return error.reason
    return None


def _why_none(value: Any, part: bytes) -> str | None:
    """Say early what reading would find at a greater cost: that this is no record."""
    if value.__class__ is not dict:
        return no_record(part)
    return NO_MARK if value.keys().isdisjoint(MARKS) else None


def _value_at(text: str, place: int) -> int:
    found = _NOT_SPACE.search(text, place)
    return len(text) if found is None else found.start()


def _noting(noted: list[str]) -> json.JSONDecoder:
    """Return a decoder that notes what is refused of a value, and goes on."""

    def integer(digits: str) -> None:
        if len(digits) > MAX_INTEGER_DIGITS and len(digits.lstrip("-")) > MAX_INTEGER_DIGITS:
            noted.append(strict_json.LONG)

    def real(digits: str) -> None:
        value = float(digits)
        if value - value != 0:
            noted.append(strict_json.NOT_FINITE)

    return json.JSONDecoder(
        parse_int=integer, parse_float=real, parse_constant=lambda _: noted.append(strict_json.NOT_FINITE)
    )


def _own_text(element: bytes) -> bytes | str:
    try:
        text: bytes | str = strict_json.loads(element) if element[:1] == b'"' else element
    except RecordError:
        return element  # refused: the reader of this element says why
    return text


def _check_syntax(found: list[bytes]) -> None:
    for index, element in enumerate(found):
        if not _needs_room(element) and _count(f"[{element.decode('utf-8', 'replace')}]") == 1:
            continue
        try:
            strict_json.loads(element)
        except RecordError as error:
            reason = error.reason
        else:
            continue
        if reason == strict_json.NO_STACK:
            raise RecordError(reason)
        if reason not in strict_json.REFUSED:
            raise RecordError(f"expected a JSON array, got text that is none, at element {index} (counted from 0)")


def _cut(raw: bytes) -> list[bytes]:
    """Cut an array at its own commas; what is between them is not looked at."""
    *cuts, end = 0, *_marks(raw)
    if end != len(raw) - 1 or raw[end:] != b"]":
        raise RecordError(_ENDS_EARLY)
    found = [raw[start + 1 : stop].strip(SPACE) for start, stop in zip(cuts, [*cuts[1:], end], strict=True)]
    return [] if found == [b""] else found


def _marks(raw: bytes) -> Iterator[int]:
    """Go through the places of an array's own commas, and then that of its end; 0 where it has none."""
    bare = raw.replace(b"\\\\", b"__").replace(b'\\"', b"__")  # as long as before: places stay what they are
    depth = 0
    for token in re.finditer(rb'"[^"]*"?|[][{},]', bare):
        mark = token[0]
        if mark in (b"[", b"{"):
            depth += 1
        elif mark in (b"]", b"}"):
            depth -= 1
            if depth == 0:
                yield token.start()
                return
        elif depth == 1 and mark == b",":
            yield token.start()
    yield 0

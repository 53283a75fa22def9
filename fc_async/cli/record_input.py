"""What `fc-async record` is given: one input as it came, or what our own commands print (lines, letters of a queue)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from ..errors import RecordError
    from ..records.record import InvocationRecord

_LETTER = {"messageId", "record", "problem"}
"""The keys of a letter as `dlq peek` prints it (`mns/letter.py`)."""


class Given(NamedTuple):
    """What there is to read.

    Args:
        found: a record, or why there is none, for each.
        parts: what each was read from.
        is_list: whether it was written as several.
    """

    found: list[InvocationRecord | RecordError]
    parts: list[Any]
    is_list: bool


def read_given(raw: bytes) -> Given:
    """Read a record, a list of them, one a line (`-o ndjson`), or letters of `dlq peek` in a list or in lines."""
    from ..errors import RecordError
    from ..records.record import iter_records
    from ..records.source import bare

    text = bare(raw)
    lines = _lines(text)
    parts = lines or _elements(text)
    letters = {index: letter for index, part in enumerate(parts) if (letter := _letter(part)) is not None}
    if not lines and not letters:
        return Given(list(iter_records(raw)), parts or [raw], text[:1] == b"[")
    sources = [letters[index]["record"] if index in letters else part for index, part in enumerate(parts)]
    found = list(iter_records(sources))
    for index, letter in letters.items():
        if letter["record"] is None:
            place = f"record {index} of {len(parts)} (counted from 0): " if len(parts) > 1 else ""
            reason = f"message {letter['messageId']} holds no record: {letter['problem']}"
            found[index] = RecordError(place + reason, parts[index], index)
    return Given(found, sources, bool(lines) or text[:1] == b"[")


def _lines(text: bytes) -> list[bytes]:
    """Return the objects that stand one on each line; empty where it is not written so."""
    lines = [line.strip() for line in text.split(b"\n") if line.strip()]
    is_ndjson = len(lines) > 1 and all(line[:1] == b"{" and line[-1:] == b"}" for line in lines)
    return lines if is_ndjson else []


def _elements(text: bytes) -> list[Any]:
    from ..errors import RecordError
    from ..records.source import split

    try:
        return split(text)
    except RecordError:
        return []


def _letter(part: Any) -> dict[str, Any] | None:
    """Return a letter as it was printed; None for anything else."""
    from ..errors import RecordError
    from ..records.strict_json import loads

    if not isinstance(part, bytes) or b'"messageId"' not in part:
        return None
    try:
        found = loads(part)
    except RecordError:
        return None
    return found if isinstance(found, dict) and found.keys() >= _LETTER and "requestContext" not in found else None

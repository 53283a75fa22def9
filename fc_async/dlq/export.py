"""Writes letters of a spool to a file, one JSON object a line; what is secret in them can be left out.

    {"messageId": ..., "enqueueTime": ..., "priority": ..., "properties": {...}, "body": "...", "record": {...}}

`record` is null for what is none. With `redact` its payloads are read as JSON, what the paths name is replaced, and
`body` is left out.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..errors import ArgumentError, RecordError, SpoolError
from ..mns.letter import Letter
from ..records.strict_json import loads
from .spool import Spool

if TYPE_CHECKING:
    from .where import Where

REDACTED: Final = "[redacted]"
_PAYLOADS = ("requestPayload", "responsePayload")
Names = tuple[str, ...]

Paths = dict[Names, bool]
"""The paths, and whether each has named anything yet."""


@dataclass(frozen=True)
class Exported:
    """What was written.

    Args:
        count: how many letters.
        unused: the paths that named nothing in any of them: mistyped, or of other letters.
    """

    count: int
    unused: tuple[str, ...] = ()


def export(spool: Spool, file: Path, where: Where | None = None, *, redact: Sequence[str] = ()) -> Exported:
    """Write letters to a new file that only its owner may read.

    Args:
        spool: the spool.
        file: the file; it must not be there yet.
        where: only those that it selects; None: all.
        redact: paths into the record, as `requestPayload.customer.email`; a list is gone through, and a number names
            one of its elements. Space around a path does not count.

    Returns:
        How many letters were written, and which paths named nothing.

    Raises:
        ArgumentError: a path cannot be right.
        SpoolError: the file is there, or cannot be written (then there is none), or the spool cannot be read.
    """
    paths = {_path(one): False for one in redact}
    try:
        descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        raise SpoolError(f"{file}: is there already; name another file") from None
    except OSError as error:
        raise SpoolError(f"{file}: cannot be made ({error.strerror})") from None
    try:
        count = _written(descriptor, _lines(spool, where, paths))
        return Exported(count, tuple(".".join(path) for path, is_used in paths.items() if not is_used))
    except BaseException as error:
        with suppress(OSError):
            file.unlink()
        if isinstance(error, OSError):
            raise SpoolError(f"{file}: cannot be written ({error.strerror}); nothing is left of it") from None
        raise


def _written(descriptor: int, lines: Iterator[str]) -> int:
    count = 0
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        for line in lines:
            stream.write(line + "\n")
            count += 1
        stream.flush()
        os.fsync(stream.fileno())
    return count


def _lines(spool: Spool, where: Where | None, paths: Paths) -> Iterator[str]:
    for letter in spool.letters(where):
        yield json.dumps(_document(letter, paths), separators=(",", ":"))


def _document(letter: Letter, paths: Paths) -> dict[str, Any]:
    """Return a letter as it is exported; with paths, without what they name."""
    message = letter.message
    head: dict[str, Any] = {
        "messageId": message.message_id,
        "enqueueTime": message.enqueue_time,
        "priority": message.priority,
        "properties": dict(message.user_properties),
    }
    record = None if letter.record is None else letter.record.to_dict()
    if not paths:
        return {**head, "body": message.message_body, "record": record}
    return {**head, "record": None if record is None else _redacted(record, paths)}


def _redacted(record: dict[str, Any], paths: Paths) -> dict[str, Any]:
    read = {name: _as_json(value) if name in _PAYLOADS else value for name, value in record.items()}
    for path in paths:
        without = _without(read, path)
        paths[path] = paths[path] or without != read
        read = without
    return read


def _without(value: Any, path: Names) -> Any:
    """Return a value without what a path names in it; where it leads into what cannot be read, without all of that."""
    if not path:
        return REDACTED
    first, rest = path[0], path[1:]
    if isinstance(value, dict):
        return {name: _without(one, rest) if name == first else one for name, one in value.items()}
    if isinstance(value, list):
        if first.isascii() and first.isdigit():
            return [_without(one, rest) if str(at) == first else one for at, one in enumerate(value)]
        return [_without(one, path) for one in value]
    return REDACTED if isinstance(value, str) and value else value


def _as_json(payload: Any) -> Any:
    """Return a payload as JSON; one that is none, or not within the bounds of a record, as the text that it is."""
    if not isinstance(payload, str):
        return payload
    try:
        return loads(payload.encode("utf-8", "surrogatepass"))
    except RecordError:
        return payload


def _path(text: str) -> Names:
    parts = tuple(text.strip().split("."))
    if not all(parts):
        raise ArgumentError(f"--redact: expected names with dots between them, got {text[:60]!r}")
    return parts

"""What a spool's writer does to its rows; each runs inside a transaction.

At each statement, and at each value that is given by its name, `sqlite3` lets every other thread have its turn first.
So values have places, and many rows are one statement, which takes them from a JSON text.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from .entry import OPEN

_NAMES = (
    *("state", "is_custody", "identity", "message_id", "request_id", "target", "task_id", "new_request_id", "reason"),
    *("changed_ms", "generation", "fields", "message", "body"),
)
_LETTER = f"letter ({', '.join(_NAMES)})"
_MARKS = ", ".join("?" * len(_NAMES))
_SAME = "message_id = ? AND identity = ?"
_INSERT = f"INSERT INTO {_LETTER} VALUES ({_MARKS})"  # noqa: S608 - ours
_HAS_UPDATE_FROM = sqlite3.sqlite_version_info >= (3, 33)


def _listed_value(place: int) -> str:
    return f"json_extract(listed.value, '$[{place}]')"


_INSERT_ALL = (
    f"INSERT INTO {_LETTER} SELECT {', '.join(map(_listed_value, range(len(_NAMES))))} FROM json_each(?) AS listed"  # noqa: S608 - ours
    f" WHERE NOT EXISTS (SELECT 1 FROM letter WHERE message_id = {_listed_value(_NAMES.index('message_id'))}"
    f" AND identity = {_listed_value(_NAMES.index('identity'))})"
)
_UPDATE_ALL = (
    f"UPDATE letter SET state = {_listed_value(1)}, reason = {_listed_value(2)}, changed_ms = {_listed_value(3)},"  # noqa: S608 - ours
    f" new_request_id = coalesce({_listed_value(4)}, new_request_id)"
    f" FROM json_each(?) AS listed WHERE number = {_listed_value(0)}"
)
_OPEN = tuple(state.value for state in OPEN)


def insert_unless_held(connection: sqlite3.Connection, row: dict[str, Any]) -> bool:
    """Insert a letter into custody unless this very message is there and has not been given back since."""
    there = connection.execute(
        f"SELECT 1 FROM letter WHERE {_SAME} AND message_id != '' AND is_custody AND state NOT IN ('returned')",  # noqa: S608 - ours
        _of(row),
    ).fetchone()
    if there is not None:
        return False
    connection.execute(_INSERT, _values(row))
    return True


def insert_unless_there(connection: sqlite3.Connection, row: dict[str, Any]) -> None:
    """Insert a letter that is left in its queue, or note again why, unless it was dealt with."""
    there = connection.execute("SELECT number, state FROM letter WHERE message_id = ?", (row["message_id"],)).fetchone()
    if there is None:
        connection.execute(_INSERT, _values(row))
    elif there[1] in _OPEN:
        connection.execute(
            "UPDATE letter SET state = ?, reason = ?, changed_ms = ? WHERE number = ?",
            (row["state"], row["reason"], row["changed_ms"], there[0]),
        )


def plan_each(connection: sqlite3.Connection, rows: Sequence[dict[str, Any]]) -> list[tuple[int, bool]]:
    """Have letters be planned, whether they are there already or not; return the number of each, and if it is new."""
    listed = _listed([_values(row) for row in rows])
    if listed is not None:
        made = connection.execute(_INSERT_ALL, (listed,))
        if made.rowcount == len(rows) and made.lastrowid is not None:
            first = made.lastrowid - len(rows) + 1
            return [(first + place, True) for place in range(len(rows))]
    return [_planned(connection, row) for row in rows]


def _planned(connection: sqlite3.Connection, row: dict[str, Any]) -> tuple[int, bool]:
    there = connection.execute(
        f"SELECT number, task_id, generation, target FROM letter WHERE {_SAME}",  # noqa: S608 - ours
        _of(row),
    ).fetchone()
    if there is None:
        number = connection.execute(_INSERT, _values(row)).lastrowid
        assert number is not None  # noqa: S101 - an insert has one
        return number, True
    number, task_id, generation, target = there
    is_same = generation == row["generation"] and target == row["target"]
    kept = task_id if is_same and task_id is not None else row["task_id"]
    connection.execute(
        "UPDATE letter SET state = 'planned', target = ?, task_id = ?, generation = ?, reason = NULL, changed_ms = ?"
        " WHERE number = ?",
        (row["target"], kept, row["generation"], row["changed_ms"], number),
    )
    return int(number), False


Note = tuple[int, str, str | None, int, str | None]
"""Number, state, reason, when, and new request id of a letter; the last as it was where there is none."""


def note_each(connection: sqlite3.Connection, notes: Sequence[Note]) -> list[None]:
    """Note what became of letters."""
    listed = _listed(notes) if _HAS_UPDATE_FROM else None
    if listed is not None:
        connection.execute(_UPDATE_ALL, (listed,))
    else:
        connection.executemany(
            "UPDATE letter SET state = ?, reason = ?, changed_ms = ?, new_request_id = coalesce(?, new_request_id)"
            " WHERE number = ?",
            [(*values, number) for number, *values in notes],
        )
    return [None] * len(notes)


def _listed(rows: Sequence[Any]) -> str | None:
    """Return rows as one JSON text; None: one by one they are quicker, or SQLite would cut a text at its NUL."""
    if len(rows) < 2:
        return None
    listed = json.dumps(rows, ensure_ascii=False)
    return None if r"\u0000" in listed else listed


def _values(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in _NAMES)


def _of(row: dict[str, Any]) -> tuple[str, str]:
    return row["message_id"], row["identity"]

"""What a spool's writer does to its rows; each runs inside a transaction."""

from __future__ import annotations

import sqlite3
from typing import Any

from .entry import OPEN, State

_ALL = (
    "state, is_custody, identity, message_id, request_id, target, task_id, new_request_id, reason, changed_ms,"
    " generation, fields, message, body"
)
_INSERT = f"INSERT INTO letter ({_ALL}) VALUES ({', '.join(':' + name.strip() for name in _ALL.split(','))})"  # noqa: S608 - ours


_OPEN = tuple(state.value for state in OPEN)


def insert_unless_held(connection: sqlite3.Connection, row: dict[str, Any]) -> bool:
    """Insert a letter into custody unless this very message is there and has not been given back since."""
    there = connection.execute(
        "SELECT 1 FROM letter WHERE message_id = :message_id AND message_id != '' AND is_custody"
        " AND identity = :identity AND state NOT IN ('returned')",
        row,
    ).fetchone()
    if there is not None:
        return False
    number = connection.execute(_INSERT, row).lastrowid
    step(connection, number or 0, row["changed_ms"], State.HELD, None)
    return True


def insert_unless_there(connection: sqlite3.Connection, row: dict[str, Any]) -> None:
    """Insert a letter that is left in its queue, or note again why, unless it was dealt with."""
    there = connection.execute("SELECT number, state FROM letter WHERE message_id = :message_id", row).fetchone()
    if there is None:
        number = connection.execute(_INSERT, row).lastrowid
    elif there[1] in _OPEN:
        number = there[0]
        connection.execute(
            "UPDATE letter SET state = ?, reason = ?, changed_ms = ? WHERE number = ?",
            (row["state"], row["reason"], row["changed_ms"], number),
        )
    else:
        return
    step(connection, number or 0, row["changed_ms"], State(row["state"]), row["reason"])


def planned(connection: sqlite3.Connection, row: dict[str, Any]) -> int:
    """Insert a letter as planned, or have the one that is there be planned; return its number."""
    there = connection.execute(
        "SELECT number, task_id, generation, target FROM letter"
        " WHERE message_id = :message_id AND identity = :identity",
        row,
    ).fetchone()
    if there is None:
        number = connection.execute(_INSERT, row).lastrowid
        assert number is not None  # noqa: S101 - an insert has one
        return number
    number, task_id, generation, target = there
    is_same = generation == row["generation"] and target == row["target"]
    kept = task_id if is_same and task_id is not None else row["task_id"]
    connection.execute(
        "UPDATE letter SET state = 'planned', target = ?, task_id = ?, generation = ?, reason = NULL, changed_ms = ?"
        " WHERE number = ?",
        (row["target"], kept, row["generation"], row["changed_ms"], number),
    )
    return int(number)


def step(connection: sqlite3.Connection, letter: int, at_ms: int, state: State, detail: str | None) -> None:
    """Write a line of the journal."""
    connection.execute(
        "INSERT INTO step (letter, at_ms, state, detail) VALUES (?, ?, ?, ?)", (letter, at_ms, state.value, detail)
    )

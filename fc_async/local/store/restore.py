"""Has a new service go on with what was kept: functions first, for everything else refers to them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..engine.invocation import Invocation
from ..mailbox.mailbox import Mailbox
from .database import Database
from .function_row import FunctionRows
from .invocation_row import read_delivery, read_invocation
from .mailbox_rows import read_message, take_up_push, take_up_queue, take_up_topic
from .parts import Parts


def restore(database: Database, parts: Parts, code_root: Path) -> None:
    """Have a new service hold what was kept."""
    functions = FunctionRows(code_root)
    for _, value, _ in database.rows("function"):
        parts.control_plane.take_up(functions.read(value))
    _restore_queues(database, parts.mailbox)
    for name, value, _ in database.rows("topic"):
        take_up_topic(parts.topics, name, value)
    for _, value, _ in database.rows("push"):
        take_up_push(parts.topics, value)
    _restore_invocations(database, parts)


def _restore_queues(database: Database, mailbox: Mailbox) -> None:
    queues = {name: take_up_queue(mailbox, name, value) for name, value, _ in database.rows("queue")}
    for message_id, value, data in database.rows("message"):
        name, message = read_message(message_id, value, data or b"")
        queues[name].take_up(message)


def _restore_invocations(database: Database, parts: Parts) -> None:
    engine = parts.engine
    invocations = {
        number: read_invocation(engine, number, value, data or b"")
        for number, value, data in database.rows("invocation")
    }
    for invocation in _in_order(invocations.values()):
        engine.take_up(invocation)
    for number, value, _ in database.rows("delivery"):
        parts.delivery.take_up(number, *read_delivery(engine, invocations, value))


def _in_order(invocations: Iterable[Invocation]) -> list[Invocation]:
    """Those that have ended first, in the order of their ends; then the others, in that of their acceptance."""

    def key(invocation: Invocation) -> tuple[bool, int, int]:
        ended_ms = invocation.ended_ms
        return ended_ms is None, 0 if ended_ms is None else ended_ms, invocation.number

    return sorted(invocations, key=key)

"""A spool: one file with letters taken out of a queue, and the journal of what was done with each.

What is about to be done stands in the file before it is done, and what was done before a letter is deleted for it. So
whatever dies in between, the file tells what may have happened and what certainly has not.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import RecordError, SpoolError
from ..mns.letter import Letter
from ..mns.message import QueueMessage
from .entry import OPEN, SENT, Entry, State
from .identity import identity
from .key_fields import KeyFields, key_fields
from .spool_file import SpoolLock, connect, make_spool, read_meta
from .spool_place import SpoolPlace
from .writer import Writer

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from .where import Where

_Result = TypeVar("_Result")
_PAGE = 500
_ENTRY = "number, state, fields, identity, target, task_id, new_request_id, reason, changed_ms, is_custody, generation"


class Spool:
    """A spool that is there already; `Spool.create` makes one, `custody.pull` fills one from a queue.

    Args:
        path: the file.
        read_only: look at it only, also while another process writes it.
        clock: seconds since 1970.

    Raises:
        SpoolError: it is not there, damaged, of another version, or open elsewhere.
    """

    def __init__(self, path: Path | str, *, read_only: bool = False, clock: Callable[[], float] = time.time) -> None:
        self.path = Path(path)
        self._clock = clock
        self._lock = threading.Lock()
        if not self.path.is_file():
            raise SpoolError(f"{self.path}: there is no such spool; `fc-async dlq spools` lists those that there are")
        self._holding = None if read_only else SpoolLock(self.path)
        self._writer: Writer | None = None
        try:
            self._reader = self._opened()
            meta = read_meta(self.path, self._reader)
            self.place = SpoolPlace(meta["account_id"], meta["region"], meta["queue"], meta["endpoint"])
            self.created_ms = int(meta["created_ms"])
            self._writer = None if read_only else Writer(self.path)
        except BaseException:
            self.close()
            raise

    @classmethod
    def create(cls, path: Path, place: SpoolPlace, *, clock: Callable[[], float] = time.time) -> Self:
        """Make an empty spool, and open it; raises SpoolError."""
        make_spool(path, place, round(clock() * 1000))
        return cls(path, clock=clock)

    def _opened(self) -> sqlite3.Connection:
        try:
            return connect(self.path, may_write=False)
        except sqlite3.Error as error:
            raise SpoolError(f"{self.path}: cannot be opened ({error})") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Spool({str(self.path)!r})"

    def close(self) -> None:
        """Write what was asked for, and close the file; harmless twice."""
        if self._writer is not None:
            self._writer.close()
        if hasattr(self, "_reader"):
            self._reader.close()
        if self._holding is not None:
            self._holding.close()

    # looking

    def entries(self, where: Where | None = None, *, states: Sequence[State] | None = None) -> Iterator[Entry]:
        """Yield what is known of each letter, in the order in which they came; in pages, so that memory has a bound.

        Args:
            where: only those that it selects; None: all.
            states: only those in one of these; None: in any.
        """
        chosen = tuple(State) if states is None else tuple(states)
        marks = ", ".join("?" * len(chosen))
        after = 0
        while True:
            rows = self._rows(
                f"SELECT {_ENTRY} FROM letter WHERE number > ? AND state IN ({marks}) ORDER BY number LIMIT {_PAGE}",  # noqa: S608 - ours
                (after, *(state.value for state in chosen)),
            )
            for row in rows:
                entry = self._entry(row)
                after = entry.number
                if where is None or where.matches(entry.fields):
                    yield entry
            if len(rows) < _PAGE:
                return

    def letters(self, where: Where | None = None) -> Iterator[Letter]:
        """Yield the letters themselves, with their bodies.

        Args:
            where: only those that it selects; None: all.
        """
        return (self.letter(entry.number) for entry in self.entries(where))

    def letter(self, number: int) -> Letter:
        """Return a letter with its body; raises SpoolError for a number that there is not."""
        rows = self._rows("SELECT message, body FROM letter WHERE number = ?", (number,))
        if not rows:
            raise SpoolError(f"{self.path}: has no letter {number}")
        message, body = rows[0]
        try:
            return Letter.of(QueueMessage(message_body=body, **json.loads(message)))
        except (TypeError, ValueError):
            raise SpoolError(f"{self.path}: letter {number} cannot be read, it may be damaged") from None

    def counts(self) -> dict[str, int]:
        """Return how many letters there are in each state that has any."""
        return dict(self._rows("SELECT state, count(*) FROM letter GROUP BY state ORDER BY state", ()))

    def find(self, wanted: str) -> Entry | None:
        """Return a letter that was accepted and is one with that identity, or else any that is; None: there is none."""
        return self._one(
            f"SELECT {_ENTRY} FROM letter WHERE identity = ? ORDER BY state NOT IN (?, ?), number DESC LIMIT 1",  # noqa: S608 - ours
            (wanted, *(state.value for state in SENT)),
        )

    def find_message(self, message_id: str) -> Entry | None:
        """Return the letter of a message; None: there is none."""
        return self._one(f"SELECT {_ENTRY} FROM letter WHERE message_id = ? LIMIT 1", (message_id,))  # noqa: S608 - ours

    def find_request(self, new_request_id: str) -> Entry | None:
        """Return the letter whose invocation was accepted under that id; None: there is none."""
        return self._one(f"SELECT {_ENTRY} FROM letter WHERE new_request_id = ? LIMIT 1", (new_request_id,))  # noqa: S608 - ours

    def _one(self, statement: str, values: tuple[Any, ...]) -> Entry | None:
        rows = self._rows(statement, values)
        return self._entry(rows[0]) if rows else None

    def _entry(self, row: tuple[Any, ...]) -> Entry:
        try:
            return _entry(row)
        except (RecordError, ValueError):
            raise SpoolError(f"{self.path}: letter {row[0]} cannot be read, it may be damaged") from None

    def _rows(self, statement: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        try:
            with self._lock:
                return self._reader.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise SpoolError(f"{self.path}: cannot be read ({error})") from None

    # the journal

    def take(self, messages: Iterable[QueueMessage]) -> int:
        """Take custody of messages, and return how many were new; when this returns they may be deleted.

        One that is here already, because its delete did not work, is not taken twice.
        """
        letters = [Letter.of(message) for message in messages]
        rows = [self._row(letter, State.HELD, is_custody=True) for letter in letters]

        def work(connection: sqlite3.Connection) -> int:
            return sum(_insert_unless_held(connection, row) for row in rows)

        return self._write(work)

    def plan(self, letter: Letter, target: str, task_id: str | None, *, generation: int = 0) -> Entry:
        """Note that a letter is about to be sent; return it as it stands, with the task id that it had before, if any.

        Args:
            letter: the letter.
            target: `NAME[@QUALIFIER]` that it will be sent to.
            task_id: the task id that it will be sent with; None: none. One that stands in the spool already wins.
            generation: how often it was sent again on purpose.
        """
        row = self._row(letter, State.PLANNED, is_custody=False)
        row.update(target=target, task_id=task_id, generation=generation)

        def work(connection: sqlite3.Connection) -> int:
            number = _planned(connection, row)
            _step(connection, number, row["changed_ms"], State.PLANNED, task_id)
            return number

        entry = self._one(f"SELECT {_ENTRY} FROM letter WHERE number = ?", (self._write(work),))  # noqa: S608 - ours
        assert entry is not None  # noqa: S101 - it was just written
        return entry

    def note(self, number: int, state: State, *, new_request_id: str | None = None, reason: str | None = None) -> None:
        """Note what became of a letter.

        Args:
            number: its number.
            state: where it is now.
            new_request_id: the id of the invocation that was accepted; None: what it was.
            reason: why it was left; None: there is none.
        """
        self.note_all([(number, state, new_request_id, reason)])

    def note_all(self, notes: Sequence[tuple[int, State, str | None, str | None]]) -> None:
        """Note what became of several letters, in one commit: number, state, new request id and reason of each."""
        now_ms = self._now_ms()

        def work(connection: sqlite3.Connection) -> None:
            for number, state, new_request_id, reason in notes:
                connection.execute(
                    "UPDATE letter SET state = ?, reason = ?, changed_ms = ?,"
                    " new_request_id = coalesce(?, new_request_id) WHERE number = ?",
                    (state.value, reason, now_ms, new_request_id, number),
                )
                _step(connection, number, now_ms, state, new_request_id or reason)

        self._write(work)

    def leave(self, letter: Letter, state: State, reason: str) -> None:
        """Note that a letter of a queue is left there, once.

        Args:
            letter: the letter.
            state: left or came_back.
            reason: why.
        """
        row = self._row(letter, state, is_custody=False)
        row["reason"] = reason

        def work(connection: sqlite3.Connection) -> None:
            _insert_unless_there(connection, row)

        self._write(work)

    def forget_bodies(self, numbers: Sequence[int]) -> None:
        """Take the raw letters away for good; what was done with them stays known."""

        def work(connection: sqlite3.Connection) -> None:
            connection.executemany("UPDATE letter SET body = '' WHERE number = ?", [(number,) for number in numbers])

        self._write(work)

    def _write(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        if self._writer is None:
            raise SpoolError(f"{self.path}: was opened to look at only")
        return self._writer.write(work)

    def _row(self, letter: Letter, state: State, *, is_custody: bool) -> dict[str, Any]:
        message = letter.message
        known = {
            "message_id": message.message_id,
            "message_body_md5": message.message_body_md5,
            "enqueue_time": message.enqueue_time,
            "first_dequeue_time": message.first_dequeue_time,
            "dequeue_count": message.dequeue_count,
            "priority": message.priority,
            "message_group_id": message.message_group_id,
            "user_properties": dict(message.user_properties),
        }
        fields = key_fields(letter)
        return {
            "state": state.value,
            "is_custody": int(is_custody),
            "identity": identity(letter),
            "message_id": message.message_id,
            "request_id": fields.request_id,
            "target": None,
            "task_id": None,
            "new_request_id": None,
            "reason": None,
            "changed_ms": self._now_ms(),
            "generation": 0,
            "fields": fields.to_json(),
            "message": json.dumps(known),
            "body": message.message_body,
        }

    def _now_ms(self) -> int:
        return round(self._clock() * 1000)


_COLUMNS = (
    "state, is_custody, identity, message_id, request_id, target, task_id, new_request_id, reason, changed_ms,"
    " generation, fields, message, body"
)
_INSERT = f"INSERT INTO letter ({_COLUMNS}) VALUES ({', '.join(':' + name.strip() for name in _COLUMNS.split(','))})"  # noqa: S608 - ours


_OPEN = tuple(state.value for state in OPEN)


def _insert_unless_held(connection: sqlite3.Connection, row: dict[str, Any]) -> bool:
    """Insert a letter into custody unless this very message is there and has not been given back since."""
    there = connection.execute(
        "SELECT 1 FROM letter WHERE message_id = :message_id AND is_custody AND identity = :identity"
        " AND state NOT IN ('returned')",
        row,
    ).fetchone()
    if there is not None:
        return False
    number = connection.execute(_INSERT, row).lastrowid
    _step(connection, number or 0, row["changed_ms"], State.HELD, None)
    return True


def _insert_unless_there(connection: sqlite3.Connection, row: dict[str, Any]) -> None:
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
    _step(connection, number or 0, row["changed_ms"], State(row["state"]), row["reason"])


def _planned(connection: sqlite3.Connection, row: dict[str, Any]) -> int:
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


def _step(connection: sqlite3.Connection, letter: int, at_ms: int, state: State, detail: str | None) -> None:
    connection.execute(
        "INSERT INTO step (letter, at_ms, state, detail) VALUES (?, ?, ?, ?)", (letter, at_ms, state.value, detail)
    )


def _entry(row: tuple[Any, ...]) -> Entry:
    number, state, fields, known, target, task_id, new_request_id, reason, changed_ms, is_custody, generation = row
    return Entry(
        number,
        State(state),
        KeyFields.from_json(fields),
        known,
        target,
        task_id,
        new_request_id,
        reason,
        changed_ms,
        bool(is_custody),
        generation,
    )

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
from .entry import COLUMNS, SENT, Around, Entry, State, entry_of
from .identity import identity
from .key_fields import KeyFields, key_fields
from .seen import Seen
from .spool_file import SpoolLock, check_is_file, connect, make_spool, read_meta
from .spool_place import SpoolPlace
from .spool_rows import insert_unless_held, insert_unless_there, note_each, plan_each
from .writer import Writer

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from ..functions.client import FunctionsClient
    from ..mns.queue_client import QueueClient
    from .pulled import Pulled
    from .push import Returned
    from .where import Where

_Result = TypeVar("_Result")
_PAGE = 500
_KEPT = (
    *("message_id", "message_body_md5", "enqueue_time", "first_dequeue_time", "dequeue_count", "priority"),
    *("message_group_id", "user_properties", "user_property_types"),
)


_BY_NUMBER = f"SELECT {COLUMNS} FROM letter WHERE number = ?"  # noqa: S608 - ours


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
        check_is_file(self.path)
        self._holding = None if read_only else SpoolLock(self.path)
        self._writer: Writer | None = None
        self._seen: Seen | None = None  # of a spool that was there already, only the file can tell
        self.pulled: Pulled | None = None
        try:
            self._reader = self._opened()
            meta = read_meta(self.path, self._reader)
            self.place = SpoolPlace(meta["account_id"], meta["region"], meta["queue"], meta["endpoint"])
            self.created_ms = int(meta["created_ms"])
            self.pull_state = meta.get("pull")  # "going" or "ended"; None: it was made for a redrive
            self._writer = None if read_only else Writer(self.path)
        except BaseException:
            self.close()
            raise

    @classmethod
    def create(cls, path: Path, place: SpoolPlace, *, clock: Callable[[], float] = time.time) -> Self:
        """Make an empty spool, and open it; raises SpoolError."""
        make_spool(path, place, round(clock() * 1000))
        made = cls(path, clock=clock)
        made._seen = Seen()
        return made

    @staticmethod
    def pull(queue: QueueClient, path: Path | str | None = None, *, limit: int | None = None) -> Spool:
        """Take custody of the letters of a queue, as `custody.pull` does; `pulled` says how it ended."""
        from .custody import pull

        return pull(queue, path, limit=limit)

    def push(self, queue: QueueClient, where: Where | None = None) -> Returned:
        """Put what was not done back into a queue, as `push.push` does."""
        from .push import push

        return push(self, queue, where)

    def restore(
        self,
        queue: QueueClient,
        everything: bool = False,
        accepted: bool = False,
        functions: FunctionsClient | None = None,
    ) -> Returned:
        """Put raw letters back into their queue, as `restore.restore` does."""
        from .restore import restore

        return restore(self, queue, everything=everything, accepted=accepted, functions=functions)

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
        if hasattr(self, "_reader"):
            self._reader.close()  # first: the last one to close merges what is beside the file into it
        if self._writer is not None:
            self._writer.close()
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
                f"SELECT {COLUMNS} FROM letter WHERE number > ? AND state IN ({marks}) ORDER BY number LIMIT {_PAGE}",  # noqa: S608 - ours
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
        except (ValueError, TypeError) as error:
            raise self._damaged(error) from None

    def has_custody(self) -> bool:
        """Whether it holds letters in the place of their queue."""
        return bool(self._rows("SELECT 1 FROM letter WHERE is_custody LIMIT 1", ()))

    def counts(self) -> dict[str, int]:
        """Return how many letters there are in each state that has any."""
        return dict(self._rows("SELECT state, count(*) FROM letter GROUP BY state ORDER BY state", ()))

    def find(self, wanted: str) -> Entry | None:
        """Return a letter that was accepted and is one with that identity, or else any that is; None: there is none."""
        return self._one(
            f"SELECT {COLUMNS} FROM letter WHERE identity = ? ORDER BY state NOT IN (?, ?), number DESC LIMIT 1",  # noqa: S608 - ours
            (wanted, *(state.value for state in SENT)),
        )

    def around(self, letter: Letter, wanted: str) -> Around:
        """Return what is known of a letter that shows, by one look: each costs several threads their turn.

        Args:
            letter: the letter.
            wanted: its identity.
        """
        message_id = letter.message.message_id
        request_id = None if letter.record is None else letter.record.request_id
        if self._seen is not None and not self._seen.may_have(message_id, wanted, request_id):
            return Around(None, None, False)
        rows = self._rows(
            f"SELECT {COLUMNS} FROM letter WHERE message_id = ? OR identity = ? OR new_request_id = ? ORDER BY number",  # noqa: S608 - ours
            (message_id, wanted, request_id),
        )
        entries = [self._entry(row) for row in rows]
        messages = [one for one in entries if one.fields.message_id == message_id]
        accepted = [one for one in entries if one.identity == wanted and one.state in SENT]
        return Around(
            messages[-1] if messages else None,
            accepted[-1] if accepted else None,
            any(one.new_request_id == request_id for one in entries if request_id is not None),
        )

    def find_message(self, message_id: str) -> Entry | None:
        """Return the letter of a message, the last one where it came again; None: there is none."""
        statement = f"SELECT {COLUMNS} FROM letter WHERE message_id = ? ORDER BY number DESC LIMIT 1"  # noqa: S608 - ours
        return self._one(statement, (message_id,))

    def find_request(self, new_request_id: str) -> Entry | None:
        """Return the letter whose invocation was accepted under that id; None: there is none."""
        return self._one(f"SELECT {COLUMNS} FROM letter WHERE new_request_id = ? LIMIT 1", (new_request_id,))  # noqa: S608 - ours

    def _one(self, statement: str, values: tuple[Any, ...]) -> Entry | None:
        rows = self._rows(statement, values)
        return self._entry(rows[0]) if rows else None

    def _entry(self, row: tuple[Any, ...]) -> Entry:
        try:
            return entry_of(row)
        except (RecordError, ValueError) as error:
            raise self._damaged(error) from None

    def _damaged(self, error: Exception) -> SpoolError:
        return SpoolError(f"{self.path}: is damaged ({type(error).__name__} in a letter); it was left as it is")

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
        rows = [self._row(letter, State.HELD, key_fields(letter), is_custody=True) for letter in letters]

        def work(connection: sqlite3.Connection) -> int:
            return sum(insert_unless_held(connection, row) for row in rows)

        return self._write(work)

    def plan(self, letter: Letter, target: str, task_id: str | None, *, generation: int = 0) -> Entry:
        """Note that a letter is about to be sent; return it as it stands, with the task id that it had before, if any.

        Args:
            letter: the letter.
            target: `NAME[@QUALIFIER]` that it will be sent to.
            task_id: the task id that it will be sent with; None: none. One that stands in the spool already wins.
            generation: how often it was sent again on purpose.
        """
        fields = key_fields(letter)
        row = self._row(letter, State.PLANNED, fields)
        row.update(target=target, task_id=task_id, generation=generation)
        number, is_new = self._writing().write_together(plan_each, row)
        if not is_new:
            return self._entry(self._rows(_BY_NUMBER, (number,))[0])
        one, now_ms = row["identity"], row["changed_ms"]
        return Entry(number, State.PLANNED, fields, one, target, task_id, None, None, now_ms, False, generation)

    def note(self, number: int, state: State, *, new_request_id: str | None = None, reason: str | None = None) -> None:
        """Note what became of a letter.

        Args:
            number: its number.
            state: where it is now.
            new_request_id: the id of the invocation that was accepted; None: what it was.
            reason: why it was left; None: there is none.
        """
        if self._seen is not None:
            self._seen.add(new_request_id)
        self._writing().write_together(note_each, (number, state.value, reason, self._now_ms(), new_request_id))

    def note_all(self, notes: Sequence[tuple[int, State, str | None, str | None]]) -> None:
        """Note what became of several letters, in one commit: number, state, new request id and reason of each."""
        now_ms = self._now_ms()
        if self._seen is not None:
            self._seen.add(*(new_id for _, _, new_id, _ in notes))
        rows = [(number, state.value, reason, now_ms, new_id) for number, state, new_id, reason in notes]
        self._write(lambda connection: note_each(connection, rows))

    def leave(self, letter: Letter, state: State, reason: str) -> None:
        """Note that a letter of a queue is left there, once.

        Args:
            letter: the letter.
            state: left or came_back.
            reason: why.
        """
        row = self._row(letter, state, key_fields(letter))
        row["reason"] = reason

        def work(connection: sqlite3.Connection) -> None:
            insert_unless_there(connection, row)

        self._write(work)

    def forget_bodies(self, numbers: Sequence[int]) -> None:
        """Take the raw letters away for good, and what was said in them; what was done with them stays known."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("PRAGMA secure_delete=ON")
            connection.executemany(
                "UPDATE letter SET body = '', fields = json_set(fields, '$.message', NULL, '$.text', ''),"
                " message = json_remove(message, '$.user_properties', '$.user_property_types') WHERE number = ?",
                [(number,) for number in numbers],
            )

        self._write(work)

    def note_pull(self, state: str) -> None:
        """Note that a pull is `going` or has `ended`: what was killed meanwhile is gone on with."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT OR REPLACE INTO meta VALUES ('pull', ?)", (state,))

        self._write(work)
        self.pull_state = state

    def _write(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        return self._writing().write(work)

    def _writing(self) -> Writer:
        if self._writer is None:
            raise SpoolError(f"{self.path}: was opened to look at only")
        return self._writer

    def _row(self, letter: Letter, state: State, fields: KeyFields, *, is_custody: bool = False) -> dict[str, Any]:
        message = letter.message
        known = {name: getattr(message, name) for name in _KEPT}
        one = identity(letter)
        if self._seen is not None:
            self._seen.add(message.message_id, one)
        return {
            "state": state.value,
            "is_custody": int(is_custody),
            "identity": one,
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

"""Keeps the state of a service in a folder, and has it taken up again by the next process.

    DIR/lock            the process that has it
    DIR/state.sqlite3   everything but code
    DIR/code, packages  uploaded code

Each callback of the event loop tells the shelves what it has changed; at the end of its turn one commit writes all of
it, and only then answers of that turn go out (`turn.py`). An invocation's end and what it does to a local queue happen
in one callback, and so are in one commit.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from random import Random

from ...errors import LocalError
from ..clock import Clock, ManualClock
from .data_folder import DataFolder
from .database import Database
from .parts import Parts
from .restore import restore
from .shelves import Shelves
from .turn import NotWritten, Turn

_MOST_DIGITS = 15
"""Of a time in milliseconds, for ten thousand years."""


class Store:
    """The kept state of one service at a time; it is this process's until it is closed.

    Args:
        path: the folder.
        clock: the service's time; one that is moved by hand goes on where it was.

    Raises:
        LocalError: the folder or what is in it cannot be used.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self.folder = DataFolder(path)
        try:
            self._database = Database(self.folder.database)
        except BaseException:
            self.folder.close()
            raise
        self._clock = clock
        self._is_manual = isinstance(clock, ManualClock)
        self._is_cleared = False
        self._turn = Turn(self._write)
        self.shelves = Shelves(self.folder.code, self._turn.touch)
        self._meta: dict[str, str] = {}
        self._kept_ms: int | None = None
        try:
            self._take_up_meta()
        except BaseException:
            self.close()
            raise

    def _take_up_meta(self) -> None:
        try:
            self._meta = {key: value for key, value, _ in self._database.rows("meta")}
            self._starts = _number(self._meta.get("starts", "0"))
            kept_ms = _number(self._meta.get("manual_ms", "0"))
        except (ValueError, TypeError, sqlite3.Error) as error:
            raise self._damaged(error) from None
        self._take_up_time(kept_ms)

    def _take_up_time(self, kept_ms: int) -> None:
        mine, kept = self._kind_of_clock(), self._meta.get("clock")
        if kept not in (None, mine):
            raise LocalError(
                f"--data {self.folder.path}: was kept with --clock {kept}; start with that, or name another folder"
            )
        if isinstance(self._clock, ManualClock):
            self._clock.advance_to(kept_ms)

    def _kind_of_clock(self) -> str:
        return "manual" if self._is_manual else "real"

    def random(self, seed: int | None) -> Random:
        """Return where ids come from: another sequence after each start, for those of the last one are in use."""
        starts = self._starts
        self._meta["starts"] = str(starts + 1)
        return Random(seed if seed is None or starts == 0 else f"{seed}/{starts}")  # noqa: S311 - ids, not secrets

    def take_up(self, parts: Parts) -> None:
        """Have a new service go on with what is kept.

        Raises:
            LocalError: what is kept makes no sense.
        """
        try:
            restore(self._database, parts, self.folder.code)
        except Exception as error:  # whatever is in the file, it is left as it is
            self.shelves.retire()
            self._turn.forget()
            raise self._damaged(error) from None

    def _damaged(self, error: Exception) -> LocalError:
        return LocalError(
            f"{self.folder.database}: is damaged ({type(error).__name__} in what is kept); it was left as it is: "
            "put it aside, or name another folder"
        )

    def begin(self) -> None:
        """Note that a service begins; the first commit of this process."""
        self.shelves.meta.put("clock", self._kind_of_clock())
        self.shelves.meta.put("starts", self._meta["starts"])

    def start_over(self) -> None:
        """Keep nothing of the service that was, and be ready for the one that follows it."""
        self.shelves.retire()
        self.shelves = Shelves(self.folder.code, self._turn.touch)
        self._is_cleared = True
        self._kept_ms = None
        self.begin()

    async def settled(self) -> None:
        """Wait until everything that has changed up to now is safe; raises NotWritten."""
        if self._is_manual and self._clock.now_ms() != self._kept_ms:
            self._turn.touch()
        await self._turn.settled()

    def touch(self) -> None:
        """Have time kept where it is now."""
        self._turn.touch()

    def _write(self) -> None:
        if self._is_manual and self._clock.now_ms() != self._kept_ms:
            self._kept_ms = self._clock.now_ms()
            self.shelves.meta.put("manual_ms", str(self._kept_ms))
        try:
            self._database.write(self.shelves.changed, is_cleared=self._is_cleared)
        except sqlite3.Error as error:
            raise NotWritten(f"{self.folder.database}: {error}") from None
        self.shelves.written()
        self._is_cleared = False

    def close(self) -> None:
        """Write what is left, and give the folder back; harmless twice."""
        self._turn.commit()
        self._database.close()
        self.folder.close()


def _number(text: str) -> int:
    """Read a number of the meta table; raises ValueError for what this program has not written."""
    if len(text) > _MOST_DIGITS:
        raise ValueError
    return int(text)

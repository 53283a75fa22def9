"""What other redrives of a queue have sent, as far as their spools are on this machine.

They may be earlier ones, or go on at the same time: their spools may come while this one works.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from ..errors import SpoolError
from .entry import SENT, Entry, State
from .spool import Spool
from .spool_place import SUFFIX, SpoolPlace, resolved

_SETTLED_NS = 100_000_000
"""A folder that was changed less long ago may have been changed again within the same tick of its clock."""

_LOOK_SECONDS = 0.25
"""The folder is looked at so often: a letter that another redrive has had shows again after a second at the soonest."""

_MOST_OPEN = 64
"""So many spools stay open, two descriptors each; further ones are opened for each question."""

_NAMED = 3
"""So many links that lead nowhere are named."""

_Found = TypeVar("_Found")


class Acceptances:
    """The other spools of a queue, to look at only; one that cannot be read is passed over, and named.

    Args:
        folder: where spools lie; it is looked through again when it has changed.
        place: of which queue.
        mine: the spool of this redrive, which is not among them; None: it has none.
        clock: seconds that only grow.
    """

    def __init__(
        self, folder: Path, place: SpoolPlace, mine: Path | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._look_at = 0.0
        self._folder = folder
        self._place = place
        self._mine = None if mine is None else resolved(mine)
        self._lock = threading.Lock()
        self._open_ones: dict[Path, Spool] = {}
        self._others: list[Path] = []  # of this queue, and not kept open
        self._elsewhere: set[Path] = set()  # of another queue
        self._unreadable: dict[Path, str] = {}
        self._changed_ns: int | None = None
        self._look()

    @property
    def not_known(self) -> tuple[str, ...]:
        """What they do not tell: a line for each that cannot be read, and one for all that a link points to in vain."""
        gone = [path.name for path in self._unreadable if path.is_symlink() and not path.exists()]
        lines = [
            f"{why}: what was accepted there is not known"
            for path, why in self._unreadable.items()
            if path.name not in gone
        ]
        if gone:
            are = "a spool is" if len(gone) == 1 else f"{len(gone)} spools are"
            lines.append(
                f"{are} not there any more, and what was accepted there is not known; to hear no more of it, delete "
                f"in {self._folder}: {', '.join(gone[:_NAMED])}{', …' if len(gone) > _NAMED else ''}"
            )
        return tuple(lines)

    def find(self, identity: str, states: Sequence[State] = SENT) -> Entry | None:
        """Return where a letter was accepted, the last time that it was; None: nowhere that is known.

        Args:
            identity: that of the letter.
            states: looks for an entry in one of these instead.
        """
        found = (entry for entry in self.known_of(identity) if entry.state in states)
        return max(found, key=lambda one: one.generation, default=None)

    def known_of(self, identity: str) -> list[Entry]:
        """Return what each spool knows of a letter: where it was accepted there, that."""
        return list(self._each(lambda spool: spool.find(identity)))

    def redrives_before(self, request_id: str) -> int:
        """Return how often what an invocation stands for was sent again before; 0: it never was."""
        seen, wanted = {request_id}, request_id
        count = 0
        while (entry := self._sent_as(wanted)) is not None:
            count += 1
            wanted = entry.fields.request_id or request_id
            if wanted in seen:  # what was sent without a record, or a circle, which no service makes
                break
            seen.add(wanted)
        return count

    def close(self) -> None:
        """Close them."""
        for spool in self._open_ones.values():
            spool.close()

    def _sent_as(self, new_request_id: str) -> Entry | None:
        return next(self._each(lambda spool: spool.find_request(new_request_id)), None)

    def _each(self, ask: Callable[[Spool], _Found | None]) -> Iterator[_Found]:
        self._look()
        for path in (*self._open_ones, *self._others):
            try:
                found = self._asked(path, ask)
            except SpoolError as error:
                self._unreadable[path] = str(error)
                continue
            if found is not None:
                yield found

    def _asked(self, path: Path, ask: Callable[[Spool], _Found | None]) -> _Found | None:
        spool = self._open_ones.get(path)
        if spool is not None:
            return ask(spool)
        with Spool(path, read_only=True) as for_now:
            return ask(for_now)

    def _look(self) -> None:
        if self._clock() < self._look_at:
            return
        with self._lock:
            self._look_at = self._clock() + _LOOK_SECONDS
            try:
                changed_ns = self._folder.stat().st_mtime_ns
            except OSError:
                return
            if changed_ns == self._changed_ns:
                return
            is_settled = abs(time.time_ns() - changed_ns) > _SETTLED_NS
            self._changed_ns = changed_ns if is_settled else None
            for path in sorted(self._folder.glob(f"*{SUFFIX}")):
                if not self._is_known(path) and resolved(path) != self._mine:
                    self._open(path)

    def _is_known(self, path: Path) -> bool:
        return path in self._open_ones or path in self._elsewhere or path in self._others

    def _open(self, path: Path) -> None:
        try:
            spool = Spool(path, read_only=True)
        except SpoolError as error:  # also one that is being made: the folder changes once more when it is there
            self._unreadable[path] = str(error)
            return
        self._unreadable.pop(path, None)
        is_of_queue = spool.place.is_queue_of(self._place)
        if is_of_queue and len(self._open_ones) < _MOST_OPEN:
            self._open_ones[path] = spool
            return
        spool.close()
        if is_of_queue:
            self._others.append(path)
        else:
            self._elsewhere.add(path)

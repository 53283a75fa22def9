"""What earlier redrives of a queue have sent, as far as their spools are on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ..errors import SpoolError
from .entry import SENT, Entry, State
from .spool import Spool
from .spool_place import SUFFIX, SpoolPlace


class Acceptances:
    """The other spools of a queue, to look at only; one that cannot be read is passed over, and named.

    Args:
        folder: where spools lie.
        place: of which queue.
        mine: the spool of this redrive, which is not among them.
    """

    def __init__(self, folder: Path, place: SpoolPlace, mine: Path) -> None:
        self.unreadable: list[str] = []
        self.spools: list[Spool] = []
        for path in sorted(folder.glob(f"*{SUFFIX}")) if folder.is_dir() else ():
            if path.resolve() == mine.resolve():
                continue
            try:
                spool = Spool(path, read_only=True)
            except SpoolError as error:
                self.unreadable.append(str(error))
                continue
            if spool.place.prefix == place.prefix:
                self.spools.append(spool)
            else:
                spool.close()

    def find(self, identity: str, states: Sequence[State] = SENT) -> Entry | None:
        """Return where a letter was accepted, the last time that it was; None: nowhere that is known.

        Args:
            identity: that of the letter.
            states: looks for an entry in one of these instead.
        """
        found = [entry for spool in self.spools if (entry := spool.find(identity)) is not None]
        return max((one for one in found if one.state in states), key=lambda one: one.generation, default=None)

    def redrives_before(self, request_id: str) -> int:
        """Return how often what an invocation stands for was sent again before; 0: it never was."""
        seen, wanted = {request_id}, request_id
        count = 0
        while (entry := next(self._sent_as(wanted), None)) is not None:
            count += 1
            wanted = entry.fields.request_id or request_id
            if wanted in seen:  # what was sent without a record, or a circle, which no service makes
                break
            seen.add(wanted)
        return count

    def _sent_as(self, new_request_id: str) -> Iterator[Entry]:
        for spool in self.spools:
            found = spool.find_request(new_request_id)
            if found is not None:
                yield found

    def close(self) -> None:
        """Close them."""
        for spool in self.spools:
            spool.close()

"""The spools of a folder, each as a row; one that cannot be read is a row with the reason."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import SpoolError
from .spool import Spool
from .spool_place import SUFFIX, SpoolPlace


@dataclass(frozen=True)
class SpoolRow:
    """What is known of a spool without its letters.

    Args:
        path: the file, also where a link in the folder points to it.
        place: whose letters it holds; None: it cannot be read.
        counts: letters by state.
        created_ms: when it was made, milliseconds since 1970; None: it cannot be read.
        size_bytes: of the file, with what is not yet merged into it.
        problem: why it cannot be read; None: it can.
    """

    path: Path
    place: SpoolPlace | None = None
    counts: dict[str, int] = field(default_factory=dict)
    created_ms: int | None = None
    size_bytes: int = 0
    problem: str | None = None

    def count(self, *states: str) -> int:
        """Return how many letters are in one of these states."""
        return sum(self.counts.get(state, 0) for state in states)


def list_spools(folder: Path) -> list[SpoolRow]:
    """Return what the spools of a folder hold, in the order of their names; a folder that is not there has none."""
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(SUFFIX))  # glob hides what it may not read
    except FileNotFoundError:
        return []
    except OSError as error:
        raise SpoolError(f"{folder}: cannot be listed ({error.strerror})") from None
    return [_row(folder / name) for name in names]


def _row(path: Path) -> SpoolRow:
    shown = Path(os.path.realpath(path)) if path.is_symlink() else path
    if path.is_symlink() and not os.path.exists(path):
        return SpoolRow(shown, problem=f"is not there any more ({path.name} in the folder points to it)")
    try:
        with Spool(shown, read_only=True) as spool:
            return SpoolRow(shown, spool.place, spool.counts(), spool.created_ms, _size(shown))
    except SpoolError as error:
        return SpoolRow(shown, size_bytes=_size(shown), problem=str(error).removeprefix(f"{shown}: "))


def _size(path: Path) -> int:
    total = 0
    for one in (path, path.with_name(path.name + "-wal")):
        try:
            total += one.stat().st_size
        except OSError:
            continue
    return total

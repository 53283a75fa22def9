"""The things of one kind that are kept: what has changed since the last commit, and what is written of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

Row = tuple[str, "bytes | None"]
"""What is written of a thing: JSON, and bytes that would be a burden in it."""

_Key = TypeVar("_Key", bound="int | str")
_Value = TypeVar("_Value")


class Shelf(Generic[_Key, _Value]):
    """Hears of changes; a thing is written as it is when the commit comes.

    Args:
        table: where they are kept.
        write: returns what is written of one.
        touched: is told, once for each commit, that there is something to write here.
    """

    def __init__(
        self, table: str, write: Callable[[_Value], Row], touched: Callable[[Shelf[_Key, _Value]], None]
    ) -> None:
        self.table = table
        self._write = write
        self._touched = touched
        self._changed: dict[_Key, _Value | None] = {}

    def put(self, key: _Key, value: _Value) -> None:
        if not self._changed:
            self._touched(self)
        self._changed[key] = value

    def drop(self, key: _Key) -> None:
        if not self._changed:
            self._touched(self)
        self._changed[key] = None

    def rows(self) -> tuple[list[tuple[_Key, str, bytes | None]], list[tuple[_Key]]]:
        """Return the rows that are new or changed, and the keys of those that are gone."""
        puts: list[tuple[_Key, str, bytes | None]] = []
        drops: list[tuple[_Key]] = []
        for key, thing in self._changed.items():
            if thing is None:
                drops.append((key,))
            else:
                value, data = self._write(thing)
                puts.append((key, value, data))
        return puts, drops

    def written(self) -> None:
        """Take note that what was returned is safe."""
        self._changed.clear()

"""Which texts a spool may have: it knows for certain of most that it has not, without a look into the file.

A look costs more than the file's own time: `sqlite3` lets every other thread have its turn at each step. A Bloom
filter of constant size (https://en.wikipedia.org/wiki/Bloom_filter) answers in the place of nearly all of them.
"""

from __future__ import annotations

from typing import Final

_BITS: Final = 25
_MASK: Final = 2**_BITS - 1


class Seen:
    """The texts that were added, 4 MB whatever their number; wrong at 3 of 100 others when there are three million."""

    def __init__(self) -> None:
        self._bits = bytearray(2**_BITS // 8)

    def add(self, *texts: str | None) -> None:
        """Note texts; None is none."""
        for text in texts:
            if text is not None:
                for place in _places(text):
                    self._bits[place >> 3] |= 1 << (place & 7)

    def may_have(self, *texts: str | None) -> bool:
        """Tell whether one of the texts may have been added; False is certain."""
        bits = self._bits
        return any(
            all(bits[place >> 3] & (1 << (place & 7)) for place in _places(text)) for text in texts if text is not None
        )


def _places(text: str) -> tuple[int, int]:
    number = hash(text)
    return number & _MASK, (number >> _BITS) & _MASK

"""What an assumption may be: one of a few values, a whole number, or a text; each reads what is given or typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Union

from .whole_number import is_whole_number, whole_number_of

MAX_TEXT_CHARACTERS = 128


class NotAllowed(Exception):  # noqa: N818 - never seen by a user
    """A value is none of those that there are."""


@dataclass(frozen=True)
class OneOf:
    """One of a few values.

    Args:
        values: all of them, the default first.
    """

    values: tuple[bool | str, ...]

    def __str__(self) -> str:
        return "|".join(map(shown_value, self.values))

    def read(self, given: object) -> bool | str:
        """Return the value that is meant, as a Python value or as it is typed; raises NotAllowed."""
        typed = {shown_value(value): value for value in self.values}
        typed |= {value: value for value in self.values if isinstance(value, str)}
        shown = given if isinstance(given, str) else shown_value(given)
        if shown not in typed:
            raise NotAllowed
        return typed[shown]


@dataclass(frozen=True)
class WholeNumber:
    """A whole number.

    Args:
        low: least value.
        high: greatest value.
        or_none: whether there may be no number, written `none`.
    """

    low: int
    high: int
    or_none: bool = False

    def __str__(self) -> str:
        return f"{'none, ' if self.or_none else ''}{self.low} to {self.high}"

    def read(self, given: object) -> int | None:
        """Return the number that is meant, as a Python value or as it is typed; raises NotAllowed."""
        if self.or_none and (given is None or given == "none"):
            return None
        if isinstance(given, str):
            given = whole_number_of(given, self.low, self.high)
        if not is_whole_number(given, self.low, self.high):
            raise NotAllowed
        return given


@dataclass(frozen=True)
class AnyText:
    """Any text of 1 to 128 characters that can be printed."""

    def __str__(self) -> str:
        return "any text"

    def read(self, given: object) -> str:
        """Return the text; raises NotAllowed."""
        if not isinstance(given, str) or not 0 < len(given) <= MAX_TEXT_CHARACTERS or not given.isprintable():
            raise NotAllowed
        return given


Allowed = Union[OneOf, WholeNumber, AnyText]


def shown_value(value: object) -> str:
    """Return a value as it is typed: `true`, `none`, `30`; an empty text is written as two quotes."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return "''" if value == "" else str(value)

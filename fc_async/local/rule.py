"""A rule of the service as data: its name, its value, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

_Value = TypeVar("_Value")


@dataclass(frozen=True)
class Rule:
    """One number or behaviour of the service.

    Args:
        name: how it is listed.
        value: what the local service does.
        source: document, SDK file, `ours`, or `assumed` and why this value was taken.
    """

    name: str
    value: object
    source: str

    @property
    def is_assumed(self) -> bool:
        """Whether no source says so, or not all of it."""
        return "assumed" in self.source


class Rules:
    """Collects rules in the order in which they are declared."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []

    def value(self, name: str, value: _Value, source: str) -> _Value:
        """Declare a rule, and return the value, which the code uses: there is no second place to write it."""
        self._rules.append(Rule(name, value, source))
        return value

    def behaviour(self, name: str, value: object, source: str) -> None:
        """Declare a rule that is the way in which something is done; a test observes it and compares the value."""
        self._rules.append(Rule(name, value, source))

    def all(self) -> tuple[Rule, ...]:
        """Return the rules so far."""
        return tuple(self._rules)

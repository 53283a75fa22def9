"""A number with its word: "1 letter", "2 letters"."""

from __future__ import annotations

from collections.abc import Mapping

_MOST_TARGETS = 3


def counted_letters(count: int) -> str:
    """Return so many letters in words."""
    return f"{count} letter" if count == 1 else f"{count} letters"


def targets(send: Mapping[str, int]) -> str:
    """Return how many go to each function, the most first: "3 to main, 1 to orders@prod"."""
    most = sorted(send.items(), key=lambda one: (-one[1], one[0]))
    shown = [f"{count} to {name}" for name, count in most[:_MOST_TARGETS]]
    rest = most[_MOST_TARGETS:]
    if rest:
        functions = "function" if len(rest) == 1 else "functions"
        shown.append(f"{sum(count for _, count in rest)} to {len(rest)} more {functions}")
    return ", ".join(shown)

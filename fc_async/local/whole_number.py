"""What a whole number is to the local service: `True` is none, though Python takes it for 1."""

from __future__ import annotations

from typing import TypeGuard


def is_whole_number(value: object, low: int, high: int) -> TypeGuard[int]:
    """Return whether `value` is an integer from `low` to `high`, both included."""
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def whole_number_of(text: str, low: int, high: int, *, max_digits: int = 9) -> int | None:
    """Return the integer that a text writes in plain digits; None for anything else, or outside `low` to `high`."""
    if not (text.isascii() and text.isdigit() and len(text) <= max_digits):
        return None
    number = int(text)
    return number if low <= number <= high else None

"""Times and rates that a caller passes, a number or a timedelta: checked, so that every layer below can compute."""

from __future__ import annotations

from datetime import timedelta

from .errors import ArgumentError

DAY_SECONDS = 86400
"""Longest timeout: the longest that a function may run (facts: the limits page)."""

MAX_WAIT_SECONDS = 366 * DAY_SECONDS
"""Longest wait for a task that has an end; the service keeps tasks for 7 days."""


def check_timeout(name: str, duration: object) -> float:
    """Return a timeout in seconds; a timedelta will do.

    Raises:
        ArgumentError: it is no number over 0 and up to 86400.
    """
    seconds = _number(duration)
    if seconds is not None and 0 < seconds <= DAY_SECONDS:
        return seconds
    raise ArgumentError(f"{name}: expected seconds over 0, {DAY_SECONDS} at most, got {_shown(duration)}")


def check_wait(name: str, duration: object) -> float:
    """Return a wait in seconds, infinity for None; a timedelta will do.

    Raises:
        ArgumentError: it is no number from 0 to a year's seconds.
    """
    if duration is None:
        return float("inf")
    seconds = _number(duration)
    if seconds is not None and 0 <= seconds <= MAX_WAIT_SECONDS:
        return seconds
    raise ArgumentError(
        f"{name}: expected seconds from 0 to {MAX_WAIT_SECONDS}, or None for no limit, got {_shown(duration)}"
    )


def check_rate(name: str, per_second: object) -> float | None:
    """Return a rate per second, None for none.

    Raises:
        ArgumentError: it is no number between once a day and 86400 a second.
    """
    if per_second is None:
        return None
    rate = None if isinstance(per_second, timedelta) else _number(per_second)
    if rate is not None and rate * DAY_SECONDS >= 1 and rate <= DAY_SECONDS:
        return rate
    raise ArgumentError(
        f"{name}: expected a number over 0 (once a day, 1/{DAY_SECONDS}, at least; {DAY_SECONDS} at most), or None for"
        f" no limit, got {_shown(per_second)}"
    )


def whole_seconds(duration: object) -> object:
    """Return a timedelta of whole seconds as an int, everything else as it is."""
    if isinstance(duration, timedelta) and duration % timedelta(seconds=1) == timedelta():
        return duration // timedelta(seconds=1)
    return duration


def _number(value: object) -> float | None:
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _shown(value: object) -> str:
    try:
        return str(value)[:40]
    except ValueError:  # Python writes no integer of over 4300 digits
        return "a number of thousands of digits"

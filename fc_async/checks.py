"""What a caller passes in: names, task ids, numbers, times and rates, checked here, so that the rest can compute."""

from __future__ import annotations

import re
from datetime import timedelta

from .errors import ArgumentError
from .value import Value

TYPE_CHECKING = False  # `typing` itself is not loaded: this file is cheap to import
if TYPE_CHECKING:
    from typing import TypeGuard

# Wider than the documented rule, which the service checks: `$` stands in the names of functions moved from FC 2.0.
NAME = re.compile(r"(?!\.+$)[A-Za-z0-9_.$-]{1,256}")
"""A function, a version or an alias."""

TASK_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,127}")
"""An id that a task is to get (docstring of the FC SDK's InvokeFunctionHeaders)."""

KNOWN_TASK_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
"""The id of a task that is there: the service's own are request ids, which begin with a digit."""

GOING_STATUSES = ("Enqueued", "Dequeued", "Running", "Retrying", "Stopping")
FINAL_STATUSES = ("Succeeded", "Failed", "Stopped", "Expired", "Invalid")
"""https://help.aliyun.com/en/functioncompute/fc/user-guide/asynchronous-task"""

STATUSES = GOING_STATUSES + FINAL_STATUSES
"""Every status of an async task, in the order of its life."""

DAY_SECONDS = 86400
"""Longest timeout: the longest that a function may run (facts: the limits page)."""

MAX_DELAY_SECONDS = 3600
"""https://help.aliyun.com/zh/functioncompute/retry-policy"""

MAX_WAIT_SECONDS = 366 * DAY_SECONDS
"""Longest wait for a task that has an end; the service keeps tasks for 7 days."""

LATEST = "LATEST"
"""The qualifier of a function whose version or alias is not named."""

_DURATION = re.compile(r"([0-9]{1,12})([smhd]?)")
_UNIT_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": DAY_SECONDS}
_INFINITY = float("inf")


class FunctionName(Value):
    """A function, and its version or alias where one is named: `NAME[@QUALIFIER]` as text.

    Args:
        name: function name.
        qualifier: version or alias; None: LATEST.
    """

    __slots__ = ("name", "qualifier")
    name: str
    qualifier: str | None

    def __init__(self, name: str, qualifier: str | None = None) -> None:
        self._fill(name, qualifier)

    def __str__(self) -> str:
        return self.name if self.qualifier is None else f"{self.name}@{self.qualifier}"

    @property
    def version(self) -> str:
        """The version or alias; LATEST where none is named."""
        return LATEST if self.qualifier is None else self.qualifier

    @classmethod
    def parse(cls, text: str) -> FunctionName:
        """Read `NAME[@QUALIFIER]`.

        Raises:
            ArgumentError: the name or the qualifier cannot be one.
        """
        name, _, qualifier = text.rpartition("@") if "@" in text else (text, "", None)
        return cls.checked(name, qualifier)

    @classmethod
    def checked(cls, name: object, qualifier: object) -> FunctionName:
        """Return both, checked.

        Raises:
            ArgumentError: the name or the qualifier cannot be one.
        """
        return cls(check_function(name), check_qualifier(qualifier))


def is_whole(value: object, least: float = -_INFINITY, most: float = _INFINITY) -> TypeGuard[int]:
    """Tell whether this is a whole number in this range; True and False are none."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def check_whole(name: str, value: object, least: int, most: int) -> int:
    """Return a whole number.

    Raises:
        ArgumentError: it is none, or out of range.
    """
    if is_whole(value, least, most):
        return value
    raise ArgumentError(f"{name}: expected a whole number from {least} to {most}, got {_shown(value)}")


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


def seconds_of(text: str) -> int | None:
    """Return the seconds that `90s`, `15m`, `6h`, `2d` or a plain number means; None for what is no such text."""
    found = _DURATION.fullmatch(text)
    return None if found is None else int(found[1]) * _UNIT_SECONDS[found[2]]


def whole_seconds(duration: object) -> object:
    """Return a timedelta of whole seconds as an int, everything else as it is."""
    if isinstance(duration, timedelta) and duration % timedelta(seconds=1) == timedelta():
        return duration // timedelta(seconds=1)
    return duration


def _number(value: object) -> float | None:
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value if is_whole(value) or isinstance(value, float) else None


def _shown(value: object) -> str:
    try:
        return str(value)[:40]
    except ValueError:  # Python writes no integer of over 4300 digits
        return "a number of thousands of digits"


def check_function(name: object) -> str:
    """Return the function's name.

    Raises:
        ArgumentError: it cannot be one; a `/` is the mark of FC 2.0, which has services.
    """
    if isinstance(name, str) and NAME.fullmatch(name):
        return name
    if isinstance(name, str) and "/" in name:
        raise ArgumentError(
            f"expected a function name without a service, got {name[:80]!r}: this is FC 3.0, which has no services"
            " (records of FC 2.0 can still be read)"
        )
    raise ArgumentError(
        f"expected a function name of letters, digits, '_' and '-', got {str(name)[:80]!r}; a qualifier is passed apart"
    )


def check_qualifier(qualifier: object) -> str | None:
    """Return the qualifier (a version, an alias or LATEST), or None.

    Raises:
        ArgumentError: it cannot be one.
    """
    if qualifier is None or (isinstance(qualifier, str) and NAME.fullmatch(qualifier)):
        return qualifier
    raise ArgumentError(f"qualifier: expected a version or an alias, got {str(qualifier)[:80]!r}")


def check_task_id(task_id: object) -> str:
    """Return the task id that an invocation is to get.

    Raises:
        ArgumentError: the service would not take it.
    """
    if isinstance(task_id, str) and TASK_ID.fullmatch(task_id):
        return task_id
    raise ArgumentError(
        "task_id: expected a letter or '_', then letters, digits, '_' or '-', 128 characters at most,"
        f" got {str(task_id)[:40]!r}"
    )


def check_known_task_id(task_id: object) -> str:
    """Return the id of a task that is there; where the caller gave none it is the request id, which begins otherwise.

    Raises:
        ArgumentError: it cannot be one.
    """
    if isinstance(task_id, str) and KNOWN_TASK_ID.fullmatch(task_id):
        return task_id
    raise ArgumentError(f"task_id: expected the id that the acceptance gave, got {str(task_id)[:40]!r}")


def check_delay(delay_seconds: object) -> int | None:
    """Return the delay in seconds, or None; a timedelta of whole seconds will do.

    Raises:
        ArgumentError: it is no whole number from 0 to 3600.
    """
    if delay_seconds is None:
        return None
    delay_seconds = whole_seconds(delay_seconds)
    if not is_whole(delay_seconds):
        raise ArgumentError(f"delay_seconds: expected whole seconds, got {type(delay_seconds).__name__}")
    if not 0 <= delay_seconds <= MAX_DELAY_SECONDS:
        raise ArgumentError(f"delay_seconds: expected 0 to {MAX_DELAY_SECONDS}, got {_shown(delay_seconds)}")
    return delay_seconds

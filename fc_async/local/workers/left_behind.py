"""The processes that a handler has started and that have left its process group, as daemons do.

A kill of the group does not reach them. They are found in two ways: as descendants of a worker that still lives, and by
the variables of the worker that they carry in their environment. One with another environment whose parent has ended is
found by neither. Only Linux tells; elsewhere such processes are left.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
from collections.abc import Iterable, Mapping

_MARKS = ("FC_INSTANCE_ID", "FC_ASYNC_ENDPOINT")
"""Together they name one worker of one service: ids may repeat between services of one seed, endpoints do not."""

_ROUNDS = 3
_STARTING_ROUNDS = 100
_STARTING_SECONDS = 0.001


def descendants(pid: int) -> list[int]:
    """Return what a process has started, and what those have; only of parents that have not ended.

    Args:
        pid: the process; it is not in the list.
    """
    found: list[int] = []
    waiting = [pid]
    while waiting:
        children = _children(waiting.pop())
        found += children
        waiting += children
    return found


def _children(pid: int) -> list[int]:
    children: list[int] = []
    with contextlib.suppress(OSError):  # it has ended, or this system does not tell
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as listed:
                children += map(int, listed.read().split())
    return children


def kill_each(pids: Iterable[int]) -> None:
    """Kill processes, those that are still there."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def kill_left_behind(environment: Mapping[str, str]) -> None:
    """Kill all processes that carry a worker's environment.

    Args:
        environment: the worker's.
    """
    if not all(environment.get(name) for name in _MARKS):
        return  # a worker that nothing names
    marks = [f"{name}={environment[name]}".encode() for name in _MARKS]
    rounds, starting_rounds = _ROUNDS, _STARTING_ROUNDS
    while rounds and starting_rounds:  # one of them may start another while we look
        found, is_one_starting = _look(marks)
        kill_each(found)
        if is_one_starting:
            starting_rounds -= 1
            select.select([], [], [], _STARTING_SECONDS)
        elif found:
            rounds -= 1
        else:
            return


def _look(marks: list[bytes]) -> tuple[list[int], bool]:
    """Return the processes that carry the marks, and whether one is just being started, which shows nothing yet."""
    found, is_one_starting = [], False
    with contextlib.suppress(OSError):
        for name in os.listdir("/proc"):
            if name.isdigit() and int(name) != os.getpid():
                variables = _variables(name)
                if all(mark in variables for mark in marks):
                    found.append(int(name))
                elif variables == [b""] and _is_starting(name):
                    is_one_starting = True
    return found, is_one_starting


def _is_starting(pid: str) -> bool:
    """Whether a process is within exec: it has its program already, and neither arguments nor environment yet."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as arguments:
            return not arguments.read(1) and bool(os.readlink(f"/proc/{pid}/exe"))
    except OSError:
        return False  # gone, one of the kernel's own, or another user's


def _variables(pid: str) -> list[bytes]:
    try:
        with open(f"/proc/{pid}/environ", "rb") as environ:
            return environ.read().split(b"\0")
    except OSError:
        return []  # gone, or another user's

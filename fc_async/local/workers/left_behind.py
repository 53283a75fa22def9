"""The processes that a handler has started and that have left its process group, found by the environment they carry.

A kill of the group reaches every child but those with a session of their own, as daemons have. Each of them has the
variables of its worker in its environment, unless it was started with another one: then it is not found. Only Linux
shows a process's environment; elsewhere such processes are left.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
from collections.abc import Mapping

_MARKS = ("FC_INSTANCE_ID", "FC_ASYNC_ENDPOINT")
"""Together they name one worker of one service: ids may repeat between services of one seed, endpoints do not."""

_ROUNDS = 3
_STARTING_ROUNDS = 100
_STARTING_SECONDS = 0.001


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
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
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

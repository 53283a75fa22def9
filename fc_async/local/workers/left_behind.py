"""The processes that a handler has started and that have left its process group, found by the environment they carry.

A kill of the group reaches every child but those with a session of their own, as daemons have. Each of them has the
variables of its worker in its environment, unless it was started with another one: then it is not found. Only Linux
shows a process's environment; elsewhere such processes are left.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator, Mapping

_MARKS = ("FC_INSTANCE_ID", "FC_ASYNC_ENDPOINT")
"""Together they name one worker of one service: ids may repeat between services of one seed, endpoints do not."""

_ROUNDS = 3


def kill_left_behind(environment: Mapping[str, str]) -> None:
    """Kill all processes that carry a worker's environment.

    Args:
        environment: the worker's.
    """
    if not all(environment.get(name) for name in _MARKS):
        return  # a worker that nothing names
    marks = [f"{name}={environment[name]}".encode() for name in _MARKS]
    for _ in range(_ROUNDS):  # one of them may start another while we look
        found = list(_with(marks))
        if not found:
            return
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


def _with(marks: list[bytes]) -> Iterator[int]:
    with contextlib.suppress(OSError):
        for name in os.listdir("/proc"):
            if name.isdigit() and int(name) != os.getpid():
                variables = _variables(name)
                if all(mark in variables for mark in marks):
                    yield int(name)


def _variables(pid: str) -> list[bytes]:
    try:
        with open(f"/proc/{pid}/environ", "rb") as environ:
            return environ.read().split(b"\0")
    except OSError:
        return []  # gone, or another user's

"""An end in time for what has none of its own: looking up a name, a provider of credentials."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from ...errors import FcAsyncError

_Answered = TypeVar("_Answered")


def within(seconds: float, what: str, work: Callable[[], _Answered]) -> _Answered:
    """Return what the work returns, or raise what it raises.

    Args:
        seconds: longest wait.
        what: what is waited for, for the message.
        work: runs in a thread that ends with the process, where it does not end before.

    Raises:
        FcAsyncError: it took longer.
    """
    answered: list[_Answered] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            answered.append(work())
        except BaseException as error:  # raised again, where it is waited for
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not answered:
        raise FcAsyncError(f"{what}: no end within {seconds:g} seconds")
    return answered[0]

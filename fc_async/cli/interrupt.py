"""Ctrl-C is never lost.

Python raises KeyboardInterrupt wherever the program happens to be, and some of these places swallow it without a word:
what runs while an object is being freed above all. Every answer of an HTTP service ends with such a moment, because
urllib3's response is freed then, and io.IOBase throws away what its `closed` raises. So from a Ctrl-C on a timer looks
whether the interrupt is still on its way up, and raises it again where it is not.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

_LOOK_SECONDS = 0.05


@contextmanager
def never_lost() -> Iterator[None]:
    """Let no interrupt be swallowed inside the `with` block.

    Nothing is done where Ctrl-C is not Python's own to raise (a background job ignores it), or there is no such timer
    (Windows).
    """
    is_ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not is_ours or not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return
    outer = signal.signal(signal.SIGALRM, _look)
    outer_hook, sys.unraisablehook = sys.unraisablehook, _without_interrupts(sys.unraisablehook)
    signal.signal(signal.SIGINT, _interrupt)
    try:
        yield
    finally:
        handled()
        if signal.getsignal(signal.SIGINT) is _interrupt:  # a service that ends has its reason to ignore more of them
            signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGALRM, outer)
        sys.unraisablehook = outer_hook


def handled() -> None:
    """Say that the interrupt has been caught, and that the program goes on to its end."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, 0)


def _interrupt(*_: object) -> NoReturn:
    signal.setitimer(signal.ITIMER_REAL, _LOOK_SECONDS, _LOOK_SECONDS)
    raise KeyboardInterrupt


def _look(*_: object) -> None:
    if not _is_on_its_way(sys.exc_info()[1]):
        raise KeyboardInterrupt


def _is_on_its_way(handling: BaseException | None) -> bool:
    """Tell whether what the program is handling, here and in all its callers, began with an interrupt.

    A `finally`, an `except` or the end of a `with` that the interrupt runs through counts, and what is raised there.
    """
    seen: set[int] = set()
    while handling is not None and id(handling) not in seen:
        if isinstance(handling, KeyboardInterrupt):
            return True
        seen.add(id(handling))
        handling = handling.__context__
    return False


def _without_interrupts(hook: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a hook that says nothing of an interrupt that a finalizer swallowed: it is raised again."""

    def tell(swallowed: Any) -> None:
        if not issubclass(swallowed.exc_type, KeyboardInterrupt):
            hook(swallowed)

    return tell

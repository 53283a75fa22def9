"""Many asynchronous invocations at once: a number of threads, an optional rate, every outcome in its place."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ..checks import check_rate, check_whole
from ..errors import ArgumentError, FcAsyncError
from .outcomes import Accepted, Invocation, InvokeFailed

MAX_CONCURRENCY = 64
"""As many connections as the client keeps open."""


def invoke_each(
    invoke: Callable[[Invocation], Accepted],
    payloads: Iterable[Any],
    *,
    concurrency: int,
    rate_per_second: float | None,
    sleep: Callable[[float], object],
    clock: Callable[[], float],
) -> list[Accepted | InvokeFailed]:
    """Invoke once for each payload and return the outcomes in their order; what failed stops nothing.

    Raises:
        ArgumentError: the arguments cannot be right; nothing was sent.
    """
    threads = check_whole("concurrency", concurrency, 1, MAX_CONCURRENCY)
    pace = _Pace(check_rate("rate_per_second", rate_per_second), sleep, clock)
    items = [one if isinstance(one, Invocation) else Invocation(one) for one in _several(payloads)]

    def outcome(index: int, item: Invocation) -> Accepted | InvokeFailed:
        pace.wait()
        try:
            return invoke(item)
        except FcAsyncError as error:
            return InvokeFailed(index, error)
        except Exception as error:  # the caller's own objects raise it: the outcomes of the others must be kept
            return InvokeFailed(index, FcAsyncError(f"the invocation broke off ({type(error).__name__})"))

    with ThreadPoolExecutor(min(threads, len(items)) or 1, thread_name_prefix="fc_async-invoke") as pool:
        return list(pool.map(outcome, range(len(items)), items))  # after an interrupt it sends nothing more


class _Pace:
    """Lets callers pass one after the other, no more than so many a second."""

    def __init__(self, rate_per_second: float | None, sleep: Callable[[float], object], clock: Callable[[], float]):
        self._interval_seconds = 0 if rate_per_second is None else 1 / rate_per_second
        self._sleep = sleep
        self._clock = clock
        self._lock = threading.Lock()
        self._next = clock()

    def wait(self) -> None:
        if not self._interval_seconds:
            return
        with self._lock:
            now = self._clock()
            mine = max(now, self._next)
            self._next = mine + self._interval_seconds
        if mine > now:
            self._sleep(mine - now)


def _several(payloads: Any) -> list[Any]:
    if isinstance(payloads, (str, bytes, bytearray, memoryview, Mapping, Path)) or not isinstance(payloads, Iterable):
        raise ArgumentError(f"payloads: expected several of them, such as a list, got one {type(payloads).__name__}")
    return list(payloads)

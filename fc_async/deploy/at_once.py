"""Calls made 16 at once: the first that fails ends them, and what has not begun is not begun."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

CONCURRENCY = 16

_Asked = TypeVar("_Asked")
_Read = TypeVar("_Read")


def each(call: Callable[[_Asked], _Read], things: Iterable[_Asked]) -> list[_Read]:
    """Return what the call answers for each thing, in their order.

    Raises:
        FcAsyncError: what the first of them raised, in their order; calls that had not begun are not made.
    """
    with ThreadPoolExecutor(CONCURRENCY, thread_name_prefix="fc_async-read") as pool:
        try:
            return list(pool.map(call, things))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise

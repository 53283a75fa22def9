"""A disk without room, for what this process writes."""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def room_for(most_bytes: int) -> Iterator[None]:
    """Let no file become longer than this.

    No module is compiled into a file meanwhile: Python 3.11.2 takes one that was cut short for whole, and every process
    that imports it later ends with EOFError.
    """
    limits, before = resource.getrlimit(resource.RLIMIT_FSIZE), sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        sys.dont_write_bytecode = before

"""What a process must make new after `os.fork()`, and what no other process can be handed.

A child has a copy of everything but the threads: a lock that another thread held stays locked for ever, and a
connection is one with its parent's. Every fork of Python's own counts (`os.fork`, `multiprocessing`, gunicorn), and
those in C that say so to Python (uWSGI).
"""

from __future__ import annotations

import os
from typing import NoReturn, Protocol
from weakref import WeakSet


class Renewable(Protocol):
    """Something with locks or connections."""

    def renew_in_child(self) -> None:
        """Take new locks and connections; no other thread runs yet, and nothing may wait for an old lock."""


_RENEWABLE: WeakSet[Renewable] = WeakSet()


def renew_after_fork(one: Renewable) -> None:
    """Have `one.renew_in_child()` called in every child that is forked while `one` is in use."""
    _RENEWABLE.add(one)


def refuse_pickling(client: object) -> NoReturn:
    """Say what to do instead.

    Raises:
        TypeError: as pickle raises for what cannot be pickled.
    """
    name = type(client).__name__
    raise TypeError(
        f"a {name} has connections and credentials, and cannot be pickled: make a {name} in each process"
        " (a forked child may use its parent's)"
    )


def _renew() -> None:
    for one in list(_RENEWABLE):
        one.renew_in_child()


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=_renew)

"""How many files and connections this process may hold open at once."""

from __future__ import annotations

import contextlib
import resource

_WANTED = 65_536


def raise_descriptor_limit() -> None:
    """Raise the soft limit of open descriptors as far as the hard one lets it; never lower it.

    The usual soft limit (1024, on macOS 256) is reached by connections that clients have opened and left.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _WANTED if hard == resource.RLIM_INFINITY else min(_WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):  # the system has a bound of its own: the old limit stays
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))

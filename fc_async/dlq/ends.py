"""How the tasks of letters ended that were just sent, where that can be seen."""

from __future__ import annotations

import time
from collections import Counter

from ..checks import FunctionName
from ..errors import FcAsyncError, TaskTimeout
from ..functions.client import FunctionsClient
from .entry import Entry, State
from .spool import Spool


def ends(spool: Spool, functions: FunctionsClient, since_ms: int, timeout_seconds: float) -> Counter[str]:
    """Wait for the ends of the tasks that a spool's letters were sent as, and return how many ended how.

    Args:
        spool: the journal.
        functions: the client that sent them.
        since_ms: only those that were accepted since then, milliseconds since 1970.
        timeout_seconds: for so long at most, all together.
    """
    sent = [one for one in spool.entries(states=(State.ACCEPTED, State.DONE)) if one.changed_ms >= since_ms]
    tasks = [one for one in sent if one.task_id is not None]
    until = time.monotonic() + timeout_seconds
    return Counter(_status(functions, one, max(0.0, until - time.monotonic())) for one in tasks)


def _status(functions: FunctionsClient, entry: Entry, timeout_seconds: float) -> str:
    name = FunctionName.parse(entry.target or "")
    try:
        task = functions.wait_task(
            name.name, entry.task_id or "", qualifier=name.qualifier, timeout_seconds=timeout_seconds
        )
    except TaskTimeout:
        return "still going"
    except FcAsyncError as error:
        return f"not known ({type(error).__name__})"
    return task.status

"""How many letters a queue holds, and how many when what was sent has failed again and come back."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from ..errors import FcAsyncError
from ..functions.client import FunctionsClient
from ..mns.queue_client import QueueClient
from .targets import Target

_SETTLING_SECONDS = 10.0
_STILL_SECONDS = 2.0
_LOOK_SECONDS = 0.5
_OURS = "fcr-"
_GOING = ("Enqueued", "Dequeued", "Running", "Retrying", "Stopping")


def depth_of(queue: QueueClient) -> int:
    """Return how many letters a queue holds: visible, hidden and delayed; raises what the queue's client does."""
    found = queue.get_attributes()
    return sum(count or 0 for count in (found.active_messages, found.inactive_messages, found.delay_messages))


def settled_depth(
    queue: QueueClient, coming_back: Sequence[Target], functions: FunctionsClient, stopping: threading.Event
) -> int | None:
    """Return how many letters a queue holds; None: nobody could say.

    Args:
        queue: the queue.
        coming_back: functions whose failures fall into it. Where there is one it is waited, for 10 seconds at most,
            until no task of a redrive goes on and the count has stood still for 2.
        functions: the client that asks for tasks.
        stopping: set when everything is to stop.
    """
    try:
        depth = depth_of(queue)
        if not coming_back:
            return depth
        until = time.monotonic() + _SETTLING_SECONDS
        still_since = time.monotonic()
        while (now := time.monotonic()) < until and now < still_since + _STILL_SECONDS:
            if stopping.wait(_LOOK_SECONDS):
                break
            before, depth = depth, depth_of(queue)
            if depth != before or _go_on(coming_back, functions):
                still_since = time.monotonic()
    except FcAsyncError:
        return None
    return depth


def _go_on(targets: Sequence[Target], functions: FunctionsClient) -> bool:
    """Whether a task of a redrive goes on; False also where that may not be asked."""
    tasks = (one.name for one in targets if one.is_task_mode)
    try:
        return any(
            next(functions.iter_tasks(name.name, qualifier=name.qualifier, prefix=_OURS, status=status), None)
            for name in tasks
            for status in _GOING
        )
    except FcAsyncError:
        return False

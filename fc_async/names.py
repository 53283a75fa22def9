"""What the service calls things, as data that costs nothing to load: patterns of names and ids, statuses of tasks.

The checks that use them, with their sentences, are in payload.py and tasks.py.
"""

from __future__ import annotations

import re

# Wider than the documented rule, which the service checks: `$` stands in the names of functions moved from FC 2.0.
NAME = re.compile(r"(?!\.+$)[A-Za-z0-9_.$-]{1,256}")
"""A function, a version or an alias."""

TASK_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,127}")
"""An id that a task is to get (docstring of the FC SDK's InvokeFunctionHeaders)."""

KNOWN_TASK_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
"""The id of a task that is there: the service's own are request ids, which begin with a digit."""

GOING_STATUSES = ("Enqueued", "Dequeued", "Running", "Retrying", "Stopping")
FINAL_STATUSES = ("Succeeded", "Failed", "Stopped", "Expired", "Invalid")
"""https://help.aliyun.com/en/functioncompute/fc/user-guide/asynchronous-task"""

STATUSES = GOING_STATUSES + FINAL_STATUSES
"""Every status of an async task, in the order of its life."""

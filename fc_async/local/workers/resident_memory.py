"""How much memory a process holds, where the operating system tells."""

from __future__ import annotations

import os
import sys

IS_KNOWN = sys.platform == "linux"
"""Whether this system tells."""

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def resident_kb(pid: int) -> int:
    """Return the resident size of a process; 0 where the system does not tell, or the process is gone."""
    if not IS_KNOWN:
        return 0
    try:
        with open(f"/proc/{pid}/statm", "rb") as statm:
            return int(statm.read().split()[1]) * _PAGE_BYTES // 1024
    except (OSError, ValueError, IndexError):
        return 0

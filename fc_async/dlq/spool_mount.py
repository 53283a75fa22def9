"""What a spool lies on, where the only copy of letters should not: memory, or a container's own layer."""

from __future__ import annotations

import os
import re
from pathlib import Path

_MEMORY = ("tmpfs", "ramfs", "devtmpfs")
_LAYER = ("overlay", "overlayfs", "aufs")
_ESCAPE = re.compile(r"\\([0-7]{3})")


def warning_of(path: Path, mounts: Path = Path("/proc/mounts")) -> str | None:
    """Say what is wrong with the place of a file; None: nothing is, or it cannot be told.

    Args:
        path: the file, which need not be there.
        mounts: lists what is mounted where, as Linux does.
    """
    try:
        kind = kind_of(Path(os.path.realpath(path)), mounts.read_text("utf-8", "replace"))
    except OSError:
        return None
    if kind in _MEMORY:
        return f"{path} lies in memory ({kind}): it is gone when this machine restarts"
    if kind in _LAYER:
        return f"{path} lies in a container's own layer ({kind}): it is gone with the container"
    return None


def kind_of(path: Path, mounts: str) -> str:
    """Return the kind of file system that a path lies on, "" where none holds it; of two at one place the later one."""
    best, kind = -1, ""
    for line in mounts.splitlines():
        parts = line.split(" ")
        if len(parts) < 3:
            continue
        place = Path(_ESCAPE.sub(lambda found: chr(int(found[1], 8)), parts[1]))
        if path.is_relative_to(place) and len(place.parts) >= best:
            best, kind = len(place.parts), parts[2]
    return kind

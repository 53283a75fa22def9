"""A developer's code folder, watched by looking at it."""

from __future__ import annotations

import os
from pathlib import Path


def fingerprint(folder: Path) -> int:
    """Return a number that changes when a file in the folder is edited, added or removed."""
    found: list[tuple[str, int, int]] = []
    _walk(folder, found)
    return hash(tuple(sorted(found)))


def _walk(folder: Path | str, found: list[tuple[str, int, int]]) -> None:
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return  # gone or unreadable: starting the worker will say so
    for entry in entries:
        if entry.name in ("__pycache__", ".git"):
            continue
        if entry.is_dir(follow_symlinks=False):
            _walk(entry.path, found)
        else:
            status = entry.stat(follow_symlinks=False)
            found.append((entry.path, status.st_mtime_ns, status.st_size))

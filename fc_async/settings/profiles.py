"""The profiles that people already have: `~/.aliyun/config.json`, the file of Alibaba's own command line.

{"current": "default", "profiles": [{"name": "default", "mode": "AK", "region_id": "cn-hangzhou", ...}]}
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import SettingsError
from .bounded_read import read_bounded

MAX_FILE_BYTES = 1024 * 1024
"""Ours: the file of a hundred profiles has a few dozen KB."""


@dataclass(frozen=True)
class Profile:
    """One profile of the file; its keys are secret and stay out of `repr`.

    Args:
        name: the profile's name.
        path: the file that it was read from.
        content: the profile as the file has it.
    """

    name: str
    path: Path
    content: Mapping[str, Any] = field(repr=False)

    def text(self, key: str) -> str:
        """Return the value of `key` as text, "" where there is none."""
        value = self.content.get(key)
        return value if isinstance(value, str) else ""


def home_folder() -> Path:
    """Return the user's home; where there is none, as in some containers, `~`, in which nothing is found."""
    try:
        return Path.home()
    except RuntimeError:
        return Path("~")


def profile_file(home: Path) -> Path:
    """Return where the file stands under this home directory."""
    return home / ".aliyun" / "config.json"


def is_open_to_others(path: Path) -> bool:
    """Tell whether other users of this machine may read the file; False where there is none, or no such thing."""
    if os.name != "posix":
        return False
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return bool(mode & (stat.S_IRGRP | stat.S_IROTH))


def named_profile(home: Path, name: str) -> Profile:
    """Read the profile of this name.

    Raises:
        SettingsError: the file is missing or unreadable, or has no such profile; the names that it has are listed.
    """
    path = profile_file(home)
    if not path.exists():
        raise SettingsError(f"the profile {name!r} cannot be read: there is no file {path}")
    found = _profiles(path)
    if name not in found:
        names = ", ".join(sorted(found)[:20]) or "none"
        raise SettingsError(f"expected a profile of {path}, got {name!r}; it has these: {names}")
    return found[name]


def current_profile(home: Path) -> Profile | None:
    """Read the profile that the file calls current; None where there is no file or it names none.

    Raises:
        SettingsError: the file is there and cannot be read.
    """
    path = profile_file(home)
    if not path.exists():
        return None
    return _profiles(path).get(str(_content(path).get("current") or ""))


def _profiles(path: Path) -> dict[str, Profile]:
    entries = _content(path).get("profiles")
    entries = entries if isinstance(entries, list) else []
    return {
        entry["name"]: Profile(entry["name"], path, entry)
        for entry in entries
        if isinstance(entry, dict) and isinstance(entry.get("name"), str)
    }


def _content(path: Path) -> dict[str, Any]:
    try:
        raw = read_bounded(path, MAX_FILE_BYTES)
        content = json.loads(raw.decode("utf-8-sig")) if len(raw) <= MAX_FILE_BYTES else None
    except (OSError, ValueError, RecursionError) as error:
        reason = type(error).__name__  # the error's own text can quote the file, and the file holds keys
    else:
        if isinstance(content, dict):
            return content
        too_long = len(raw) > MAX_FILE_BYTES
        reason = f"over {MAX_FILE_BYTES} bytes" if too_long else f"a JSON {type(content).__name__}"
    raise SettingsError(f"expected a JSON object in {path}, and could not read one ({reason}); repair or remove it")

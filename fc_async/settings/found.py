"""One setting: its value, and where it was found."""

from __future__ import annotations

from typing import NamedTuple

from ..errors import ArgumentError, FcAsyncError, SettingsError


class Setting(NamedTuple):
    """A value, and the argument, variable or file that it came from."""

    value: str
    source: str


def unusable(source: str, message: str) -> FcAsyncError:
    """Return the error for a value that cannot be used.

    What the caller typed is an argument's error, what was found elsewhere a setting's.
    """
    kind = ArgumentError if source.startswith("the argument ") else SettingsError
    return kind(f"{source.removeprefix('the argument ')}: {message}")

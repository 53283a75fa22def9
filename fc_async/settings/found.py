"""One setting: its value, and where it was found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from ..errors import ArgumentError, FcAsyncError, SettingsError


class Kind(Enum):
    """The kinds of places where a setting is found."""

    ARGUMENT = "argument"
    VARIABLE = "variable"
    PROFILE = "profile"
    FILE = "file"
    DEFAULT = "default"
    DERIVED = "derived"
    CHAIN = "chain"
    SERVICE = "service"


@dataclass(frozen=True)
class Source:
    """Where a setting was found; `str()` tells it to people.

    Args:
        kind: the kind of place.
        name: its name: of an argument, a variable (the first of several) or a profile, a file's path, what has a
            default, what the value is derived from, who told it.
        words: the place as people read it.
    """

    kind: Kind
    name: str
    words: str

    @classmethod
    def argument(cls, name: str) -> Source:
        """Return the source of what the caller passed under this name."""
        return cls(Kind.ARGUMENT, name, f"the argument {name}=")

    @classmethod
    def variables(cls, *names: str) -> Source:
        """Return the source of what one environment variable says, or several together."""
        return cls(Kind.VARIABLE, names[0], " and ".join(names))

    @classmethod
    def profile(cls, name: str, path: Path, *, is_current: bool = False) -> Source:
        """Return the source of what a profile of this file says."""
        return cls(Kind.PROFILE, name, f"the {'current ' if is_current else ''}profile {name!r} of {path}")

    @classmethod
    def file(cls, path: Path) -> Source:
        """Return the source of what a file without profiles says."""
        return cls(Kind.FILE, str(path), str(path))

    @classmethod
    def default(cls, of: str) -> Source:
        """Return the source of a value that holds where nothing is named."""
        return cls(Kind.DEFAULT, of, f"the default of {of}")

    @classmethod
    def derived(cls, region: Source | None = None) -> Source:
        """Return the source of a host that follows from the region, and tell where the region was found."""
        return cls(Kind.DERIVED, "region", "derived from the region" + ("" if region is None else f" ({region})"))

    def __str__(self) -> str:
        return self.words

    @property
    def option(self) -> str | None:
        """The option of the command line that sets an argument (`--account-id`); None for what is no argument."""
        return option_of(self.name) if self.kind is Kind.ARGUMENT else None


LOOPBACK_DEFAULT = Source.default("a loopback endpoint")
CHAIN = Source(Kind.CHAIN, "alibabacloud-credentials", "the default chain of alibabacloud-credentials")
ACCOUNT_FROM_STS = Source(Kind.SERVICE, "STS", "STS GetCallerIdentity")
ACCOUNT_FROM_ARN = Source(Kind.SERVICE, "ARN", "the ARN of a function")


class Setting(NamedTuple):
    """A value, and where it was found."""

    value: str
    source: Source


def option_of(argument: str) -> str:
    """Return the option of the command line that sets an argument: `account_id` is `--account-id`."""
    return f"--{argument.replace('_', '-')}"


def unusable(source: Source, message: str) -> FcAsyncError:
    """Return the error for a value that cannot be used.

    What the caller typed is an argument's error, what was found elsewhere a setting's.
    """
    if source.kind is Kind.ARGUMENT:
        return ArgumentError(message, argument=source.name)
    return SettingsError(f"{source}: {message}")

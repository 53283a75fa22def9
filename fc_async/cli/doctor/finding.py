"""What one check of the doctor found: a sentence, and where there is trouble what to do about it."""

from __future__ import annotations

from typing import Any, NamedTuple

OK = "ok"
TROUBLE = "trouble"
SKIPPED = "skipped"


class Finding(NamedTuple):
    """One line of the doctor.

    Args:
        check: what was looked at, the same word in every run.
        state: `ok`, `trouble`, or `skipped` where another trouble stands before it.
        message: what was found, for people.
        advice: what to do; None where there is nothing to do.
    """

    check: str
    state: str
    message: str
    advice: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it for programs."""
        return self._asdict()


def ok(check: str, message: str) -> Finding:
    """Return the finding that all is well."""
    return Finding(check, OK, message)


def trouble(check: str, message: str, advice: str) -> Finding:
    """Return a finding with its advice."""
    return Finding(check, TROUBLE, message, advice)


def skipped(check: str, reason: str) -> Finding:
    """Return the finding that there was nothing to look at, and why."""
    return Finding(check, SKIPPED, reason)

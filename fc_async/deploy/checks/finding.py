"""What a check found, and the rule that found it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .view import View

SEVERITIES = ("error", "warning", "info")
"""The gravest first."""


@dataclass(frozen=True)
class Finding:
    """One thing that someone should look at.

    Args:
        id: which rule found it; it never changes its meaning.
        severity: error (records are lost, or a circle runs), warning (they can be), info.
        place: FILE:LINE:COLUMN, or what is live: FUNCTION[@QUALIFIER], queue:NAME, topic:NAME.
        message: what is so, one sentence.
        advice: what to do, one sentence; a RAM policy to paste may follow it on a line of its own.
    """

    id: str
    severity: str
    place: str
    message: str
    advice: str


@dataclass(frozen=True)
class Rule:
    """One rule.

    Args:
        id: of its findings.
        severity: of its findings; where a rule has two, the graver.
        about: what it finds, in a sentence, for the documentation.
        find: returns the findings of a view.
        needs_service: whether it finds something only where the services were asked.
    """

    id: str
    severity: str
    about: str
    find: Callable[[View], Iterator[Finding]]
    needs_service: bool = False

    def finding(self, place: str, message: str, advice: str, severity: str | None = None) -> Finding:
        """Return a finding of this rule, of its own severity where no other is given."""
        return Finding(self.id, severity or self.severity, place, message, advice)

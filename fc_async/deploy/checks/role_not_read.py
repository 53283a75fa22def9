"""A function that may not be looked at: whether it has a role and how long it runs is not known."""

from __future__ import annotations

from collections.abc import Iterator

from .finding import Finding, Rule
from .view import View


def _find(view: View) -> Iterator[Finding]:
    for one in view.managed:
        details = view.details.get(one.name)
        if details is not None and details.role is None:
            yield RULE.finding(
                one.place,
                f"{one.name} could not be looked at (403), so its role and timeout are not checked",
                "run the check with leave to call GetFunction on it",
            )


RULE = Rule("role-not-read", "info", "GetFunction was refused (403): role and timeout are not checked.", _find, True)

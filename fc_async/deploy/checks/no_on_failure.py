"""A function without OnFailure: what fails after its retries is lost, and nothing tells."""

from __future__ import annotations

from collections.abc import Iterator

from .finding import Finding, Rule
from .view import View


def _find(view: View) -> Iterator[Finding]:
    for one in view.managed:
        if one.config.on_failure is None:
            after = {0: "without a retry", 1: "after 1 retry"}.get(one.retries, f"after {one.retries} retries")
            yield RULE.finding(
                one.place,
                f"{one.name} has no OnFailure: what fails {after} is lost",
                "name a queue: on_failure: queue:NAME",
            )


RULE = Rule("no-on-failure", "warning", "A config has no OnFailure, or a function has no config at all.", _find)

"""A function with destinations and no role: Function Compute delivers nothing, and only a metric tells."""

from __future__ import annotations

import json
from collections.abc import Iterator

from ..ram import policy
from .finding import Finding, Rule
from .view import View


def _find(view: View) -> Iterator[Finding]:
    for one in view.managed if view.needs_role else ():
        details = view.details.get(one.name)
        if details is None or details.role != "" or not one.destinations:
            continue
        statement = policy([arn for _, arn in one.destinations])
        pasted = f"\n{json.dumps(statement)}" if statement["Statement"] else ""
        yield RULE.finding(
            one.place,
            f"{one.name} has no role, so nothing is delivered to its destinations",
            f"give it a role that fc.aliyuncs.com may assume{', with this policy:' if pasted else ''}{pasted}",
        )


RULE = Rule("no-role", "error", "A function has destinations and no role.", _find, True)

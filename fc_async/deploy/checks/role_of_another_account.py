"""A role of another account than the function: Function Compute cannot assume it for this account's destinations."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from ..ram import policy
from .finding import Finding, Rule
from .view import View

_ROLE = re.compile(r"acs:ram::([^:]*):role/.+")


def _find(view: View) -> Iterator[Finding]:
    for one in view.managed if view.needs_role else ():
        details = view.details.get(one.name)
        found = _ROLE.fullmatch(details.role) if details is not None and details.role else None
        if found is None or not view.account_id or found[1].lower() == view.account_id.lower() or not one.destinations:
            continue
        statement = json.dumps(policy([arn for _, arn in one.destinations]))
        yield RULE.finding(
            one.place,
            f"the role of {one.name} is of account {found[1] or '(none)'}, and the function of {view.account_id}",
            f"give it a role of its own account that fc.aliyuncs.com may assume, with this policy:\n{statement}",
        )


RULE = Rule(
    "role-of-another-account", "error", "A function with destinations has a role of another account.", _find, True
)

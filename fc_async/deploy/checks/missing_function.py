"""A function destination that does not exist: Function Compute takes the config, and each delivery fails."""

from __future__ import annotations

from collections.abc import Iterator

from ...arn import FunctionArn
from .finding import Finding, Rule
from .view import View, target


def _find(view: View) -> Iterator[Finding]:
    if view.functions is None:
        return
    for one in view.managed:
        for which, arn in one.destinations:
            if not isinstance(arn, FunctionArn) or arn.service is not None or not view.is_here(arn):
                continue
            name = target(arn)
            if name.name not in view.functions:
                message = f"{which} of {one.name} is the function {name.name}, which does not exist"
            elif name.qualifier is not None and name.qualifier not in view.qualifiers.get(name.name, {name.qualifier}):
                message = f"{which} of {one.name} is {name}, and {name.name} has no version or alias of that name"
            else:
                continue
            yield RULE.finding(one.place, message, "deploy it, or name another destination")


RULE = Rule(
    "missing-function", "error", "A destination is a function, version or alias that does not exist.", _find, True
)

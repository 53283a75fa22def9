"""A function destination that does not exist: Function Compute takes the config, and each delivery fails."""

from __future__ import annotations

from collections.abc import Iterator

from ...arn import FunctionArn
from ...checks import FunctionName
from .finding import Finding, Rule
from .view import Managed, View, target


def missing(view: View) -> Iterator[tuple[Managed, str, FunctionName]]:
    """Return who names what is not there, and as which outcome; nothing where the service was not asked."""
    if view.functions is None:
        return
    for one in view.managed:
        for which, arn in one.destinations:
            if not isinstance(arn, FunctionArn) or arn.service is not None or not view.is_here(arn):
                continue
            name = target(arn)
            known = view.qualifiers.get(name.name, {name.qualifier})
            if name.name not in view.functions or (name.qualifier is not None and name.qualifier not in known):
                yield one, which, name


def _find(view: View) -> Iterator[Finding]:
    for one, which, name in missing(view):
        message = f"{which} of {one.name} is the function {name.name}, which does not exist"
        if name.name in (view.functions or ()):
            message = f"{which} of {one.name} is {name}, and {name.name} has no version or alias of that name"
        yield RULE.finding(one.place, message, "deploy it, or name another destination")


RULE = Rule(
    "missing-function", "error", "A destination is a function, version or alias that does not exist.", _find, True
)

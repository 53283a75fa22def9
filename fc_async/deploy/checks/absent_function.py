"""A function that a document lists and that does not exist: its config cannot be set."""

from __future__ import annotations

from collections.abc import Iterator

from .finding import Finding, Rule
from .view import View


def _find(view: View) -> Iterator[Finding]:
    if view.functions is None:
        return
    for function in view.fleet.functions:
        if function.name not in view.functions:
            yield RULE.finding(
                function.place,
                f"function {function.name} does not exist, so that apply fails on it",
                "deploy it first, or take it out of the file",
            )
    for one in view.managed:
        if one.name in view.absent:
            yield RULE.finding(
                one.place,
                f"{one.name}: the function has no version or alias of that name, so that apply fails on it",
                "publish it first, or take it out of the file",
            )


RULE = Rule("absent-function", "error", "A listed function, version or alias does not exist.", _find, True)

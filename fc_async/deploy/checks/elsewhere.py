"""A destination in another region or account: nothing is delivered to it (page "Result callback")."""

from __future__ import annotations

from collections.abc import Iterator

from .finding import Finding, Rule
from .view import View, called


def _find(view: View, which: str, own: str, rule: Rule) -> Iterator[Finding]:
    word = which.removesuffix("_id")
    for one in view.managed:
        for of, arn in one.destinations:
            there = getattr(arn, which, "")
            if own and there and there != own:
                yield rule.finding(
                    one.place,
                    f"{of} of {one.name}, {called(arn)}, is of {word} {there}; the function is of {own}",
                    f"name a destination of the function's own {word}: nothing is delivered to another",
                )


def _find_region(view: View) -> Iterator[Finding]:
    return _find(view, "region", view.region, OTHER_REGION)


def _find_account(view: View) -> Iterator[Finding]:
    return _find(view, "account_id", view.account_id, OTHER_ACCOUNT)


OTHER_REGION = Rule(
    "other-region",
    "error",
    "A destination is in another region than the function; of a file alone, an s.yaml names its region.",
    _find_region,
)
OTHER_ACCOUNT = Rule(
    "other-account", "error", "A destination is of another account than the function.", _find_account, True
)

"""OnSuccess and OnFailure in one queue: who sends its letters again must first tell failures from successes."""

from __future__ import annotations

from collections.abc import Iterator

from ...arn import QueueArn
from .finding import Finding, Rule
from .view import View


def _find(view: View) -> Iterator[Finding]:
    for one in view.managed:
        failure, success = one.config.on_failure, one.config.on_success
        if isinstance(failure, QueueArn) and isinstance(success, QueueArn) and _is_same(failure, success, view):
            yield RULE.finding(
                one.place,
                f"{one.name} sends successes and failures to one queue, {failure.name}",
                "give failures a queue of their own",
            )


def _is_same(one: QueueArn, other: QueueArn, view: View) -> bool:
    """Tell whether two ARNs are one queue; what both leave out, or one where it is not known here, tells nothing."""
    pairs = (
        (one.region or view.region, other.region or view.region),
        (one.account_id or view.account_id, other.account_id or view.account_id),
    )
    return one.name == other.name and all(mine == its or not (mine and its) for mine, its in pairs)


RULE = Rule("one-queue-for-both", "warning", "OnSuccess and OnFailure of a function name one queue.", _find)

"""A topic destination that does not exist: Function Compute takes the config, and each record is lost."""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from ...arn import TopicArn
from .finding import Finding, Rule
from .view import View


def _find(view: View) -> Iterator[Finding]:
    if view.topics is None:
        return
    for one in view.managed:
        for which, arn in one.destinations:
            if isinstance(arn, TopicArn) and view.is_here(arn) and arn.name not in view.topics_to_be:
                yield RULE.finding(
                    one.place,
                    f"{which} of {one.name} is the topic {arn.name}, which does not exist",
                    f'create it ("fc-async topic create {quote(arn.name)}", "apply --create-destinations"), or list it',
                )


RULE = Rule("missing-topic", "error", "A destination is a topic that does not exist.", _find, True)

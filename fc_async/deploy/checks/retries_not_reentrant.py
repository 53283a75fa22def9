"""Retries of a function that its document calls not reentrant: each of them may do harm."""

from __future__ import annotations

from collections.abc import Iterator

from .finding import Finding, Rule
from .view import View


def _find(view: View) -> Iterator[Finding]:
    for one in view.managed:
        if one.facts.reentrant is False and one.retries > 0:
            told = "" if one.config.max_async_retry_attempts is not None else ", the service's default"
            yield RULE.finding(
                one.place,
                f"{one.name} is not reentrant, and what fails is tried again ({one.retries} times{told})",
                "set max_retries: 0; better, make it reentrant: even then an event can be executed more than once",
            )


RULE = Rule("retries-not-reentrant", "warning", "A function is marked not reentrant and has retries.", _find)

"""A max age that ends before the retries can: an event that is still to be tried is dropped.

The age is looked at when an event is taken out of its queue, so the last attempt must begin before it ends: after each
earlier attempt has taken as long as the function's timeout lets it.
"""

from __future__ import annotations

from collections.abc import Iterator

from .finding import Finding, Rule
from .view import View

RETRY_SECONDS = 1
"""Assumed: no source names the time between the retries of a function's own error."""


def _find(view: View) -> Iterator[Finding]:
    for one in view.managed:
        details = view.details.get(one.name)
        timeout = None if details is None else details.timeout_seconds
        needed = one.retries * ((timeout or 0) + RETRY_SECONDS)
        if needed <= one.max_age_seconds:
            continue
        attempt = "" if timeout is None else f"attempts of {timeout} s and "
        yield RULE.finding(
            one.place,
            f"{one.name} drops an event after {one.max_age_seconds} s, and its {one.retries} retries can take"
            f" {needed} s ({attempt}{RETRY_SECONDS} s between them, assumed)",
            "raise max_age, or lower max_retries or the function's timeout",
        )


RULE = Rule(
    "age-too-short",
    "warning",
    "The max age is shorter than the retries can take; the timeout counts where the service was asked.",
    _find,
)

"""Whether an endpoint can be reached, and how this machine's clock stands to the service's."""

from __future__ import annotations

import time
from datetime import timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, NamedTuple

from ...errors import FcAsyncError
from .deadline import within
from .finding import Finding, ok, skipped, trouble

if TYPE_CHECKING:
    from ...settings.endpoint import Endpoint

CONNECT_SECONDS = 5
LOOKUP_SECONDS = 10
MOST_ANSWER_BYTES = 64 * 1024
MOST_SKEW_SECONDS = 300
"""Ours: the services refuse what is 15 minutes off (facts: document 27487 of MNS), and a clock that drifts goes on."""

_UNNOTICED_SKEW_SECONDS = 2
"""A Date has whole seconds, and an answer takes its while."""

_USUAL_PORT = 9700


class Reached(NamedTuple):
    """What came of a request without a signature: the finding, and the answer's Date with the time that was here."""

    finding: Finding
    date: str | None = None
    here_seconds: float = 0.0


def reached(check: str, service: str, endpoint: Endpoint, read_seconds: float) -> Reached:
    """Ask an endpoint for its root, unsigned: any answer will do.

    Args:
        check: the name of the check.
        service: who is asked, for people.
        endpoint: where it is.
        read_seconds: longest wait for the answer.
    """
    seconds = CONNECT_SECONDS + read_seconds + LOOKUP_SECONDS
    begun = time.time()
    try:
        date = within(seconds, service, lambda: _date_of(endpoint.url, read_seconds))
    except FcAsyncError as error:
        return Reached(trouble(check, f"{service}: {error}", _advice(endpoint)))
    return Reached(ok(check, f"{service} answers at {endpoint.url}"), date, (begun + time.time()) / 2)


def _date_of(url: str, read_seconds: float) -> str | None:
    import requests

    from ...transport.adapter import PlainAdapter
    from ...transport.service_text import NOTHING_PRIVATE

    adapter = PlainAdapter(MOST_ANSWER_BYTES)
    try:
        request = requests.Request("GET", f"{url}/").prepare()
        return adapter.exchange(request, CONNECT_SECONDS, read_seconds, NOTHING_PRIVATE).headers.get("date")
    finally:
        adapter.close()


def _advice(endpoint: Endpoint) -> str:
    if not endpoint.is_loopback:
        return "look at network, proxy (HTTPS_PROXY, NO_PROXY) and VPN; inside a VPC: --internal"
    port = "" if endpoint.port in (None, _USUAL_PORT) else f" --port {endpoint.port}"
    return f"start the local service in another terminal: fc-async local up{port}"


def clock_of(answers: list[Reached]) -> Finding:
    """Return the finding about the clock, from the first answer that has a Date."""
    for one in answers:
        there = _seconds_of(one.date)
        if there is not None:
            return _clock(round(one.here_seconds - there))
    return skipped("clock", "clock: no answer with a Date to compare it with")


def _clock(ahead_seconds: int) -> Finding:
    off = abs(ahead_seconds)
    if off <= _UNNOTICED_SKEW_SECONDS:
        return ok("clock", "the clock agrees with the service's")
    said = f"the clock is {off} s {'ahead of' if ahead_seconds > 0 else 'behind'} the service's"
    if off <= MOST_SKEW_SECONDS:
        return ok("clock", said)
    return trouble("clock", f"{said}, and requests are refused from 15 minutes on", "set this machine's clock")


def _seconds_of(date: str | None) -> float | None:
    try:
        there = None if date is None else parsedate_to_datetime(date)
        if there is None:
            return None
        return (there if there.tzinfo else there.replace(tzinfo=timezone.utc)).timestamp()  # no zone: HTTP means GMT
    except (ValueError, OverflowError):
        return None

"""Which calls are made again after a failure, and when.

    not sent (DNS, refused, connect timeout), 429   every call
    sent without an answer, 500, 502, 503           only what does no harm twice: the caller of `Repeats` says so
    anything else, a loopback port that refuses     never

At most 5 attempts, and so 7.5 seconds of waiting between them; what the attempts themselves take does not count, so
that a service that hangs is asked again too, and each is bounded for itself (connections.py). The delays double from
half a second, as the service's own do (https://help.aliyun.com/zh/functioncompute/retry-policy), each cut by chance
("full jitter"), so that clients that failed together come back one by one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from ..errors import ServiceError, TransportError
from .failure import NothingListensError

MAX_ATTEMPTS = 5
FIRST_DELAY_SECONDS = 0.5
FOREVER = float("inf")

_IN_DOUBT = {500, 502, 503}
"""The service may have done the work before it failed."""

_LOG = logging.getLogger("fc_async.repeat")
_Answered = TypeVar("_Answered")


@dataclass(frozen=True)
class Repeats:
    """Makes a call, and makes it again where that is safe.

    Args:
        sleep: waits for so many seconds.
        clock: seconds that only grow.
        random: a number from 0 to 1, a new one at each call.
    """

    sleep: Callable[[float], object]
    clock: Callable[[], float]
    random: Callable[[], float]

    def run(self, attempt: Callable[[bool], _Answered], *, harmless_twice: bool, until: float = FOREVER) -> _Answered:
        """Return what the call answers.

        Args:
            attempt: the call; it is told whether an earlier attempt may have arrived.
            harmless_twice: whether it may be repeated when it may have arrived.
            until: stop repeating at this clock reading; a delay is cut so that the last attempt begins then.
                Default: never.

        Raises:
            ServiceError: the last answer, when it was a refusal.
            TransportError: the last attempt got no answer.
        """
        may_have_arrived, number = False, 1
        while True:
            failure: ServiceError | TransportError
            try:
                return attempt(may_have_arrived)
            except (ServiceError, TransportError) as error:
                failure = error
            left_seconds = until - self.clock()
            if number == MAX_ATTEMPTS or left_seconds <= 0 or not _is_passing(failure, harmless_twice):
                raise failure
            delay_seconds = min(FIRST_DELAY_SECONDS * 2 ** (number - 1) * self.random(), left_seconds)
            number += 1
            may_have_arrived = may_have_arrived or is_in_doubt(failure)
            _LOG.debug("%s; attempt %d of %d in %.2f s", failure, number, MAX_ATTEMPTS, delay_seconds)
            self.sleep(delay_seconds)


def is_in_doubt(failure: ServiceError | TransportError) -> bool:
    """Tell whether the work may have been done although the call failed."""
    return failure.sent if isinstance(failure, TransportError) else failure.status in _IN_DOUBT


def _is_passing(failure: ServiceError | TransportError, harmless_twice: bool) -> bool:
    if isinstance(failure, NothingListensError):
        return False
    if is_in_doubt(failure):
        return harmless_twice
    return isinstance(failure, TransportError) or failure.status == 429

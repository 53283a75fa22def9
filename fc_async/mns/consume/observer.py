"""What a consumer tells whoever watches it, and an observer that writes counts to the log."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from ...checks import check_timeout
from ..letter import Letter


class Observer(Protocol):
    """Is told of every letter, from several threads at once; what it raises is logged once and stops nothing."""

    def received(self, count: int, in_flight: int) -> None:
        """Messages came.

        Args:
            count: how many.
            in_flight: how many are held now: they wait, are handled, or are to be deleted.
        """

    def finished(self, letter: Letter, outcome: str, seconds: float, error: BaseException | None) -> None:
        """A worker is done with a letter.

        Args:
            letter: the letter.
            outcome: `acknowledged`, `released`, `rejected`, `exhausted` or `unreadable`.
            seconds: how long the worker had it.
            error: what the handler raised; None: nothing.
        """


def age_seconds(letter: Letter, now: float) -> float | None:
    """Return how long ago the queue took a letter; None where the service did not say.

    Args:
        letter: the letter.
        now: seconds since 1970; the service's clock may differ from it.
    """
    sent_ms = letter.message.enqueue_time
    return None if sent_ms is None else max(0.0, now - sent_ms / 1000)


class LoggingObserver:
    """Writes one line of counts for each period in which something came or was finished, to `fc_async.consumer`.

    Args:
        period_seconds: over 0, 86400 at most, a number or a timedelta. Default 60.
        clock: seconds that only grow.
        wall_clock: seconds since 1970, for the age of letters.

    Raises:
        ArgumentError: the period is out of range.
    """

    def __init__(
        self,
        period_seconds: float | timedelta = 60,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._period_seconds = check_timeout("period_seconds", period_seconds)
        self._clock = clock
        self._wall_clock = wall_clock
        self._lock = threading.Lock()
        self._longest: float = 0
        self._oldest: float = 0
        self._in_flight = 0
        self._begin(clock())

    def received(self, count: int, in_flight: int) -> None:
        with self._lock:
            self._received += count
            self._in_flight = in_flight
            self._tell_when_due()

    def finished(self, letter: Letter, outcome: str, seconds: float, error: BaseException | None) -> None:
        age = age_seconds(letter, self._wall_clock())
        with self._lock:
            self._outcomes[outcome] = self._outcomes.get(outcome, 0) + 1
            self._in_flight = max(0, self._in_flight - 1)
            self._longest = max(self._longest, seconds)
            self._oldest = max(self._oldest, age or 0.0)
            self._tell_when_due()

    def _begin(self, now: float) -> None:
        self._since = now
        self._received = 0
        self._outcomes: dict[str, int] = {}
        self._longest = self._oldest = 0.0

    def _tell_when_due(self) -> None:
        now = self._clock()
        if now < self._since + self._period_seconds:
            return
        outcomes = ", ".join(f"{count} {outcome}" for outcome, count in sorted(self._outcomes.items()))
        logging.getLogger("fc_async.consumer").info(
            "in %.0f s: %d received, %s; %d in flight, the slowest took %.3f s, the oldest was %.0f s old",
            now - self._since,
            self._received,
            outcomes or "none finished",
            self._in_flight,
            self._longest,
            self._oldest,
        )
        self._begin(now)


class Quiet:
    """An observer that passes on to another one, or to none, and lets nothing out that it raises.

    Args:
        observer: the other one; None: none.
    """

    def __init__(self, observer: Observer | None) -> None:
        self._observer = observer
        self._has_complained = False

    def received(self, count: int, in_flight: int) -> None:
        if self._observer is not None:
            self._tell(lambda one: one.received(count, in_flight))

    def finished(self, letter: Letter, outcome: str, seconds: float, error: BaseException | None) -> None:
        if self._observer is not None:
            self._tell(lambda one: one.finished(letter, outcome, seconds, error))

    def _tell(self, say: Callable[[Observer], None]) -> None:
        assert self._observer is not None  # noqa: S101 - the callers look
        try:
            say(self._observer)
        except Exception as error:
            if not self._has_complained:
                self._has_complained = True
                logging.getLogger("fc_async.consumer").warning("the observer raised %s", type(error).__name__)

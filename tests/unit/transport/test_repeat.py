"""Which failures are repeated, when, and for how long."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from fc_async.errors import ServiceError, SettingsError, TransportError
from fc_async.transport.repeat import Repeats

UNSENT = TransportError("could not be reached", sent=False)
SENT = TransportError("broke", sent=True)


class Time:
    """A clock that only sleeping moves; `random` always says the same."""

    def __init__(self, random: float = 1.0) -> None:
        self.now = 1000.0
        self.sleeps: list[float] = []
        self.repeats = Repeats(self.sleep, lambda: self.now, lambda: random)

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds


def failing(*failures: Exception) -> tuple[Callable[[bool], str], list[bool]]:
    """Return a call that fails so, then answers; and what it was told about earlier attempts."""
    waiting, told = list(failures), []

    def attempt(may_have_arrived: bool) -> str:
        told.append(may_have_arrived)
        if waiting:
            raise waiting.pop(0)
        return "done"

    return attempt, told


@pytest.mark.parametrize("harmless", [True, False])
@pytest.mark.parametrize("failure", [UNSENT, ServiceError(429)])
def test_what_was_not_done_is_repeated_always(failure: Exception, harmless: bool) -> None:
    attempt, told = failing(failure, failure)
    assert Time().repeats.run(attempt, harmless_twice=harmless) == "done"
    assert told == [False, False, False]


@pytest.mark.parametrize("failure", [SENT, ServiceError(500), ServiceError(502), ServiceError(503)])
def test_what_may_have_been_done_is_repeated_only_where_that_is_harmless(failure: Exception) -> None:
    attempt, told = failing(failure)
    assert Time().repeats.run(attempt, harmless_twice=True) == "done"
    assert told == [False, True]
    attempt, told = failing(failure)
    with pytest.raises(type(failure)):
        Time().repeats.run(attempt, harmless_twice=False)
    assert told == [False]


@pytest.mark.parametrize("status", [200, 302, 400, 403, 404, 409, 412, 499, 501, 504])
def test_an_answer_that_would_be_the_same_again_is_not_repeated(status: int) -> None:
    attempt, told = failing(ServiceError(status))
    with pytest.raises(ServiceError):
        Time().repeats.run(attempt, harmless_twice=True)
    assert told == [False]


def test_what_is_no_failure_of_the_call_is_not_repeated() -> None:
    attempt, told = failing(SettingsError("no credentials"))
    with pytest.raises(SettingsError):
        Time().repeats.run(attempt, harmless_twice=True)
    assert told == [False]


def test_an_attempt_that_may_have_arrived_is_remembered_after_one_that_cannot() -> None:
    attempt, told = failing(SENT, ServiceError(429), UNSENT)
    Time().repeats.run(attempt, harmless_twice=True)
    assert told == [False, True, True, True]


def test_five_attempts_and_then_the_last_failure() -> None:
    last = ServiceError(429, "ResourceExhausted", "1-e")
    attempt, told = failing(UNSENT, SENT, ServiceError(503), ServiceError(500), last, UNSENT)
    time = Time()
    with pytest.raises(ServiceError) as caught:
        time.repeats.run(attempt, harmless_twice=True)
    assert caught.value is last
    assert len(told) == 5
    assert time.sleeps == [0.5, 1, 2, 4]


@pytest.mark.parametrize("random", [0.0, 0.5, 1.0])
def test_the_delay_is_cut_by_chance(random: float) -> None:
    attempt, _ = failing(*[UNSENT] * 4)
    time = Time(random)
    time.repeats.run(attempt, harmless_twice=False)
    assert time.sleeps == [random * seconds for seconds in (0.5, 1, 2, 4)]


def slow(time: Time, seconds: float) -> tuple[Callable[[bool], None], list[float]]:
    """Return a call that takes so long and gets no answer, and when it began."""
    began = []

    def attempt(_: bool) -> None:
        began.append(time.now)
        time.now += seconds
        raise SENT

    return attempt, began


def test_a_call_that_hangs_for_long_is_repeated_all_the_same() -> None:
    time = Time()
    attempt, began = slow(time, 60)
    with pytest.raises(TransportError):
        time.repeats.run(attempt, harmless_twice=True)
    assert len(began) == 5
    assert sum(time.sleeps) == 7.5


@pytest.mark.parametrize(
    ("until", "began"),
    [(0, [0]), (1, [0]), (1.1, [0, 1.1]), (1.5, [0, 1.5]), (4, [0, 1.5, 3.5]), (5, [0, 1.5, 3.5, 5])],
)
def test_nothing_is_repeated_when_the_callers_time_is_over(until: float, began: list[float]) -> None:
    time = Time()
    attempt, times = slow(time, 1)
    with pytest.raises(TransportError):
        time.repeats.run(attempt, harmless_twice=True, until=1000 + until)
    assert [moment - 1000 for moment in times] == pytest.approx(began)


def test_each_repeat_is_logged_at_debug_level(caplog: pytest.LogCaptureFixture) -> None:
    attempt, _ = failing(ServiceError(429, "ResourceExhausted", "1-a", action="get_config main"))
    with caplog.at_level(logging.DEBUG, "fc_async"):
        Time().repeats.run(attempt, harmless_twice=True)
    assert caplog.messages == [
        "get_config main: the service answered 429 ResourceExhausted (request id 1-a); attempt 2 of 5 in 0.50 s"
    ]

"""Pace: at most so many turns a second, whoever takes them; no wait outlives the end."""

import threading

import pytest

from fc_async.dlq.pace import Pace


class Stopping(threading.Event):
    """Notes how long it was waited for, and waits for nothing."""

    def __init__(self):
        super().__init__()
        self.waits = []

    def wait(self, timeout=None):
        self.waits.append(timeout)
        return self.is_set()


def test_turns_are_a_gap_apart():
    pace, stopping = Pace(20, clock=lambda: 100.0), Stopping()
    assert all(pace.wait(stopping) for _ in range(4))
    assert stopping.waits == pytest.approx([0.05, 0.1, 0.15])


def test_time_that_was_not_used_is_not_made_up_for():
    now = iter([0.0, 10.0, 10.0])
    pace, stopping = Pace(2, clock=lambda: next(now)), Stopping()
    assert all(pace.wait(stopping) for _ in range(3))
    assert stopping.waits == [0.5]


def test_without_a_rate_nobody_waits():
    pace, stopping = Pace(None), Stopping()
    assert all(pace.wait(stopping) for _ in range(3))
    assert stopping.waits == []


@pytest.mark.parametrize("rate", [None, 1])
def test_a_turn_that_comes_after_the_end_is_none(rate):
    stopping = Stopping()
    stopping.set()
    assert not Pace(rate).wait(stopping)

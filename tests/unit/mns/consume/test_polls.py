"""Polls: when an empty queue is known to be empty."""

from __future__ import annotations

from fc_async.mns.consume.commands import Receive
from fc_async.mns.consume.polls import Polls


def begun(polls: Polls, now: float) -> int:
    """Begin a receive, and return its number."""
    call = polls.begin(now, 100, 0)
    assert call is not None
    number, command = call
    assert isinstance(command, Receive)
    return number


def ready(receivers: int) -> Polls:
    polls = Polls("dead", receivers, lambda: 0.0)
    look = polls.begin(0, 100, 0)
    assert look is not None
    polls.looked(look[0])
    return polls


def test_two_empty_answers_say_nothing_while_an_earlier_receive_is_under_way() -> None:
    polls = ready(3)
    first, second, third = (begun(polls, now) for now in (1.0, 1.1, 1.2))
    polls.answered(second, 2.0, 0)
    polls.answered(third, 2.0, 0)
    assert (polls.empties, polls.is_empty_for_sure) == (2, False)
    polls.answered(first, 3.0, 5)  # it brings what was there all the time
    assert (polls.empties, polls.is_empty_for_sure) == (0, False)


def test_a_receive_that_began_after_the_empty_answers_changes_nothing() -> None:
    polls = ready(3)
    first, second = (begun(polls, now) for now in (1.0, 1.1))
    polls.answered(first, 2.0, 0)
    polls.answered(second, 2.0, 0)
    begun(polls, 5.0)
    assert polls.is_empty_for_sure


def test_a_receive_that_was_broken_off_is_waited_for_no_longer() -> None:
    polls = ready(3)
    first, second, third = (begun(polls, now) for now in (1.0, 1.1, 1.2))
    polls.answered(second, 2.0, 0)
    polls.answered(third, 2.0, 0)
    polls.forget(first)
    assert polls.is_empty_for_sure

"""What is worth saying once is said once, and what handlers can name without end is not remembered without end."""

from __future__ import annotations

import logging

import pytest

from fc_async.local.workers.said_once import MOST, SaidOnce

log = logging.getLogger("tests.said_once")


def test_a_thing_is_said_the_first_time_only(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    notes = SaidOnce(log)
    for about in ("a", "b", "a"):
        notes.say(about, "about %s", about)
    assert caplog.messages == ["about a", "about b"]


def test_beyond_a_number_of_things_no_more_are_said_or_remembered(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    notes = SaidOnce(log)
    for number in range(MOST + 10):
        notes.say(number, "about %d", number)
    assert caplog.messages[MOST - 1 :] == [f"about {MOST - 1}", "there is more to say of this kind; it is left out"]

"""How a call is made, without one: how long it may take, whom it is about, what a list's tokens may be."""

import pytest

from fc_async.errors import ArgumentError, ServiceError
from fc_async.functions.calls import Calls, addressed, next_token
from fc_async.settings.search import find_settings


def test_no_look_is_longer_than_what_is_left_of_the_wait() -> None:
    settings = find_settings("fc", endpoint="http://127.0.0.1:1", environment={}, home=None)
    now = 100.0
    calls = Calls(settings, connect_timeout_seconds=5, read_timeout_seconds=30, clock=lambda: now)
    left = [calls.runtime(now + seconds) for seconds in (-1, 0, 1, 2.5, 60)]
    assert [runtime.read_timeout for runtime in left] == [1000, 1000, 1000, 2500, 30000]
    assert [runtime.connect_timeout for runtime in left] == [1000, 1000, 1000, 2500, 5000]
    assert calls.runtime().read_timeout is None


def test_a_call_is_named_with_its_function_and_qualifier() -> None:
    assert addressed("get_task", "main", None) == ("get_task main", "main", {})
    assert addressed("get_task", "main", "prod") == ("get_task main@prod", "main", {"qualifier": "prod"})
    for name, qualifier in (("a/b", None), ("main", "a/b"), ("", None), ("main", "")):
        with pytest.raises(ArgumentError):
            addressed("get_task", name, qualifier)


def test_a_list_goes_on_while_its_tokens_are_new() -> None:
    seen: set[str] = set()
    assert [next_token("list", token, seen) for token in ("a", "b", "", None)] == ["a", "b", None, None]
    with pytest.raises(ServiceError, match=r"list: .*without an end"):
        next_token("list", "a", seen)

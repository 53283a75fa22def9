"""What a caller passes in: names with their qualifier, whole numbers."""

from typing import Any

import pytest

from fc_async.checks import (
    FunctionName,
    check_delay,
    check_function,
    check_qualifier,
    check_task_id,
    check_whole,
    is_whole,
)
from fc_async.errors import ArgumentError


@pytest.mark.parametrize(
    ("name", "text", "version"),
    [(FunctionName("main"), "main", "LATEST"), (FunctionName("main", "prod"), "main@prod", "prod")],
)
def test_a_function_is_written_with_its_qualifier_where_it_has_one(name: FunctionName, text: str, version: str) -> None:
    assert (str(name), f"{name}", name.version) == (text, text, version)
    assert name == FunctionName.checked(name.name, name.qualifier)


@pytest.mark.parametrize(("name", "qualifier"), [("", None), ("a/b", None), (7, None), ("main", ""), ("main", "a/b")])
def test_a_name_or_qualifier_that_cannot_be_one_is_refused(name: Any, qualifier: Any) -> None:
    with pytest.raises(ArgumentError):
        FunctionName.checked(name, qualifier)


def test_true_and_false_are_no_numbers() -> None:
    assert [is_whole(value) for value in (0, 1, -(10**30), True, False, 1.0, "1", None)] == [True] * 3 + [False] * 5


@pytest.mark.parametrize(("value", "is_taken"), [(0, True), (8, True), (-1, False), (9, False), (False, False)])
def test_a_whole_number_holds_its_range(value: Any, is_taken: bool) -> None:
    assert is_whole(value, 0, 8) is is_taken
    if is_taken:
        assert check_whole("number", value, 0, 8) == value
        return
    with pytest.raises(ArgumentError, match=f"number: expected a whole number from 0 to 8, got {value}"):
        check_whole("number", value, 0, 8)


def test_a_number_that_python_does_not_write_is_refused_in_one_sentence() -> None:
    with pytest.raises(ArgumentError, match="thousands of digits"):
        check_whole("number", 10**5000, 0, 8)


@pytest.mark.parametrize("name", ["main", "_x-1", "service$main", "a" * 64])
def test_a_function_name_passes(name: str) -> None:
    assert check_function(name) == name


@pytest.mark.parametrize("name", ["", ".", "..", "a b", "a?b", "a\n", "a@prod", "é", None, 7, "a" * 257, "a%2fb"])
def test_what_would_reach_another_path_is_no_function_name(name: Any) -> None:
    with pytest.raises(ArgumentError):
        check_function(name)


def test_a_name_with_a_service_is_told_that_there_are_none() -> None:
    with pytest.raises(ArgumentError, match=r"FC 3\.0"):
        check_function("service/main")


@pytest.mark.parametrize("qualifier", ["", "..", "a/b", 7, "a\x00"])
def test_what_is_no_qualifier_is_refused(qualifier: Any) -> None:
    with pytest.raises(ArgumentError):
        check_qualifier(qualifier)


@pytest.mark.parametrize("task_id", ["", "1a", "a b", "a" * 129, 7])
def test_what_is_no_task_id_is_refused(task_id: Any) -> None:
    with pytest.raises(ArgumentError):
        check_task_id(task_id)


def test_task_ids_and_delays_pass_up_to_their_limits() -> None:
    assert check_task_id("a" * 128) == "a" * 128
    assert [check_delay(one) for one in (None, 0, 1, 3600)] == [None, 0, 1, 3600]


@pytest.mark.parametrize("delay", [-1, 3601, 1.5, "1", True])
def test_a_delay_out_of_range_is_refused(delay: Any) -> None:
    with pytest.raises(ArgumentError):
        check_delay(delay)

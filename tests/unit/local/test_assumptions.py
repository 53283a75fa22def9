"""Assumptions as they are typed and as they are given in Python, at and beyond their edges."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from fc_async.errors import ArgumentError
from fc_async.local import limits
from fc_async.local.assumptions import Assumptions, read_assumptions, split_assumption


def test_every_assumption_of_the_table_has_its_default_and_there_are_no_others() -> None:
    assert asdict(Assumptions()) == {assumption.name: assumption.default for assumption in limits.ASSUMPTIONS}
    assert read_assumptions({}) == Assumptions()


def test_every_assumption_says_why() -> None:
    assert all(assumption.why for assumption in limits.ASSUMPTIONS)


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("put_merges", "false", False),
        ("put_merges", False, False),
        ("stopped_condition", "", ""),
        ("stopped_condition", "''", ""),
        ("five_hours_from", "acceptance", "acceptance"),
        ("function_error_retry_seconds", "0", 0),
        ("function_error_retry_seconds", 3600, 3600),
        ("backoff_cap_seconds", "none", None),
        ("backoff_cap_seconds", None, None),
        ("backoff_cap_seconds", "1", 1),
        ("task_registration_delay_seconds", "30", 30),
        ("duplicate_task_code", "Other", "Other"),
        ("chain_depth", "1", 1),
        ("chain_depth", 1000, 1000),
    ],
)
def test_a_value_is_read_as_typed_or_as_given(name: str, given: object, value: object) -> None:
    assert getattr(read_assumptions({name: given}), name) == value


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("put_merges", "yes"),
        ("put_merges", ""),
        ("put_merges", 1),
        ("stopped_condition", "x"),
        ("function_error_retry_seconds", "-1"),
        ("function_error_retry_seconds", 3601),
        ("function_error_retry_seconds", True),
        ("function_error_retry_seconds", "1.5"),
        ("function_error_retry_seconds", "none"),
        ("backoff_cap_seconds", 0),
        ("backoff_cap_seconds", "x"),
        ("duplicate_task_code", ""),
        ("duplicate_task_code", "x" * 129),
        ("duplicate_task_code", "a\nb"),
        ("chain_depth", 0),
        ("chain_depth", 1001),
        ("chain_depth", "9" * 50),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_those_that_can(name: str, given: object) -> None:
    assumption = next(known for known in limits.ASSUMPTIONS if known.name == name)
    with pytest.raises(ArgumentError) as caught:
        read_assumptions({name: given})
    assert str(caught.value).startswith(f"{name} is {assumption.allowed}, got ")


@pytest.mark.parametrize("text", ["put_merges", "", "x y"])
def test_what_is_not_name_and_value_is_refused_with_the_list(text: str) -> None:
    with pytest.raises(ArgumentError, match=r"expected NAME=VALUE.*chain_depth"):
        split_assumption(text)


def test_only_the_first_equals_sign_separates() -> None:
    assert split_assumption("duplicate_task_code=a=b") == ("duplicate_task_code", "a=b")

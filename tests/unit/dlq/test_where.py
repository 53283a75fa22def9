"""`--where`: what each condition selects, and what a wrong one is told, with a caret under the place."""

import pytest

from fc_async import ArgumentError
from fc_async.dlq.key_fields import KeyFields
from fc_async.dlq.where import Where, parse_where

HOUR_MS = 3_600_000
NOW_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z
LETTER = KeyFields(
    "m-1",
    request_id="r-1",
    function="main",
    qualifier="prod",
    condition="UnhandledInvocationError",
    error_type="OutOfStock",
    text="sku 7: timeout\nline",
    attempts=3,
    enqueued_ms=NOW_MS - HOUR_MS,
    group="a1b2c3",
)
LATEST = KeyFields("m-2", request_id="r-2", function="main")
NO_RECORD = KeyFields("m-3", message="no JSON")


def matches(*conditions, letter=LETTER):
    return parse_where(conditions, NOW_MS).matches(letter)


@pytest.mark.parametrize(
    ("condition", "selects"),
    [
        ("function=main", True),
        ("function=main@prod", True),
        ("function=main@", False),
        ("function=main@LATEST", False),
        ("function=mai", False),
        ("error=OutOfStock", True),
        ("error=outofstock", False),
        ("condition=UnhandledInvocationError", True),
        ("condition=Out", False),
        ("text~timeout", True),
        ("text~timeout\nline", True),
        ("text~Timeout", False),
        ("text~.*", False),
        ("text~=", False),
        ("since=2h", True),
        ("since=59m", False),
        ("since=1h", True),
        ("until=59m", True),
        ("until=1h", False),
        ("since=2025-12-31", True),
        ("since=2025-12-31T23:00:00Z", True),
        ("since=2026-01-01T07:00+08:00", True),
        ("since=2025-12-31T23:00:00.001", False),
        ("until=2026-01-01", True),
        ("attempts=3", True),
        ("attempts>=3", True),
        ("attempts<=3", True),
        ("attempts>3", False),
        ("attempts<3", False),
        ("attempts=0", False),
        ("group=a1b2", True),
        ("group=A1B2C3", True),
        ("group=a1b3", False),
        ("id=r-1", True),
        ("id=m-1", True),
        ("id=m-", False),
    ],
)
def test_a_condition_selects(condition, selects):
    assert matches(condition) is selects


def test_a_function_without_a_qualifier_is_latest():
    assert matches("function=main@", letter=LATEST)
    assert matches("function=main@LATEST", letter=LATEST)
    assert not matches("function=main@prod", letter=LATEST)
    assert matches("function=main@", letter=KeyFields("m", request_id="r", function="main", qualifier="LATEST"))


def test_several_conditions_are_and_and_none_selects_everything():
    assert matches("function=main", "attempts>=3", "since=2h")
    assert not matches("function=main", "attempts>=4")
    assert matches()
    assert Where().matches(NO_RECORD)


@pytest.mark.parametrize(
    "condition",
    ["function=main", "error=x", "condition=x", "text~x", "attempts>=0", "since=9d", "until=1s", "group=a1b2"],
)
def test_what_is_not_known_of_a_letter_is_selected_by_no_condition_on_it(condition):
    assert not matches(condition, letter=NO_RECORD)
    assert matches("id=m-3", letter=NO_RECORD)


@pytest.mark.parametrize(
    ("condition", "said", "caret"),
    [
        ("", "expected one of function", 0),
        ("functoin=main", "did you mean function?", 0),
        (" error=x", "did you mean error?", 0),
        ("error", "expected = and a value after error", 5),
        ("error=", "expected a value after error=", 6),
        ("error~x", "error is compared by =", 5),
        ("text=x", "text is compared by ~", 4),
        ("text!~x", "text is compared by ~", 4),
        ("attempts>=", "expected a value after attempts>=", 10),
        ("attempts>=three", "expected a whole number", 10),
        ("attempts==3", "expected a whole number", 9),
        ("attempts=-1", "expected a whole number", 9),
        ("attempts=9999999999", "expected a whole number", 9),
        ("attempts=٣", "expected a whole number", 9),
        ("function=@prod", "expected the name of a function", 9),
        ("function=a@b@c", "expected one '@'", 12),
        ("since=yesterday", "expected 15m, 2h, 3d (ago) or 2026-01-31T08:00:00 (UTC)", 6),
        ("until=1969-12-31", "expected 15m", 6),
        ("until=0001-01-01T00:00+08:00", "expected 15m", 6),
        ("group=xyz", "expected the 6 hex digits", 6),
        ("group=a1b2c3d4", "expected the 6 hex digits", 6),
        ("id=", "expected a value after id=", 3),
    ],
)
def test_a_condition_that_does_not_parse_is_shown_with_a_caret_under_the_place(condition, said, caret):
    with pytest.raises(ArgumentError) as refused:
        matches("error=fine", condition)
    reason, shown, mark = str(refused.value).split("\n")
    assert reason.startswith("--where: ")
    assert said in reason
    assert shown == f"  {condition}"
    assert mark == "  " + " " * caret + "^"


@pytest.mark.parametrize(
    "condition",
    [
        "\x1b[31m\n\u202e=x",
        "attempts=\x1b]0;x\x07\n",
        "x" * 1_000_000,
        "since=" + "9" * 1_000_000,
        "function=a@b" + "c@" * 99,
    ],
    ids=["key", "value", "long key", "long value", "far place"],
)
def test_a_hostile_condition_is_told_in_three_short_lines_that_a_terminal_obeys_in_nothing(condition):
    with pytest.raises(ArgumentError) as refused:
        matches(condition)
    lines = str(refused.value).split("\n")
    assert len(lines) == 3
    assert all(line.isprintable() and len(line) < 300 for line in lines)


def test_the_caret_stands_below_its_place_also_after_wide_letters_and_a_cut():
    with pytest.raises(ArgumentError) as refused:
        matches("function=订单@b@c")
    assert str(refused.value).split("\n")[2] == "  " + " " * 15 + "^"
    with pytest.raises(ArgumentError) as refused:
        matches("function=" + "x" * 500 + "@b@c")
    shown, mark = str(refused.value).split("\n")[1:]
    assert shown[mark.index("^") :] == "@c"

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fc_async import RecordError, parse_record, parse_records
from fc_async.records import strict_json
from tests.roads import record

MIB = 1024 * 1024


def with_field(text: str) -> bytes:
    return (json.dumps(record())[:-1] + f', "new": {text}}}').encode()


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        "Infinity",
        "-Infinity",
        "1e999",
        "-1e999",
        "1" * 21,
        "-" + "1" * 21,
        r'"\ud800"',
        r'"\uD800"',
        r'"\uDFFF"',
        r'"\udc00\ud800"',
        r'{"\udfff": 1}',
        "[" * 64 + "]" * 64,
        '{"a":' * 64 + "1" + "}" * 64,
        "[" * 100000 + "]" * 100000,
        "[" * 1000 + "]" * 1000,
    ],
)
def test_what_json_accepts_and_a_record_may_not_hold_is_refused(text: str) -> None:
    with pytest.raises(RecordError, match=r"NaN|20 digits|surrogate|64 deep"):
        parse_record(with_field(text))


@pytest.mark.parametrize(
    "text",
    [
        "1" * 20,
        "-" + "9" * 20,
        "1e308",
        r'"\ud83d\ude00"',
        "[" * 63 + "]" * 63,
        '"' + "[{" * 1000 + '"',
        '"' + r"\"[{\\" * 1000 + '"',
        "[" + "[]," * 2000 + "{}]",
        "0.1",
        "[]",
        "null",
    ],
)
def test_what_is_within_the_bounds_is_accepted(text: str) -> None:
    assert parse_record(with_field(text)).to_dict()["new"] == json.loads(text)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"  ",
        b"{",
        b"{}x",
        b'{"a":}',
        json.dumps(record()).encode()[:-5],
        json.dumps(record()).encode() + b"x",
        json.dumps(record()).encode() + b"{}",
        json.dumps(record()).encode("utf-16"),
        b'{"a":"\xff"}',
        b"\xef\xbb\xbf{}",
        b"true",
        b"null",
        b"5",
    ],
)
def test_what_is_no_json_object_is_refused(raw: bytes) -> None:
    with pytest.raises(RecordError, match=r"expected (JSON|one JSON value|UTF-8|a record)"):
        parse_record(raw)


def test_duplicate_keys_are_accepted_and_the_last_one_wins() -> None:
    assert parse_record(with_field('1, "new": 2')).to_dict()["new"] == 2


def test_a_body_of_8_mib_is_accepted_and_a_longer_one_is_not() -> None:
    def sized(count: int) -> bytes:
        room = count - len(json.dumps(record(requestPayload="")))
        return json.dumps(record(requestPayload="x" * room)).encode()

    assert len(sized(8 * MIB)) == 8 * MIB
    assert parse_record(sized(8 * MIB)).request_payload is not None
    with pytest.raises(RecordError, match="8388608"):
        parse_record(sized(8 * MIB + 1))
    with pytest.raises(RecordError, match="8388608"):
        parse_record(json.loads(sized(8 * MIB + 200)))


def test_each_body_of_a_list_has_its_own_limit_and_the_input_one_of_32_mib() -> None:
    one = json.dumps(record(requestPayload="x" * 7 * MIB))
    assert len(parse_records(f"[{one},{one},{one},{one}]")) == 4
    with pytest.raises(RecordError, match="33554432"):
        parse_records(f"[{one},{one},{one},{one},{one}]")
    with pytest.raises(RecordError, match="33554432"):
        parse_records([one] * 5)
    with pytest.raises(RecordError, match="record 1 of 2"):
        parse_records(f"[{one},{json.dumps(record(requestPayload='x' * 9 * MIB))}]")


def test_depth_is_refused_before_the_interpreters_stack_is_at_stake() -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); sys.setrecursionlimit(10**9)\n"
        "from fc_async import RecordError, parse_record\n"
        "try: parse_record(b'{\"a\":' * 1_000_000)\n"
        "except RecordError as error: print(error)"
    )
    command = [sys.executable, "-I", "-S", "-c", program, str(Path(strict_json.__file__).parents[2])]
    assert b"64 deep" in subprocess.run(command, capture_output=True, check=True, timeout=60).stdout


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**20, "\ud800", {1: 2}, (1,), {1}, b"x", object()])
def test_python_objects_that_are_no_json_are_refused(value: Any) -> None:
    with pytest.raises(RecordError, match=r"NaN|20 digits|surrogate|expected JSON"):
        parse_record(record(new=value))


def test_an_object_that_holds_itself_is_refused() -> None:
    loop: dict[str, Any] = {}
    loop["a"] = loop
    bomb: list[Any] = []
    bomb.extend([bomb] * 20)
    for value in (loop, bomb):
        with pytest.raises(RecordError, match=r"deep|bytes"):
            parse_record(record(new=value))


def test_text_with_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(RecordError, match="surrogate"):
        parse_record('{"a": "\ud800"}')


@given(
    st.recursive(
        st.none() | st.text(alphabet='[]{}"\\a'),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(alphabet='[]{}"\\'), inner),
    ),
    st.integers(0, 70) | st.integers(60, 66),
    st.sampled_from([0, 70, 600]),  # few brackets, some (measured after parsing), many (before)
)
def test_depth_is_measured_exactly_whatever_the_strings_hold(value: Any, levels: int, brackets: int) -> None:
    for _ in range(levels):
        value = [value, "]["]
    value = [value, *[[]] * brackets]
    try:
        strict_json.check(value)
    except RecordError:
        fits = False
    else:
        fits = True
    try:
        strict_json.loads(json.dumps(value).encode())
    except RecordError:
        assert not fits
    else:
        assert fits

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fc_async.records.error_detail import ErrorDetail, Frame, read_error


def test_a_python_error_gives_frames_with_their_source_lines() -> None:
    # https://www.alibabacloud.com/help/en/functioncompute/fc/error-handling-1-1
    payload = (
        '{"errorMessage": "something is wrong", "errorType": "Exception", "stackTrace": [["File \\"/code/index.py\\"",'
        ' "line 2", "in my_handler", "raise Exception(\'something is wrong\')"]]}'
    )
    frame = Frame("/code/index.py", 2, "my_handler", "raise Exception('something is wrong')")
    assert read_error(payload) == ErrorDetail("Exception", "something is wrong", (frame,))


def test_a_nodejs_error_drops_the_line_that_repeats_the_message() -> None:
    trace = [
        "TypeError: oops",
        "    at exports.handler (/code/index.js:5:11)",
        "    at /code/lib.js:1:2",
        "at async x (node:internal/a:7:8)",
        "    at <anonymous>",
    ]
    error = read_error(json.dumps({"errorMessage": "oops", "errorType": "TypeError", "stackTrace": trace}))
    assert error.frames == (
        Frame("/code/index.js", 5, "exports.handler", "at exports.handler (/code/index.js:5:11)"),
        Frame("/code/lib.js", 1, None, "at /code/lib.js:1:2"),
        Frame("node:internal/a", 7, "async x", "at async x (node:internal/a:7:8)"),
        Frame(None, None, None, "at <anonymous>"),
    )


def test_a_go_panic_gives_path_line_and_label() -> None:
    payload = {
        "errorMessage": "boom",
        "errorType": "string",
        "stackTrace": [{"path": "main.go", "line": 9, "label": "main.handle"}],
    }
    assert read_error(json.dumps(payload)).frames == (Frame("main.go", 9, "main.handle", ""),)


def test_a_go_error_and_a_process_exit_have_no_frames() -> None:
    assert read_error('{"errorMessage": "bad", "errorType": "errorString"}') == ErrorDetail("errorString", "bad")
    message = "Process exited unexpectedly before completing request (duration: 45ms, maxMemoryUsage: 49MB)"
    assert read_error(json.dumps({"errorMessage": message}), "Unhandled") == ErrorDetail("Unhandled", message)


@pytest.mark.parametrize("payload", ["", "text", "[1]", '{"a": 1}', '{"errorMessage": 5}', "{", None, b"\xff"])
def test_what_is_no_error_json_becomes_the_message(payload: str | bytes | None) -> None:
    error = read_error(payload, "X")
    assert error.type == "X"
    assert error.message == ("\ufffd" if payload == b"\xff" else payload or "")


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"errorType": "T"}, ("T", None, 0)),
        ({"errorType": "T", "errorMessage": None}, ("T", None, 0)),
        ({"errorType": "T", "errorMessage": {"a": 1}, "stackTrace": ["at a"]}, ("T", None, 1)),
        ({"errorType": 5, "errorMessage": "m"}, ("X", "m", 0)),
        ({"errorType": "", "errorMessage": "m"}, ("X", "m", 0)),
        ({"stackTrace": ["at a", "at b"]}, ("X", None, 2)),
    ],
)
def test_each_part_is_read_for_itself_and_without_a_message_the_response_is_it(
    payload: dict[str, object], expected: tuple[str, str | None, int]
) -> None:
    error = read_error(json.dumps(payload), "X")
    kind, message, frames = expected
    assert (error.type, error.message, len(error.frames)) == (kind, message or json.dumps(payload), frames)


@pytest.mark.parametrize(
    ("message", "kind", "head"),
    [
        ("one\ntwo", "TypeError", ["TypeError: one", "two"]),
        ("one\ntwo", "TypeError", ["TypeError: one\ntwo"]),
        ("one\n\n  three", "E", ["E: one", "", "  three"]),
        ("", "TypeError", ["TypeError"]),
        ("", "MyError", ["Error"]),
        ("", "E", ["E: "]),
        ("oops", "E", ["oops"]),
        ("kept", "E", []),
    ],
)
def test_a_nodejs_heading_is_dropped_also_of_several_lines_or_without_a_message(
    message: str, kind: str, head: list[str]
) -> None:
    trace = [*head, "    at f (/code/index.js:5:11)"]
    error = read_error(json.dumps({"errorMessage": message, "errorType": kind, "stackTrace": trace}))
    assert error.frames == (Frame("/code/index.js", 5, "f", "at f (/code/index.js:5:11)"),)


@pytest.mark.parametrize(
    ("line", "file", "function"),
    [
        ("at f (/code/a (1)/index.js:5:11)", "/code/a (1)/index.js", "f"),
        ("at /code/a (1)/index.js:5:11", "/code/a (1)/index.js", None),
        ("at Object.f [as g] (/code/a(1).js:5:11)", "/code/a(1).js", "Object.f [as g]"),
        ("at new C (file:///code/c.mjs:5:11)", "file:///code/c.mjs", "new C"),
    ],
)
def test_a_nodejs_path_may_hold_parentheses(line: str, file: str, function: str | None) -> None:
    error = read_error(json.dumps({"errorMessage": "m", "stackTrace": [line]}))
    assert error.frames == (Frame(file, 5, function, line),)


OTHER_SHAPES: list[tuple[object, list[str]]] = [
    ("at a\nat b", ["at a", "at b"]),
    ([1], ["1"]),
    ([None], ["null"]),
    ([{}], ["{}"]),
    ([["a"]], ['["a"]']),
    ([["a", 1, "b", "c"]], ['["a", 1, "b", "c"]']),
    ([["a", "b", "c", "d"]], ['["a", "b", "c", "d"]']),
    ([['File "a"', "line x", "in f", "y"]], ['["File \\"a\\"", "line x", "in f", "y"]']),
    ([{"path": "x", "line": True, "label": "f"}], ['{"path": "x", "line": true, "label": "f"}']),
    ([{"path": "x"}], ['{"path": "x"}']),
    ([{"path": "x", "line": 1, "label": "f", "more": 1}], ['{"path": "x", "line": 1, "label": "f", "more": 1}']),
    (["java.lang.Error: x", "\tat a.B.c(B.java:5)"], ["java.lang.Error: x", "at a.B.c(B.java:5)"]),
    (5, ["5"]),
    ({"a": 1}, ['{"a": 1}']),
    (None, []),
    ([], []),
]


@pytest.mark.parametrize(("trace", "texts"), OTHER_SHAPES)
def test_a_trace_of_another_shape_stays_text(trace: object, texts: list[str]) -> None:
    frames = read_error(json.dumps({"errorMessage": "m", "stackTrace": trace})).frames
    assert frames == tuple(Frame(None, None, None, text) for text in texts)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(json_values, json_values, json_values)
def test_reading_an_error_never_raises(kind: object, message: object, trace: object) -> None:
    error = read_error(json.dumps({"errorType": kind, "errorMessage": message, "stackTrace": trace}))
    assert error.type
    assert all(isinstance(frame.text, str) for frame in error.frames)

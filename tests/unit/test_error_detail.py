from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fc_async.error_detail import ErrorDetail, Frame, read_error


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
    "trace", ["at a\nat b", [1], [None], [{}], [["a"]], [["a", 1, "b", "c"]], 5, {}, [{"path": "x", "line": True}]]
)
def test_a_trace_of_another_shape_stays_text(trace: object) -> None:
    for frame in read_error(json.dumps({"errorMessage": "m", "stackTrace": trace})).frames:
        assert isinstance(frame.text, str)
        assert frame.line is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(json_values, json_values, json_values)
def test_reading_an_error_never_raises(kind: object, message: object, trace: object) -> None:
    error = read_error(json.dumps({"errorType": kind, "errorMessage": message, "stackTrace": trace}))
    assert error.type
    assert all(isinstance(frame.text, str) for frame in error.frames)

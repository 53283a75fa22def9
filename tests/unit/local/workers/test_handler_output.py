"""What a handler prints is logged whole, also where one line is longer than one of the log may be."""

from __future__ import annotations

import logging
import os

import pytest

from fc_async.local.workers.handler_output import HandlerOutput


def logged(caplog: pytest.LogCaptureFixture, printed: bytes) -> list[str]:
    """What stands in the log of it after function and request id."""
    caplog.set_level(logging.INFO, "fc_async.local.handler")
    reads, writes = os.pipe()
    try:
        output = HandlerOutput("main", reads)
        output.begin("1-2-3")
        os.write(writes, printed)
        output.read()
        output.end()
    finally:
        os.close(writes)
        os.close(reads)
    assert all(line.startswith("main 1-2-3 ") for line in caplog.messages)
    return [line.removeprefix("main 1-2-3 ") for line in caplog.messages]


@pytest.mark.parametrize("size", [8191, 8192, 8193, 12_289, 16_384, 50_000])
@pytest.mark.parametrize("end", [b"", b"\n", b"\nnext\n"], ids=["unfinished", "ended", "followed"])
def test_of_a_long_line_nothing_is_lost(caplog: pytest.LogCaptureFixture, size: int, end: bytes) -> None:
    line = "".join(chr(97 + number % 26) for number in range(size))
    pieces = logged(caplog, line.encode() + end)
    assert "".join(pieces) == line + end.replace(b"\n", b"").decode()
    assert max(map(len, pieces)) == min(size, 8192)


def test_a_long_line_is_cut_between_characters(caplog: pytest.LogCaptureFixture) -> None:
    line = "x" + "\u540d" * 10_000 + "\U0001f600" * 3000
    assert "".join(logged(caplog, line.encode())) == line


def test_bytes_that_are_no_text_are_logged_too(caplog: pytest.LogCaptureFixture) -> None:
    assert "".join(logged(caplog, b"\x80" * 20_000)) == "\ufffd" * 20_000

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from fc_async import log_requests
from fc_async.transport.request_log import log_answer, log_failure

URL = (
    "https://h/queues/dead/messages?ReceiptHandle=secret-word&VisibilityTimeout=1&qualifier=prod&nextToken=secret-word"
)


@pytest.fixture
def log() -> Iterator[logging.Logger]:
    log = logging.getLogger("fc_async")
    before = (log.handlers[:], log.level, log.propagate)
    yield log
    log.handlers[:], log.level, log.propagate = before


def test_nothing_is_printed_unless_asked_for(capfd: pytest.CaptureFixture[str]) -> None:
    log_answer("GET", URL, 200, "1-a", 0.1)
    assert capfd.readouterr() == ("", "")


def test_a_request_is_one_line_without_what_its_query_may_hide(log: logging.Logger) -> None:
    stream = io.StringIO()
    log_requests(io.StringIO())
    log_requests(stream)
    log_answer("GET", URL, 404, "1-a", 0.0123)
    log_failure("PUT", "https://h/x", "h could not be reached")
    lines = [line.partition(" fc_async.requests: ")[2] for line in stream.getvalue().splitlines()]
    assert lines == [
        "GET https://h/queues/dead/messages?qualifier=prod: 404 in 12 ms (request id 1-a)",
        "PUT https://h/x: h could not be reached",
    ]


def test_by_default_it_goes_to_standard_error(log: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    log_requests()
    log_failure("GET", "https://h/x", "no")
    assert capsys.readouterr().err.endswith("GET https://h/x: no\n")

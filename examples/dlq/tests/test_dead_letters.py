"""The story of this example, put under test: its own code fails, is mended, and what it failed on succeeds."""

import runpy
from pathlib import Path

import pytest

from fc_async import AsyncInvokeConfig, Consumer, DestinationConfig

EXAMPLE = Path(__file__).parents[1]
FAILING, FIXED = EXAMPLE / "code", EXAMPLE / "fixed"
CONFIG = AsyncInvokeConfig(  # as deploy.py puts it
    destination_config=DestinationConfig(on_success="queue:dlq-done", on_failure="queue:dlq-dead-letters"),
    max_async_retry_attempts=1,
    max_async_event_age_in_seconds="1h",
)
ORDER = {"failure": True}


@pytest.fixture
def accepted(fc_local):
    """An order that the function as it is in code/ has failed on, with its retry."""
    fc_local.function("dlq-main", code=FAILING, config=CONFIG)
    accepted = fc_local.functions.invoke_async("dlq-main", ORDER)
    fc_local.advance("1m")
    return accepted


def test_an_order_that_fails_becomes_a_dead_letter_that_tells_what_happened(fc_local, accepted):
    (letter,) = fc_local.records("dlq-dead-letters")
    assert letter.request_id == accepted.request_id
    assert letter.function.name == "dlq-main"
    assert letter.condition == letter.function_error == "UnhandledInvocationError"
    assert letter.status_code == 200
    assert letter.approximate_invoke_count == 2
    assert letter.request_json() == ORDER
    assert (letter.error.type, letter.error.message) == ("MyError", "My unhandled exception")
    assert not letter.is_success
    assert fc_local.records("dlq-done") == []


def test_a_dead_letter_that_is_sent_again_after_the_fix_succeeds(fc_local, accepted):
    fc_local.function("dlq-main", code=FIXED, config=CONFIG)
    send_again = runpy.run_path(str(EXAMPLE / "consume.py"))["send_again"]
    summary = Consumer("dlq-dead-letters", send_again).run(max_messages=1)
    fc_local.settle()
    assert summary.acknowledged == 1
    assert fc_local.records("dlq-dead-letters") == []
    (done,) = fc_local.records("dlq-done")
    assert done.request_id != accepted.request_id
    assert done.request_json() == ORDER
    assert done.response_json() == {"done": ORDER}


def test_a_dead_letter_that_is_sent_again_before_the_fix_comes_back(fc_local, accepted):
    send_again = runpy.run_path(str(EXAMPLE / "consume.py"))["send_again"]
    Consumer("dlq-dead-letters", send_again).run(max_messages=1)
    fc_local.advance("1m")
    (letter,) = fc_local.records("dlq-dead-letters")
    assert letter.request_id != accepted.request_id
    assert letter.request_json() == ORDER

"""Redrive where the service is far away or breaks off: what was done is always told, and nothing is deleted unsent."""

import json
from dataclasses import dataclass, field

import pytest

from fc_async import AsyncInvokeConfig, DestinationConfig, QueueMessage, ServiceError, SettingsError, TransportError
from fc_async.dlq.redrive import redrive
from fc_async.functions.outcomes import Accepted
from fc_async.mns.letter import Letter
from fc_async.mns.message import QueueAttributes
from fc_async.settings.search import find_settings

FAR = find_settings(
    "fc", endpoint="https://fc.example", region="cn-hangzhou", account_id="1", environment={}, home=None
)


def message(number, arn="acs:fc:cn-hangzhou:1:functions/orders"):
    record = {
        "requestContext": {"requestId": f"r-{number}", "functionArn": arn, "condition": "UnhandledInvocationError"},
        "requestPayload": "{}",
        "responseContext": {"statusCode": 200, "functionError": "UnhandledInvocationError"},
    }
    body = json.dumps(record)
    return QueueMessage(f"m-{number}", body, receipt_handle=f"h-{number}", enqueue_time=0, next_visible_time=30_000)


@dataclass
class FakeQueue:
    """A queue that hands out batches, then nothing; an error among them is raised."""

    batches: list
    deleted: list = field(default_factory=list)
    released: list = field(default_factory=list)
    delete_error: Exception | None = None

    def get_attributes(self):
        return QueueAttributes(visibility_timeout=30)

    def receive(self, max_messages, *, wait_seconds):
        batch = self.batches.pop(0) if self.batches else []
        if isinstance(batch, Exception):
            raise batch
        return batch

    def delete(self, handle):
        if self.delete_error is not None:
            raise self.delete_error
        self.deleted.append(handle)

    def change_visibility(self, handle, seconds):
        self.released.append((handle, seconds))


@dataclass
class FakeFunctions:
    """A function with an OnFailure that accepts everything, or raises one error."""

    error: Exception | None = None
    invoked: list = field(default_factory=list)
    settings = FAR

    def find_config(self, name, *, qualifier):
        return AsyncInvokeConfig(destination_config=DestinationConfig(on_failure="queue:dead"))

    def invoke_async(self, name, payload, *, qualifier):
        if self.error is not None:
            raise self.error
        self.invoked.append((name, payload, qualifier))
        return Accepted("1-new", "1-new")


def send_again(queue, functions):
    return redrive(queue, functions, wait_seconds=0, clock=lambda: 0.0)


@pytest.mark.parametrize("arn", ["acs:fc:cn-beijing:1:functions/orders", "acs:fc:cn-hangzhou:99:functions/orders"])
def test_a_record_of_another_region_or_account_is_left(arn):
    queue, functions = FakeQueue([[message(1, arn)]]), FakeFunctions()
    summary = send_again(queue, functions)
    assert functions.invoked == queue.deleted == []
    assert "the record is of" in summary.left[0][1]
    assert "this is 1/cn-hangzhou" in summary.left[0][1]


def test_a_record_whose_region_and_account_were_left_out_is_sent():
    queue, functions = FakeQueue([[message(1, "acs:fc:::functions/orders/prod")]]), FakeFunctions()
    assert send_again(queue, functions).sent == 1
    assert functions.invoked == [("orders", b"{}", "prod")]


@pytest.mark.parametrize("arn", ["acs:fc:cn-hangzhou:1/functions/orders", "acs:fc:cn:1:functions/a/versions/1"])
def test_a_letter_whose_function_is_not_understood_is_left_and_the_others_are_sent(arn):
    queue, functions = FakeQueue([[message(1, arn), message(2)]]), FakeFunctions()
    summary = send_again(queue, functions)
    assert (summary.sent, summary.stopped, queue.deleted) == (1, None, ["h-2"])
    assert [(left, "functionArn" in reason) for left, reason in summary.left] == [("m-1", True)]


def test_a_letter_names_its_function_also_where_its_arn_is_not_understood():
    arn = "acs:fc:cn:1:functions/a/versions/1"
    assert Letter.of(message(1, arn)).function_name == arn
    assert Letter.of(message(1)).function_name == "orders"
    assert Letter.of(message(1, "acs:fc:::functions/orders/prod")).function_name == "orders@prod"
    assert Letter.of(QueueMessage("m", "no record")).function_name is None


@pytest.mark.parametrize("error", [ServiceError(503, "Busy", "id"), SettingsError("credentials expired")])
def test_what_was_sent_before_the_queue_failed_is_told(error):
    queue, functions = FakeQueue([[message(1)], error]), FakeFunctions()
    summary = send_again(queue, functions)
    assert (summary.sent, summary.stopped) == (1, str(error))
    assert queue.deleted == ["h-1"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (TransportError("cut", sent=True), "it may have been accepted"),
        (TransportError("refused", sent=False), "not sent"),
    ],
)
def test_an_invocation_without_an_answer_stops_it_and_its_letter_is_named_and_released(error, said):
    queue, functions = FakeQueue([[message(1), message(2)]]), FakeFunctions(error)
    summary = send_again(queue, functions)
    assert (summary.sent, summary.stopped) == (0, str(error))
    assert [(left, said in reason) for left, reason in summary.left] == [("m-1", True)]
    assert queue.deleted == []
    assert queue.released == [("h-1", 1), ("h-2", 1)]


@pytest.mark.parametrize("error", [ServiceError(404, "MessageNotExist", "id"), TransportError("cut", sent=True)])
def test_a_letter_that_was_sent_and_not_deleted_is_named(error):
    queue, functions = FakeQueue([[message(1)]], delete_error=error), FakeFunctions()
    summary = send_again(queue, functions)
    assert summary.sent == 1
    assert summary.left[0][0] == "m-1"
    assert "it may be sent twice" in summary.left[0][1]

"""Redrive: what is sent again, what stays, and that nothing is deleted which was not accepted."""

import json

import pytest

from fc_async import AsyncInvokeConfig, DestinationConfig, FunctionsClient, QueueClient
from fc_async.dlq.redrive import redrive
from tests.contract.fc_sdk import create_function
from tests.peer import Peer, Reply

FAILING = "def handler(event, context):\n    raise ValueError('no')\n"
ECHO = "def handler(event, context):\n    return event\n"
TO_DEAD = DestinationConfig(on_failure="queue:dead", on_success="queue:done")


@pytest.fixture
def functions(local):
    with FunctionsClient(endpoint=local.url) as client:
        yield client


@pytest.fixture
def queue(local):
    return made(local, "dead")


@pytest.fixture
def done(local):
    return made(local, "done")


def made(local, name):
    client = QueueClient(name, endpoint=local.url)
    client.create()
    return client


def letter(request_id="r-1", **changes):
    """A dead letter as the service writes it, with changes: `request` and `response` contexts or top-level fields."""
    record = {
        "timestamp": 1660120276975,
        "requestContext": {
            "requestId": request_id,
            "functionArn": "acs:fc:cn-hangzhou:1234567890123456:functions/orders",
            "condition": "UnhandledInvocationError",
            "approximateInvokeCount": 1,
            **changes.pop("request", {}),
        },
        "requestPayload": '{"order": 7}',
        "responseContext": {
            "statusCode": 200,
            "functionError": "UnhandledInvocationError",
            **changes.pop("response", {}),
        },
        "responsePayload": '{"errorType": "ValueError"}',
    }
    return json.dumps({**record, **changes})


def send_again(queue, functions, **options):
    """Redrive at the local clock's standstill: no time passes between the start and the first letter."""
    return redrive(queue, functions, wait_seconds=0, clock=lambda: 0.0, **options)


def payloads(queue):
    return [json.loads(message.message_body)["requestPayload"] for message in queue.peek(16)]


def test_a_letter_is_sent_again_with_its_payload_and_deleted(local, fc, functions, queue, done):
    create_function(fc, "orders", ECHO)
    functions.put_config("orders", AsyncInvokeConfig(destination_config=TO_DEAD))
    queue.send(letter())
    summary = send_again(queue, functions)
    local.settle()
    assert (summary.sent, summary.repeats, summary.left) == (1, 0, [])
    assert payloads(done) == ['{"order": 7}']
    assert queue.peek(16) == []


def test_a_letter_that_fails_again_comes_back_and_is_not_sent_round_and_round(local, fc, functions, queue):
    create_function(fc, "orders", FAILING)
    functions.put_config("orders", AsyncInvokeConfig(destination_config=TO_DEAD, max_async_retry_attempts=0))
    queue.send(letter())
    summary = send_again(queue, functions)
    local.settle()
    assert summary.sent == 1
    assert payloads(queue) == ['{"order": 7}']


def test_a_letter_that_arrives_after_the_start_is_not_sent(local, fc, functions, queue):
    create_function(fc, "orders", ECHO)
    functions.put_config("orders", AsyncInvokeConfig(destination_config=TO_DEAD))
    seconds = iter([0.0, 5.0])
    local.advance(1)
    queue.send(letter())
    local.advance(3)
    summary = redrive(queue, functions, wait_seconds=0, clock=lambda: next(seconds))
    local.advance(2)
    assert (summary.sent, summary.newer, summary.left) == (0, 1, [])
    assert len(queue.peek(16)) == 1


def test_two_letters_of_one_invocation_are_sent_once(local, fc, functions, queue, done):
    create_function(fc, "orders", ECHO)
    functions.put_config("orders", AsyncInvokeConfig(destination_config=TO_DEAD))
    queue.send(letter())
    queue.send(letter())
    summary = send_again(queue, functions)
    local.settle()
    assert (summary.sent, summary.repeats, summary.left) == (1, 1, [])
    assert len(done.peek(16)) == 1
    assert queue.peek(16) == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("no record", "not a record"),
        ("test", "not a record"),
        (letter(request={"condition": ""}, response={"functionError": ""}), "stopped or unknown"),
        (letter(requestPayload=None), "no payload"),
        (letter(requestPayload="caf\ufffd"), "damaged"),
        (letter(request={"functionArn": "acs:fc:::services/s.LATEST/functions/orders"}), "FC 2.0"),
        (letter(request={"functionArn": "acs:fc:cn-hangzhou:1234567890123456:functions/a b"}), "functionArn"),
        (letter(request={"functionArn": "acs:fc:cn-hangzhou:1234567890123456:functions/gone"}), "FunctionNotFound"),
    ],
)
def test_what_may_not_be_sent_stays_with_its_reason_and_the_rest_goes_on(local, fc, functions, queue, done, body, said):
    create_function(fc, "orders", ECHO)
    functions.put_config("orders", AsyncInvokeConfig(destination_config=TO_DEAD))
    message_id = queue.send(body)
    queue.send(letter("r-2"))
    summary = send_again(queue, functions)
    local.advance(2)
    assert summary.sent == 1
    assert [(left, said in reason) for left, reason in summary.left] == [(message_id, True)]
    assert [message.message_id for message in queue.peek(16)] == [message_id]


def test_a_function_without_on_failure_is_invoked_only_when_loss_is_allowed(local, fc, functions, queue):
    create_function(fc, "orders", ECHO)
    queue.send(letter())
    refused = send_again(queue, functions)
    assert refused.sent == 0
    assert "--allow-loss" in refused.left[0][1]
    local.advance(2)
    assert send_again(queue, functions, allow_loss=True).sent == 1
    assert queue.peek(16) == []


def test_more_letters_than_one_batch_are_all_sent(local, fc, functions, queue, done):
    create_function(fc, "orders", ECHO)
    functions.put_config("orders", AsyncInvokeConfig(destination_config=TO_DEAD))
    for number in range(40):
        queue.send(letter(f"r-{number}"))
    for number in range(20):
        queue.send(f"no record {number}")
    summary = send_again(queue, functions)
    assert (summary.sent, len(summary.left)) == (40, 20)


def test_a_service_that_cannot_be_reached_stops_it_with_the_letter_kept(local, fc, functions, queue):
    create_function(fc, "orders", ECHO)
    functions.put_config("orders", AsyncInvokeConfig(destination_config=TO_DEAD))
    queue.send(letter())
    with FunctionsClient(endpoint="http://127.0.0.1:9") as unreachable:
        summary = send_again(queue, unreachable)
    assert summary.sent == 0
    assert summary.stopped is not None
    local.advance(2)
    assert len(queue.peek(16)) == 1


def test_a_letter_is_kept_when_a_stranger_answers_202(queue):
    queue.send(letter())
    with Peer(Reply(202, "<html>you are offline</html>")) as stranger:
        with FunctionsClient(endpoint=stranger.url) as functions:
            summary = send_again(queue, functions, allow_loss=True)
        assert len(stranger.requests) == 1
    assert summary.sent == 0
    assert "without x-fc-request-id" in summary.left[0][1]
    attributes = queue.get_attributes()
    assert attributes.active_messages + attributes.inactive_messages == 1

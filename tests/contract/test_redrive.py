"""Redrive: what is sent again, what stays, and that nothing is deleted which was not accepted."""

from __future__ import annotations

import json
import os
import signal

import pytest

from fc_async.testing import local, record
from tests.contract.redriving import Scene, letter, once, payload, send


@pytest.fixture
def scene(tmp_path):
    with local() as fc:
        yield Scene(fc, tmp_path)


def reasons(summary):
    return {reason: len(ids) for reason, ids in summary.left.items()}


def test_a_letter_is_sent_again_with_its_payload_and_deleted(scene):
    scene.function()
    scene.dead(letter(7))
    summary = scene.redrive()
    assert (summary.sent, summary.done, summary.left) == (1, 1, {})
    assert (summary.drained, summary.in_queue_now, summary.ended) == (True, 0, None)
    assert scene.ran == once(7)
    assert scene.depth() == 0


def test_a_letter_goes_to_the_qualifier_that_it_came_from(scene):
    scene.function("orders")
    scene.fc.functions.sdk.create_alias("orders", _alias("prod"))
    scene.fc.functions.put_config("orders", scene.fc.functions.get_config("orders"), qualifier="prod")
    scene.dead(letter(1, qualifier="prod"))
    assert scene.redrive().sent == 1
    assert [one["qualifier"] for one in scene.accepted()] == ["prod"]


def _alias(name):
    from alibabacloud_fc20230330 import models

    return models.CreateAliasRequest(body=models.CreateAliasInput(alias_name=name, version_id="LATEST"))


# the faults of the redrive that was


def test_letters_that_share_a_request_id_alone_are_each_sent(scene):
    scene.function()
    scene.dead(*(letter(n, request_id="same") for n in range(3)))
    summary = scene.redrive()
    assert (summary.sent, summary.done) == (3, 3)
    assert scene.ran == once(0, 1, 2)


@pytest.mark.parametrize("is_task", [True, False])
def test_two_letters_of_one_invocation_are_sent_once(scene, is_task):
    scene.function(is_task=is_task)
    scene.dead(letter(1), letter(1), letter(1, attempts=2))
    summary = scene.redrive()
    assert (summary.sent, summary.done, summary.left) == (1, 3, {})
    assert scene.ran == once(1)
    assert scene.depth() == 0


@pytest.mark.parametrize("net", ["queue:nowhere", "topic:nowhere", "function:nowhere"])
def test_an_on_failure_that_names_what_is_not_there_is_no_net(scene, net):
    scene.function()
    config = scene.fc.functions.get_config("orders")
    scene.fc.functions.put_config(
        "orders", config.model_copy(update={"destination_config": type(config.destination_config)(on_failure=net)})
    )
    scene.dead(*map(letter, range(3)))
    summary = scene.redrive()
    (reason,) = summary.left
    assert (summary.sent, scene.depth(), len(summary.left[reason])) == (0, 3, 3)
    assert "nowhere, which is not there" in reason
    assert "--allow-loss" in reason
    scene.fc.advance(31)
    assert scene.redrive(allow_loss=True).sent == 3


def test_newer_letters_do_not_end_it_before_the_older_ones_are_sent(scene):
    scene.function()
    queue = scene.dead()
    for n in range(100):
        send(queue, letter(n), priority=16)
    scene.fc.advance(60)
    fresh = iter(range(1000, 1050))

    def fill(event):
        scene.fc.advance(0.01)
        n = next(fresh, None)
        if n is not None:
            send(queue, letter(n), priority=1)
        return event

    summary = scene.redrive(transform=fill, concurrency=1)
    assert set(once(*range(100))) <= set(scene.ran)
    assert set(scene.ran.values()) == {1}
    left = summary.left.get("it came after the start", [])
    assert len(left) + len(scene.ran) == 150
    assert scene.depth() == len(left)


def test_letters_that_another_reader_holds_are_named_with_their_number(scene):
    scene.function()
    queue = scene.dead(*map(letter, range(20)))
    held = queue.receive(15)
    summary = scene.redrive()
    assert (summary.sent, summary.drained, summary.in_queue_now) == (20 - len(held), False, len(held))
    assert summary.ended.startswith(f"not drained: {len(held)} letters are hidden by someone else until about ")


def test_letters_that_another_reader_holds_are_waited_for(scene):
    scene.function()
    queue = scene.dead(*map(letter, range(20)))
    queue.receive(15)
    said = []

    def tell(progress):
        said.append(progress.waits_for)
        if progress.waits_for:
            scene.fc.advance(31)

    summary = scene.made(wait_seconds=60).run(tell)
    scene.fc.settle()
    assert (summary.sent, summary.drained) == (20, True)
    assert scene.ran == once(*range(20))
    assert "15 letters that others hold" in said


def test_a_letter_whose_delete_fails_is_deleted_later_and_not_sent_again(scene):
    scene.function(is_task=False)
    scene.dead(*map(letter, range(52)))
    scene.fc.fault("DeleteMessage", status=503, times=4)
    summary = scene.redrive()
    assert (summary.sent, summary.done, summary.left, summary.drained) == (52, 52, {}, True)
    assert scene.ran == once(*range(52))
    assert scene.depth() == 0


def test_a_truncated_answer_leaves_nothing(scene):
    scene.function()
    scene.dead(*map(letter, range(50)))
    for action in ("ReceiveMessage", "DeleteMessage", "InvokeFunction"):
        scene.fc.fault(action, truncate=True, times=1)

    def tell(progress):
        if progress.waits_for:  # what the lost answer held
            scene.fc.advance(31)

    summary = scene.made(wait_seconds=60).run(tell)
    scene.fc.settle()
    assert (summary.done, summary.left, summary.drained) == (50, {}, True)
    assert scene.ran == once(*range(50))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_counts_and_no_letter_is_sent_and_kept(scene, number):
    scene.function(is_task=False)
    scene.dead(*map(letter, range(100)))
    before = signal.getsignal(number)

    def interrupt(event):
        if event["n"] == 20:
            os.kill(os.getpid(), number)
        return event

    summary = scene.redrive(transform=interrupt, concurrency=2)
    assert (summary.signal, summary.drained, summary.ended) == (number, False, "it was stopped")
    assert summary.sent == summary.done == len(scene.ran) < 100
    assert scene.depth() == summary.in_queue_now == 100 - summary.sent
    assert signal.getsignal(number) is before
    scene.fc.advance(1.1)  # what was held is shown again at once
    assert scene.redrive().sent == 100 - summary.sent
    assert scene.ran == once(*range(100))


# what stays, and why

SUCCESS = record("{}", function="orders", response="fine").text
WIRE = record(payload(1).decode(), function="orders", error="no").wire


def changed(**context):
    return json.dumps({**WIRE, "requestContext": {**WIRE["requestContext"], **context}})


REASONS = {
    "no record": ("no record", "not a record"),
    "a word": ("test", "not a record"),
    "a success": (SUCCESS, "stopped or unknown"),
    "no payload": (json.dumps({**WIRE, "requestPayload": None}), "no payload"),
    "damaged": (letter(1, payload="caf\ufffd"), "damaged"),
    "FC 2.0": (changed(functionArn="acs:fc:::services/s.LATEST/functions/orders"), "FC 2.0"),
    "an unknown ARN": (changed(functionArn="acs:fc:cn:1:functions/a/versions/1"), "functionArn"),
    "a name that cannot be": (changed(functionArn="acs:fc:cn-hangzhou:1234567890123456:functions/a b"), "functionArn"),
    "a function that is gone": (letter(1, function="gone"), "FunctionNotFound"),
    "an alias that is gone": (letter(1, qualifier="old"), "AliasNotFound"),
    "a published version": (letter(1, qualifier="3"), "--same-version"),
    "no OnFailure": (letter(1, function="bare"), "--allow-loss"),
}


@pytest.mark.parametrize(("body", "said"), REASONS.values(), ids=REASONS)
def test_what_may_not_be_sent_stays_with_its_reason_and_the_rest_goes_on(scene, body, said):
    scene.function()
    scene.function("bare", net=None)
    scene.dead(body, letter("good"))
    plan = scene.made().plan()
    summary = scene.redrive()
    (reason,) = summary.left
    assert said in reason
    assert reason in plan.leave
    assert plan.send == {"orders": 1}
    assert (summary.sent, scene.depth(), len(summary.left[reason])) == (1, 1, 1)
    assert summary.drained


@pytest.mark.parametrize(("body", "said"), REASONS.values(), ids=REASONS)
def test_what_may_not_be_sent_stays_in_a_spool_with_its_reason(scene, body, said):
    scene.function()
    scene.function("bare", net=None)
    with scene.spool(body, letter("good")) as spool:
        plan = scene.made(spool).plan()
        summary = scene.redrive(spool)
        (reason,) = summary.left
        assert said in reason
        assert (plan.leave, plan.send, plan.is_exact) == ({reason: 1}, {"orders": 1}, True)
        assert (summary.sent, spool.counts()) == (1, {"accepted": 1, "left": 1})


@pytest.mark.parametrize("many", [100, pytest.param(1000, marks=pytest.mark.slow)])
def test_as_many_unreadable_letters_as_good_ones_cost_them_nothing(scene, many):
    scene.function()
    scene.dead(*(body for n in range(many) for body in (letter(n), f"no record {n}")))
    summary = scene.redrive()
    assert (summary.sent, sum(reasons(summary).values()), summary.drained) == (many, many, True)
    assert scene.ran == once(*range(many))
    assert scene.depth() == many


def test_a_body_of_65536_bytes_is_sent_whole(scene):
    scene.function()
    room = 65536 - len(letter(1, payload=""))
    scene.dead(letter(1, payload="x" * room))
    assert scene.redrive().sent == 1
    assert scene.ran == {b"x" * room: 1}

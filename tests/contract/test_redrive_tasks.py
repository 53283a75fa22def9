"""Redrive at every value of what is assumed of the service: one accepted task a letter, no claim that is wrong."""

from __future__ import annotations

from collections import Counter

import pytest
from alibabacloud_fc20230330 import models

from fc_async.dlq.entry import State
from fc_async.dlq.spool import Spool
from fc_async.testing import local, record
from tests.contract.redriving import Scene, letter, once, payload

NO_FOLDER = "elsewhere"
"""Where the spools of a run lie whose journal is lost: what was accepted is known to the service alone."""


@pytest.fixture
def fc():
    with local() as one:
        yield one


@pytest.fixture
def scene(fc, tmp_path):
    return Scene(fc, tmp_path)


def accepted_before(scene, *numbers):
    """Have letters accepted by a redrive that left no journal, and put them into the queue again."""
    scene.dead(*map(letter, numbers))
    assert scene.redrive(folder=scene.folder / NO_FOLDER).sent == len(numbers)
    return scene.dead(*map(letter, numbers))


def tasks(scene):
    return Counter(one["taskId"] for one in scene.accepted())


# a task that is there already


@pytest.mark.parametrize("code", ["AsyncTaskAlreadyExists", "StatefulAsyncInvocationAlreadyExists", "Conflict"])
def test_a_task_that_was_accepted_before_is_not_accepted_again_whatever_the_refusal_is_called(fc, scene, code):
    fc.assume(duplicate_task_code=code)
    scene.function()
    accepted_before(scene, *range(5))
    summary = scene.redrive()
    assert (summary.sent, summary.done, summary.left, scene.depth()) == (0, 5, {}, 0)
    assert scene.ran == once(*range(5))


def test_a_task_that_still_goes_on_stands_for_its_letter(fc, scene):
    scene.function()
    fc.limit("orders", 0)
    accepted_before(scene, 1)
    summary = scene.redrive()
    assert (summary.sent, summary.done, scene.depth()) == (0, 1, 0)


def test_a_task_that_failed_stands_for_its_letter_where_its_failure_is_caught(fc, scene):
    scene.function(fails=lambda _: True)
    accepted_before(scene, 1)
    summary = scene.redrive()
    assert (summary.sent, summary.done, scene.depth(), len(fc.records("failed"))) == (0, 1, 0, 1)


def test_a_task_that_failed_where_nothing_catches_does_not(fc, scene):
    scene.function(net=None, fails=lambda _: True)
    scene.dead(letter(1))
    scene.redrive(folder=scene.folder / NO_FOLDER, allow_loss=True)
    scene.dead(letter(1))
    summary = scene.redrive(allow_loss=True)
    (reason,) = summary.left
    assert "ended before: Failed" in reason
    assert "--again" in reason
    assert (summary.sent, summary.done, scene.depth()) == (0, 0, 1)
    scene.fc.advance(31)
    assert scene.redrive(allow_loss=True, again=True).sent == 1


@pytest.mark.parametrize("how", ["Expired", "Stopped", "Invalid"])
@pytest.mark.parametrize("fires", [True, False])
def test_a_task_that_ended_otherwise_does_not_stand_for_its_letter(fc, scene, how, fires):
    fc.assume(expired_fires_on_failure=fires, stopped_fires_on_failure=fires)
    scene.function(max_async_event_age_in_seconds=3600)
    alias(fc)
    fc.limit("orders", 0)
    body = letter(1, qualifier="prod")
    scene.dead(body)
    assert scene.redrive(folder=scene.folder / NO_FOLDER).sent == 1
    (task_id,) = tasks(scene)
    if how == "Stopped":
        fc.functions.stop_task("orders", task_id, qualifier="prod")
    elif how == "Expired":
        fc.advance(3 * 3600)
    else:
        fc.functions.sdk.delete_alias("orders", "prod")
        fc.advance(600)  # it is tried again, and its alias is not there
        alias(fc)
    assert fc.functions.get_task("orders", task_id, qualifier="prod").status == how
    scene.dead(body)
    summary = scene.redrive()
    (reason,) = summary.left
    assert f"its task {task_id} ended before: {how}" in reason
    assert (summary.sent, summary.done, scene.depth()) == (0, 0, 1)
    fc.limit("orders", None)
    fc.advance(31)
    again = scene.redrive(again=True)
    assert (again.sent, scene.depth(), len(tasks(scene))) == (1, 0, 2)


def alias(fc):
    """Give `orders` the alias prod, whose config is that of LATEST."""
    body = models.CreateAliasInput(alias_name="prod", version_id="LATEST")
    fc.functions.sdk.create_alias("orders", models.CreateAliasRequest(body=body))
    fc.functions.put_config("orders", fc.functions.get_config("orders"), qualifier="prod")


def test_an_answer_that_was_lost_is_not_taken_for_the_acceptance_of_a_task_that_ended_long_ago(fc, scene):
    """The client's own repeat meets 409, too: it may be that of an earlier run, whose task has expired since."""
    scene.function(max_async_event_age_in_seconds=3600)
    fc.limit("orders", 0)
    accepted_before(scene, 1)
    fc.advance(3 * 3600)
    fc.fault("InvokeFunction", drop="before", times=1)
    summary = scene.redrive()
    (reason,) = summary.left
    assert "ended before: Expired" in reason
    assert (summary.sent, scene.depth()) == (0, 1)


@pytest.mark.parametrize("seconds", [0, 5, 30])
def test_a_task_that_is_not_known_yet_is_asked_for_again(fc, scene, seconds):
    fc.assume(task_registration_delay_seconds=seconds)
    scene.function()
    scene.dead(letter(1))
    scene.dead(letter(1), queue="twin")
    scene.redrive(folder=scene.folder / NO_FOLDER)
    summary = scene.made("twin").run(lambda _: fc.advance(10))
    assert (summary.sent, summary.done, summary.left, scene.depth("twin")) == (0, 1, {}, 0)
    scene.fc.settle()
    assert scene.ran == once(1)


@pytest.mark.parametrize("value", ["ignored", "honoured", "rejected"])
def test_without_async_tasks_no_task_id_is_sent_and_what_is_promised_is_at_least_once(fc, scene, value):
    fc.assume(task_id_without_async_task=value)
    scene.function(is_task=False)
    scene.dead(*map(letter, range(5)))
    assert scene.made().plan().guarantees == {"orders": "at least once"}
    summary = scene.redrive()
    assert (summary.sent, summary.left, scene.depth()) == (5, {}, 0)
    assert scene.ran == once(*range(5))
    with Spool(summary.spool, read_only=True) as spool:
        assert {entry.task_id for entry in spool.entries()} == {None}


def test_with_async_tasks_what_is_promised_is_once(scene):
    scene.function()
    scene.dead(letter(1))
    assert scene.made().plan().guarantees == {"orders": "once"}


@pytest.mark.parametrize("drop", ["before", "after"])
@pytest.mark.parametrize("is_task", [True, False])
def test_an_answer_that_was_lost_is_sent_again_as_the_same_task_or_as_it_was(fc, scene, drop, is_task):
    scene.function(is_task=is_task)
    scene.dead(letter(1))
    fc.fault("InvokeFunction", drop=drop, times=1)
    summary = scene.redrive()
    assert (summary.sent, summary.done, scene.depth()) == (1, 1, 0)
    twice = drop == "after" and not is_task
    assert scene.ran == Counter({payload(1): 2 if twice else 1})


@pytest.mark.parametrize("per_attempt", [True, False])
def test_the_records_of_one_invocation_are_one_letter_however_many_there_are(fc, scene, per_attempt):
    fc.assume(failure_record_per_attempt=per_attempt)
    is_broken = [True]
    scene.function("origin", net="queue:dead", fails=lambda _: is_broken[0])
    config = fc.functions.get_config("origin")
    fc.functions.put_config("origin", config.model_copy(update={"max_async_retry_attempts": 2}))
    fc.functions.invoke_async("origin", payload(1))
    fc.advance(3600)
    is_broken[0] = False
    assert len(fc.records("dead")) == (3 if per_attempt else 1)
    scene.ran.clear()
    scene.function()
    summary = scene.redrive(to="orders")
    assert (summary.sent, summary.left, scene.depth()) == (1, {}, 0)
    assert scene.ran == once(1)


@pytest.mark.parametrize("is_base64", [True, False])
def test_records_are_read_as_the_service_writes_them(fc, scene, is_base64):
    fc.assume(mns_body_base64=is_base64)
    scene.function("origin", net="queue:dead", fails=lambda _: True)
    fc.functions.invoke_async("origin", payload(1))
    fc.advance(60)
    scene.ran.clear()
    scene.function()
    summary = scene.redrive(to="orders")
    assert (summary.sent, scene.depth(), scene.ran) == (1, 0, once(1))


@pytest.mark.parametrize("fires", [True, False])
def test_a_stopped_task_that_fires_is_left_without_a_word_of_success(fc, scene, fires):
    fc.assume(stopped_fires_on_failure=fires, stopped_condition="")
    scene.function("origin", net="queue:dead")
    fc.limit("origin", 0)
    fc.functions.invoke_async("origin", payload(1), task_id="mine")
    fc.functions.stop_task("origin", "mine")
    fc.advance(60)
    fc.limit("origin", None)
    summary = scene.redrive()
    assert (summary.sent, sum(map(len, summary.left.values())), scene.depth()) == (0, int(fires), int(fires))


# until succeeded


@pytest.mark.parametrize("fails", [True, False])
def test_until_succeeded_a_letter_is_done_when_its_task_has_succeeded_and_no_sooner(fc, scene, fails):
    scene.function(fails=lambda _: fails)
    scene.dead(*map(letter, range(3)))
    summary = scene.redrive(until_succeeded=True)
    if fails:
        (reason,) = summary.left
        assert "ended as Failed again" in reason
        assert (summary.sent, summary.done, scene.depth()) == (3, 0, 3)
    else:
        assert (summary.sent, summary.done, summary.left, scene.depth()) == (3, 3, {}, 0)


def test_until_succeeded_needs_async_tasks(scene):
    scene.function(is_task=False)
    scene.dead(letter(1))
    summary = scene.redrive(until_succeeded=True)
    (reason,) = summary.left
    assert reason == "orders has no asyncTask, so that its success cannot be waited for"
    assert not scene.ran


def test_until_succeeded_a_letter_whose_run_was_stopped_while_it_waited_is_waited_for_by_the_next(fc, scene):
    scene.function()
    fc.limit("orders", 0)
    scene.dead(letter(1))
    one = scene.made(until_succeeded=True)
    first = one.run(lambda progress: one.stop("enough") if scene.accepted() else None)
    assert (first.sent, first.done, scene.depth()) == (1, 0, 1)
    (reason,) = first.left
    assert reason == "it was accepted, and its end is not known (--resume waits for it)"
    fc.advance(31)
    two = scene.made(until_succeeded=True)
    second = two.run(lambda progress: two.stop("enough") if progress.seconds > 0.5 else None)
    assert (second.done, scene.depth()) == (0, 1)
    fc.limit("orders", None)
    fc.advance(3600)
    fc.settle()
    third = scene.redrive(until_succeeded=True)
    assert (third.done, scene.depth(), len(scene.accepted())) == (1, 0, 1)
    assert scene.ran == once(1)


# what the journal of a killed run decides


def test_a_task_id_that_stands_in_a_spool_wins_over_a_transform_that_makes_another_payload(fc, scene):
    """A run dies between the acceptance and its note; the next one's payload differs, and its task must not."""
    scene.function()
    numbers = iter(range(10))
    scene.dead(letter(1))
    first = scene.redrive(transform=lambda _: {"try": next(numbers)})
    with Spool(first.spool) as spool:
        (entry,) = spool.entries()
        spool.note(entry.number, State.PLANNED)
    scene.dead(letter(1))
    second = scene.redrive(transform=lambda _: {"try": next(numbers)})
    assert (second.sent, second.done, scene.depth()) == (0, 1, 0)
    assert scene.ran == Counter({b'{"try":0}': 1})


def test_a_journal_that_is_gone_on_with_sends_what_it_left_and_nothing_twice(fc, scene):
    scene.function()
    scene.dead(letter(1), letter(2, function="later"))
    first = scene.redrive()
    assert (first.sent, len(first.left)) == (1, 1)
    scene.function("later")
    fc.advance(31)
    with Spool(first.spool) as journal:
        second = scene.redrive(spool=journal)
    assert (second.sent, second.left, second.spool) == (1, {}, first.spool)
    assert scene.ran == once(1, 2)


def test_two_redrives_of_one_spool_at_once_are_refused(scene):
    from fc_async import SpoolError

    scene.function()
    with scene.spool(letter(1)) as spool, pytest.raises(SpoolError, match="is open elsewhere"):
        Spool(spool.path)


def test_records_of_two_versions_of_one_function_are_two_tasks(fc, scene):
    scene.function()
    one = record(payload(1).decode(), function="orders", error="no", request_id="r")
    scene.dead(one.text, record(payload(1).decode(), function="other", error="no", request_id="r").text)
    scene.function("other")
    assert scene.redrive().sent == 2
    assert len(tasks(scene)) == 2

"""Redrive where a hostile reading found it wrong: what it counted, what it promised, and what it sent twice."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import Counter
from contextlib import closing

import pytest

from fc_async.checks import FunctionName
from fc_async.dlq.entry import State
from fc_async.dlq.spool import Spool
from fc_async.dlq.spool_place import place_of
from fc_async.dlq.task_id import task_id_of
from fc_async.mns.letter import Letter
from fc_async.testing import local
from tests.contract.redriving import Scene, letter, once, payload


@pytest.fixture
def scene(tmp_path):
    with local() as fc:
        yield Scene(fc, tmp_path)


def reasons(summary):
    return {reason: len(ids) for reason, ids in summary.left.items()}


# the breaker


def stopped_at_20(scene, source, **options):
    """Redrive with --stop-at 20%, whose 31st letter waits until 20 ends are known."""
    are_known = threading.Event()

    def wait(event):
        if event["n"] == 30:
            are_known.wait(60)
        return event

    one = scene.made(source, stop_at=0.2, concurrency=1, transform=wait, **options)
    summary = one.run(lambda progress: are_known.set() if progress.came_back >= 20 else None)
    scene.fc.settle()
    return summary


def test_a_breaker_sees_from_a_spool_that_the_tasks_fail_again(scene):
    scene.function(fails=lambda _: True)
    with scene.spool(*map(letter, range(60))) as spool:
        summary = stopped_at_20(scene, spool)
    assert "tasks failed again, more than 20% (--stop-at)" in summary.ended
    assert (20 <= summary.sent < 40, summary.came_back >= 20, summary.drained) == (True, True, False)


def test_a_breaker_sees_from_a_queue_that_the_tasks_fail_into_another_one(scene):
    scene.function(fails=lambda _: True)
    scene.dead(*map(letter, range(60)))
    summary = stopped_at_20(scene, "dead")
    assert "tasks failed again, more than 20% (--stop-at)" in summary.ended
    assert (20 <= summary.sent < 40, summary.came_back >= 20) == (True, True)


def test_a_breaker_lets_go_on_what_succeeds_and_counts_the_few_that_failed(scene):
    scene.function(fails=lambda event: event == payload(3))
    with scene.spool(*map(letter, range(30))) as spool:
        summary = scene.redrive(spool, stop_at=0.2)
    assert (summary.sent, summary.came_back, summary.ended, summary.drained) == (30, 1, None, True)


def test_a_breaker_that_could_see_nothing_refuses_the_target(scene):
    scene.function(is_task=False)
    with scene.spool(letter(1)) as spool:
        plan = scene.made(spool, stop_at=0.2).plan()
        summary = scene.redrive(spool, stop_at=0.2)
    (reason,) = summary.left
    assert "--stop-at cannot see it" in reason
    assert plan.leave == {reason: 1}
    assert (summary.sent, len(scene.ran)) == (0, 0)


# again


@pytest.mark.parametrize("is_task", [True, False])
def test_again_that_was_killed_and_typed_again_sends_nothing_a_second_time(scene, is_task):
    scene.function(is_task=is_task)
    scene.dead(letter(1))
    scene.redrive()
    scene.dead(letter(1))
    scene.fc.fault("DeleteMessage", status=403, times=1)
    assert scene.redrive(again=True).sent == 1
    scene.fc.advance(31)
    summary = scene.redrive(again=True)
    assert (summary.sent, summary.done, scene.depth()) == (0, 1, 0)
    assert scene.ran == Counter({payload(1): 2})
    scene.dead(letter(1))  # a new message of the old letter
    assert scene.redrive(again=True).sent == 1
    assert scene.ran == Counter({payload(1): 3})


@pytest.mark.parametrize("is_task", [True, False])
def test_again_of_a_spool_that_was_killed_half_way_sends_the_other_half(scene, is_task):
    scene.function(is_task=is_task)
    with scene.spool(*map(letter, range(4))) as spool:
        scene.redrive(spool)
        assert scene.redrive(spool, again=True, limit=2).sent == 2
        assert scene.made(spool, again=True).plan().send == {"orders": 2}
        assert scene.redrive(spool, again=True).sent == 2
        assert scene.ran == Counter({payload(n): 2 for n in range(4)})
        assert scene.redrive(spool, again=True).sent == 4


@pytest.mark.parametrize("source", ["queue", "spool"])
def test_again_sends_what_ended_otherwise_under_another_task_id_each_time(scene, source):
    scene.function(net=None, fails=lambda _: True)
    scene.dead(letter(1), queue="twin")
    scene.redrive("twin", folder=scene.folder / "elsewhere", allow_loss=True)
    options = {"allow_loss": True}
    if source == "queue":
        scene.dead(letter(1))
        found = "dead"
    else:
        found = scene.spool(letter(1))
    assert "--again" in str(scene.redrive(found, **options).left)
    for run in range(2, 4):
        scene.fc.advance(31)
        assert scene.redrive(found, again=True, **options).sent == 1
        assert scene.ran == Counter({payload(1): run})
        if source == "queue":
            scene.dead(letter(1))
    if source == "spool":
        found.close()


# planned for another function by a run that was killed


def planned_for(scene, function, *, is_accepted):
    """Leave the journal of a run that died between its note and its call, or after the call."""
    scene.function(function)
    scene.function("other")
    scene.dead(letter(1, function=function))
    first = scene.redrive() if is_accepted else None
    if first is not None:
        with Spool(first.spool) as journal:
            (entry,) = journal.entries()
            journal.note(entry.number, State.PLANNED)
        scene.dead(letter(1, function=function))
        return
    (message,) = scene.queue("dead").peek(1)
    one = Letter.of(message)
    with Spool.create(scene.folder / "killed.spool", place_of(scene.queue("dead"))) as journal:
        journal.plan(one, function, task_id_of(FunctionName(function), one, payload(1)))


def aged(scene):
    """Have what was planned be older than the minute for which a task may not be known yet."""
    for path in scene.folder.glob("*.spool"):
        with closing(sqlite3.connect(path)) as found, found:
            found.execute("UPDATE letter SET changed_ms = changed_ms - 120000")


def test_what_a_killed_run_had_accepted_for_its_function_is_not_sent_to_another_one_too(scene):
    planned_for(scene, "orders", is_accepted=True)
    summary = scene.redrive(to="other")
    assert (summary.sent, summary.done, scene.depth()) == (0, 1, 0)
    assert scene.ran == once(1)
    assert scene.accepted("other") == []


def test_what_a_killed_run_had_only_planned_is_sent_to_the_function_that_is_named_now(scene):
    planned_for(scene, "orders", is_accepted=False)
    aged(scene)
    summary = scene.redrive(to="other")
    assert (summary.sent, summary.done, scene.depth()) == (1, 1, 0)
    assert len(scene.accepted("other")) == 1
    with Spool(summary.spool, read_only=True) as journal:
        assert [(one.target, one.state) for one in journal.entries()] == [("other", State.ACCEPTED)]


def test_a_killed_runs_task_that_may_not_be_asked_for_costs_its_letter_alone(scene):
    planned_for(scene, "orders", is_accepted=False)
    scene.dead(letter(2))
    scene.fc.fault("GetAsyncTask", resource="orders", status=403, code="AccessDenied")
    summary = scene.redrive(to="other")
    (reason,) = summary.left
    assert "planned for orders before, whose task may not be asked for (403 AccessDenied)" in reason
    assert (summary.sent, summary.drained, scene.depth()) == (1, True, 1)


# what it says


def test_a_plan_knows_what_was_accepted_before_and_which_letters_are_one(scene):
    scene.function()
    scene.dead(letter(1))
    scene.redrive()
    scene.dead(letter(1), letter(2), letter(2))
    plan = scene.made().plan()
    assert plan.send == {"orders": 1}
    assert plan.leave == {
        "it was accepted before: it is done with, and not sent again": 1,
        "it is one with another letter, which is sent": 1,
    }
    assert scene.redrive().sent == 1


def test_a_plan_of_until_succeeded_leaves_what_has_no_task(scene):
    scene.function(is_task=False)
    scene.dead(letter(1))
    plan = scene.made(until_succeeded=True).plan()
    assert plan.send == {}
    assert plan.leave == {"orders has no asyncTask, so that its success cannot be waited for": 1}


def test_a_plan_names_a_spool_that_cannot_be_read(scene):
    scene.function()
    scene.dead(letter(1))
    (scene.folder / "damaged.spool").write_text("damaged " * 1000)
    (warning,) = scene.made().plan().warnings
    assert "damaged.spool" in warning
    assert warning.endswith("what was accepted there is not known")


def test_letters_that_come_back_twice_do_not_hide_those_of_another_reader(scene):
    scene.function("bare", net=None)
    queue = scene.dead(letter(1, function="bare"), letter(2))

    def hold_the_other_one():
        for one in queue.receive(16):
            if "bare" in one.message_body:
                queue.change_visibility(one.receipt_handle, 1)
        scene.fc.advance(1.1)

    was_held = []

    def tell(progress):
        if progress.waits_for and not was_held:
            was_held.append(True)
            scene.fc.advance(31)
            hold_the_other_one()

    hold_the_other_one()
    summary = scene.made(wait_seconds=1.5).run(tell)
    assert (summary.drained, summary.sent, was_held) == (False, 0, [True])
    assert summary.ended.startswith("not drained: 1 letter is hidden by someone else until about ")


def test_letters_that_are_delayed_are_not_passed_over(scene):
    scene.function()
    scene.dead(letter(1)).send(letter(2), delay_seconds=600)
    summary = scene.redrive()
    assert (summary.sent, summary.drained, summary.in_queue_now) == (1, False, 1)
    assert summary.ended == "not drained: 1 letter is delayed, and not shown yet"


@pytest.mark.slow
def test_what_the_queue_has_again_is_counted_when_the_tasks_have_ended(scene):
    may_end = threading.Event()

    def fails(_):
        may_end.wait(60)
        return True

    scene.function(net="queue:dead", fails=fails)
    scene.dead(letter(1))
    timer = threading.Timer(4, may_end.set)
    timer.start()
    assert scene.redrive().in_queue_now == 1
    timer.join()


# until succeeded


@pytest.mark.parametrize("fails", [True, False])
def test_until_succeeded_a_spools_letter_that_was_only_accepted_is_waited_for(scene, fails):
    scene.function(fails=lambda _: fails)
    with scene.spool(letter(1)) as spool:
        scene.redrive(spool)
        summary = scene.redrive(spool, until_succeeded=True)
    assert (summary.sent, summary.done, sum(reasons(summary).values())) == (0, not fails, fails)
    assert scene.ran == once(1)


def test_until_succeeded_what_was_accepted_without_a_task_is_left_and_not_sent_again(scene):
    scene.function(is_task=False)
    with scene.spool(letter(1)) as spool:
        scene.redrive(spool)
        config = scene.fc.functions.get_config("orders")
        scene.fc.functions.put_config("orders", config.model_copy(update={"async_task": True}))
        summary = scene.redrive(spool, until_succeeded=True)
    (reason,) = summary.left
    assert "accepted without a task" in reason
    assert scene.ran == once(1)


# how it ends


@pytest.mark.slow
def test_a_stop_does_not_wait_a_minute_for_deletes_that_fail(scene):
    """In real time: 5 seconds of tries, and 5 more for what is under way."""
    scene.function(is_task=False)
    scene.dead(*map(letter, range(5)))
    scene.fc.fault("DeleteMessage", status=503)
    one = scene.made()
    began = []

    def tell(progress):
        if progress.done == 5 and not began:
            began.append(time.monotonic())
            one.stop("enough")

    summary = one.run(tell)
    assert time.monotonic() - began[0] < 20
    assert (summary.sent, summary.drained, summary.in_queue_now) == (5, False, 5)
    assert summary.ended == "enough; 5 letters are done with and could not be deleted; run it again, none is sent twice"


def test_a_caller_that_raises_when_told_ends_it_after_what_is_in_flight_is_noted(scene):
    scene.function(is_task=False)
    scene.dead(*map(letter, range(40)))

    scene.fc.fault("InvokeFunction", delay_seconds=0.4)

    def tell(_):
        raise BrokenPipeError

    one = scene.made(concurrency=4)
    with pytest.raises(BrokenPipeError):
        one.run(tell)
    scene.fc.settle()
    assert 0 < len(scene.ran) < 40
    assert scene.depth() == 40 - len(scene.ran)
    scene.fc.advance(31)
    scene.redrive()
    assert scene.ran == once(*range(40))

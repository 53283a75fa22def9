"""Redrive: what fails again, what was sent before, several redrives of one queue, and the journal."""

from __future__ import annotations

from collections import Counter

import pytest

from fc_async import FunctionsClient, QueueClient, ServiceError
from fc_async.dlq.redrive import Redrive
from fc_async.dlq.spool import Spool
from fc_async.testing import local, record
from tests.contract.redriving import Scene, letter, once, payload, send
from tests.peer import Peer, Reply


@pytest.fixture
def scene(tmp_path):
    with local() as fc:
        yield Scene(fc, tmp_path)


def reasons(summary):
    return {reason: len(ids) for reason, ids in summary.left.items()}


def test_a_letter_that_fails_again_comes_back_and_is_left_and_the_next_redrive_knows_how_often(scene):
    scene.function(net="queue:dead", fails=lambda _: True)
    scene.dead(*map(letter, range(5)))
    summary = scene.made(concurrency=1).run(lambda _: scene.fc.settle())
    scene.fc.settle()
    assert summary.sent == 5
    assert scene.ran == once(*range(5))
    assert summary.in_queue_now == scene.depth() == 5
    scene.fc.advance(60)
    later = scene.redrive(max_redrives=1)
    assert (later.sent, reasons(later)) == (0, {"sent again 1 times before (--max-redrives 1)": 5})


def test_a_breaker_ends_it_when_too_much_fails_again(scene):
    scene.function(net="queue:dead", fails=lambda _: True, is_task=False)
    queue = scene.dead()
    for n in range(100):
        send(queue, letter(n), priority=16)
    scene.fc.advance(60)

    def settled(event):
        scene.fc.settle()
        return event

    summary = scene.redrive(stop_at=0.1, concurrency=1, transform=settled)
    assert "(--stop-at)" in summary.ended
    assert 20 <= summary.sent < 100
    assert not summary.drained
    assert scene.depth() == 100


# again, and several at once


def test_a_letter_whose_acceptance_stands_in_another_spool_is_deleted_and_not_sent(scene):
    scene.function(is_task=False)
    scene.dead(letter(1))
    scene.redrive()
    scene.dead(letter(1))
    summary = scene.redrive()
    assert (summary.sent, summary.done, scene.depth()) == (0, 1, 0)
    assert scene.ran == once(1)


@pytest.mark.parametrize("is_task", [True, False])
def test_again_sends_what_was_accepted_once_more_and_only_once(scene, is_task):
    scene.function(is_task=is_task)
    scene.dead(letter(1))
    scene.redrive()
    scene.dead(letter(1))
    scene.fc.fault("DeleteMessage", drop="before", times=2)  # it is seen twice

    def tell(progress):
        if progress.waits_for:
            scene.fc.advance(31)

    summary = scene.made(again=True, wait_seconds=60).run(tell)
    scene.fc.settle()
    assert (summary.sent, scene.depth(), scene.ran) == (1, 0, Counter({payload(1): 2}))


def test_again_sends_what_a_spool_has_sent(scene):
    scene.function()
    with scene.spool(letter(1)) as spool:
        scene.redrive(spool)
        assert scene.redrive(spool).sent == 0
        assert scene.redrive(spool, again=True).sent == 1
    assert scene.ran == Counter({payload(1): 2})


def test_two_queues_that_one_topic_feeds_make_one_task_of_each_record(scene):
    scene.function()
    bodies = [record(payload(n).decode(), function="orders", error="no", request_id=f"r-{n}") for n in range(20)]
    scene.dead(*(one.as_topic_json() for one in bodies), queue="one")
    scene.dead(*(one.as_topic_xml() for one in bodies), queue="other")
    first, second = scene.redrive("one"), scene.redrive("other")
    assert (first.sent, second.sent, second.done) == (20, 0, 20)
    assert scene.ran == once(*range(20))
    assert scene.depth("one") == scene.depth("other") == 0


def test_a_target_that_is_deleted_half_way_costs_only_its_letters(scene):
    scene.function()
    scene.function("other")
    scene.dead(*map(letter, range(40)), *(letter(n, function="other") for n in range(40, 60)))

    def delete(event):
        if event["n"] == 10:
            scene.fc.settle()
            scene.fc.functions.sdk.delete_function("orders")
        return event

    summary = scene.redrive(transform=delete, concurrency=1)
    (reason,) = summary.left
    assert "orders" in reason
    assert "FunctionNotFound" in reason
    assert summary.sent == len(scene.ran) == 60 - len(summary.left[reason])
    assert set(once(*range(40, 60))) <= set(scene.ran)
    assert scene.depth() == len(summary.left[reason])


# the journal


def test_the_journal_tells_what_was_done_with_each_letter(scene):
    scene.function()
    scene.dead(letter(1), "no record")
    with Spool(scene.redrive().spool, read_only=True) as spool:
        found = {entry.state.value: entry for entry in spool.entries()}
    (accepted,) = scene.accepted()
    assert found["accepted"].target == "orders"
    assert (found["accepted"].new_request_id, found["accepted"].task_id) == (accepted["requestId"], accepted["taskId"])
    assert found["left"].reason.startswith("not a record")
    assert not found["accepted"].is_custody


def test_a_journal_that_cannot_be_written_deletes_nothing_and_releases_what_is_held(scene):
    scene.function(is_task=False)
    scene.dead(*map(letter, range(60)))
    path = scene.folder / "taken.spool"

    def take_away(event):
        if event["n"] == 12:
            path.unlink()
        return event

    with pytest.raises(Exception, match="the file was taken away; nothing was done after that") as caught:
        scene.redrive(transform=take_away, concurrency=1, spool=path)
    assert type(caught.value).__name__ == "SpoolError"
    scene.fc.settle()
    assert len(scene.ran) + scene.depth() in (60, 61)  # one may have been sent whose acceptance could not be noted
    scene.fc.advance(1.1)
    assert scene.queue("dead").get_attributes().inactive_messages == 0


def test_a_queue_that_is_not_there_is_a_service_error(scene):
    queue = QueueClient("nowhere", endpoint=scene.fc.endpoint)
    for call in (lambda: scene.made(queue).plan(), lambda: scene.made(queue).run()):
        with pytest.raises(ServiceError, match="QueueNotExist"):
            call()


def test_what_was_done_before_the_queue_failed_is_told(scene):
    scene.function()
    queue = scene.dead(*map(letter, range(60)))

    def remove(event):
        if event["n"] == 10:
            queue.remove()
        return event

    summary = scene.redrive(transform=remove, concurrency=1)
    assert summary.sent == len(scene.ran) > 0
    assert (summary.drained, summary.in_queue_now) == (False, None)
    assert "QueueNotExist" in summary.ended


def test_a_letter_is_kept_when_a_stranger_answers_202(scene):
    queue = scene.dead(letter(1))
    with Peer(Reply(202, "<html>you are offline</html>")) as stranger, FunctionsClient(endpoint=stranger.url) as other:
        summary = Redrive(queue, other, folder=scene.folder, wait_seconds=0, allow_loss=True).run()
    assert (summary.sent, scene.depth()) == (0, 1)


def test_a_service_that_cannot_be_reached_is_waited_for_until_it_is_stopped(scene):
    queue = scene.dead(letter(1))
    with FunctionsClient(endpoint="http://127.0.0.1:9") as unreachable:
        one = Redrive(queue, unreachable, folder=scene.folder, wait_seconds=0)
        summary = one.run(lambda _: one.stop("enough"))
    assert (summary.sent, summary.ended, summary.drained) == (0, "enough", False)
    scene.fc.advance(1.1)
    assert len(queue.peek(16)) == 1

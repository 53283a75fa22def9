"""Receives that wait: woken in time, none forgotten, and no message taken by one who cannot answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from random import Random

import pytest

from fc_async.local import ManualClock
from fc_async.local.mailbox.mailbox import Mailbox, MailboxError
from fc_async.local.mailbox.message import Message
from fc_async.local.mns.long_poll import LongPolls


class Scene:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.box = Mailbox(random=Random(3))  # noqa: S311 - ids, not secrets
        self.box.create_queue("q", self.clock.now_ms())
        self.polls = LongPolls(self.box, self.clock)

    def poll(self, wait_seconds: int = 30, *, count: int = 1, is_gone: Callable[[], bool] = lambda: False) -> Poll:
        return asyncio.ensure_future(self.polls.receive("q", count, wait_seconds, is_gone))

    def send(self, body: str, **options: int) -> None:
        self.box.send("q", body, self.clock.now_ms(), **options)

    async def after(self, seconds: float) -> None:
        await settle()
        self.clock.advance_to(self.clock.now_ms() + int(seconds * 1000))
        await settle()


Poll = asyncio.Future[list[Message]]


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def run(story: Callable[[Scene], Awaitable[None]]) -> None:
    async def within() -> None:
        await story(Scene())

    asyncio.run(within())


def bodies(polls: list[Poll]) -> list[str]:
    return sorted(message.body for poll in polls if poll.done() for message in poll.result())


def test_a_poll_ends_empty_exactly_when_its_time_is_over():
    async def story(scene: Scene) -> None:
        poll = scene.poll(20)
        await scene.after(19.999)
        assert not poll.done()
        await scene.after(0.001)
        assert poll.result() == []
        assert scene.clock.next_timer_ms() is None

    run(story)


def test_a_poll_of_zero_seconds_does_not_wait():
    async def story(scene: Scene) -> None:
        poll = scene.poll(0)
        await settle()
        assert poll.result() == []

    run(story)


def test_a_message_that_arrives_is_answered_at_once():
    async def story(scene: Scene) -> None:
        poll = scene.poll()
        await settle()
        scene.send("x")
        await settle()
        assert bodies([poll]) == ["x"]
        assert scene.clock.next_timer_ms() is None

    run(story)


def test_delayed_and_released_messages_wake_when_they_show():
    async def story(scene: Scene) -> None:
        scene.send("held")
        held = (await scene.poll())[0]
        scene.send("delayed", delay_seconds=5)
        poll = scene.poll(count=16)
        await scene.after(4.999)
        assert not poll.done()
        await scene.after(0.001)
        assert bodies([poll]) == ["delayed"]
        poll = scene.poll()
        await settle()
        scene.box.change_visibility("q", held.receipt_handle or "", 2, scene.clock.now_ms())
        await scene.after(1.999)
        assert not poll.done()
        await scene.after(0.001)
        assert bodies([poll]) == ["held"]

    run(story)


def test_a_thousand_polls_share_what_comes_and_the_others_go_on_waiting():
    async def story(scene: Scene) -> None:
        polls = [scene.poll() for _ in range(1_000)]
        await settle()
        for number in range(400):
            scene.send(f"{number:03}")
        await settle()
        assert bodies(polls) == [f"{number:03}" for number in range(400)]
        assert sum(poll.done() for poll in polls) == 400
        scene.send("late")
        await settle()
        assert sum(poll.done() for poll in polls) == 401
        await scene.after(30)
        assert all(poll.done() for poll in polls)
        assert scene.clock.next_timer_ms() is None

    run(story)


def test_many_messages_that_show_at_one_time_wake_as_many():
    async def story(scene: Scene) -> None:
        for number in range(5):
            scene.send(str(number), delay_seconds=3)
        polls = [scene.poll(count=2) for _ in range(4)]
        await scene.after(3)
        await settle()
        assert bodies(polls) == ["0", "1", "2", "3", "4"]
        assert sum(poll.done() for poll in polls) == 3

    run(story)


def test_a_client_that_hung_up_takes_nothing_and_the_next_one_is_served():
    async def story(scene: Scene) -> None:
        gone = [scene.poll(is_gone=lambda: True) for _ in range(3)]
        await settle()
        assert bodies(gone) == []
        hung_up: list[bool] = []
        leaving = scene.poll(is_gone=lambda: bool(hung_up))
        staying = scene.poll()
        await settle()
        hung_up.append(True)
        scene.send("x")
        await settle()
        assert leaving.result() == []
        assert bodies([staying]) == ["x"]
        assert staying.result()[0].dequeue_count == 1

    run(story)


def test_a_poll_that_is_cancelled_after_it_was_woken_passes_the_word_on():
    async def story(scene: Scene) -> None:
        first, second = scene.poll(), scene.poll()
        await settle()
        scene.send("x")
        first.cancel()
        await settle()
        assert first.cancelled()
        assert bodies([second]) == ["x"]

    run(story)


def test_deleting_the_queue_ends_every_wait_with_the_services_refusal():
    async def story(scene: Scene) -> None:
        polls = [scene.poll() for _ in range(3)]
        await settle()
        scene.box.delete_queue("q")
        await settle()
        for poll in polls:
            with pytest.raises(MailboxError, match="QueueNotExist"):
                poll.result()

    run(story)


def test_closing_ends_every_wait_and_lets_none_begin():
    async def story(scene: Scene) -> None:
        scene.send("delayed", delay_seconds=5)
        polls = [scene.poll() for _ in range(3)]
        await settle()
        scene.polls.close()
        await settle()
        assert [poll.result() for poll in polls] == [[], [], []]
        assert await scene.poll() == []
        assert scene.clock.next_timer_ms() is None

    run(story)

"""The desk: what a consumer holds is never lost, never called about twice at once, and never more than it may be."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fc_async import ServiceError, TransportError
from fc_async.mns.consume.commands import Abandon, Change, Command, Cut, Delete, Handle, Look, Receive, Say
from fc_async.mns.consume.desk import Desk
from fc_async.mns.consume.held import FOREVER
from fc_async.mns.consume.polls import Ending
from fc_async.mns.consume.verdict import Outcome, Verdict
from fc_async.mns.message import QueueAttributes, QueueMessage

ACKNOWLEDGED = Verdict(Outcome.ACKNOWLEDGED)
RELEASED = Verdict(Outcome.RELEASED, 1)
GONE = ServiceError(404, "MessageNotExist", "id")
BUSY = ServiceError(503, "ServerBusy", "id")
HUNG = TransportError("no answer", sent=True)


def desk(
    workers: int = 1,
    ending: Ending = Ending(),  # noqa: B008 - frozen
    handler_seconds: float = FOREVER,
    waits: bool = True,
) -> Desk:
    return Desk("dead", workers, 2, ending, handler_seconds, waits, lambda: 1.0, 0.0)


def message(number: int, receives: int = 1) -> QueueMessage:
    return QueueMessage(f"id-{number}", "body", receipt_handle=f"handle-{number}.0", dequeue_count=receives)


def due(one: Desk, now: float) -> list[Command]:
    return [command for _, command in one.due(now)]


def opened(one: Desk, now: float = 0, visibility: int = 30) -> int:
    """Answer the look, and return the number of the first receive."""
    ((number, look),) = list(one.due(now))
    assert isinstance(look, Look)
    one.looked(now, number, QueueAttributes(visibility_timeout=visibility, message_retention_period=60))
    return next(iter(one.due(now)))[0]


def test_a_letter_that_is_done_while_it_is_renewed_is_deleted_after_that_with_the_new_handle() -> None:
    one = desk()
    one.received(0, opened(one), [message(1)])
    assert Handle(1, message(1)) in due(one, 0)
    (renewal,) = [each for each in due(one, 10) if isinstance(each, Change)]
    one.handled(10.1, 1, ACKNOWLEDGED)
    assert not [each for each in due(one, 11) if isinstance(each, (Delete, Change))]
    one.changed(12, renewal, 10, "handle-1.1")
    assert Delete({1: "handle-1.1"}) in due(one, 12)


def test_a_letter_that_is_being_deleted_is_not_renewed() -> None:
    one = desk()
    one.received(0, opened(one), [message(1)])
    due(one, 0)
    one.handled(9.9, 1, ACKNOWLEDGED)
    assert Delete({1: "handle-1.0"}) in due(one, 9.95)
    assert not [each for each in due(one, 25) if isinstance(each, Change)]
    one.not_deleted(25, [1], HUNG)
    assert Change(1, "handle-1.0", 30, is_renewal=True) in due(one, 25)


def test_a_letter_of_a_batch_that_the_service_failed_to_delete_is_tried_again_and_not_for_ever() -> None:
    one = desk(workers=2)
    one.received(0, opened(one), [message(1), message(2)])
    due(one, 0)
    for key in (1, 2):
        one.handled(0, key, ACKNOWLEDGED)
    now, tries = 0.0, 0
    while now < 1000:
        for each in due(one, now):
            if isinstance(each, Delete):
                tries += 1
                one.deleted(now, list(each.handles), {1: False} if 1 in each.handles else {})
            elif isinstance(each, Change):
                one.changed(now, each, now, each.handle)
        now = one.next_at(now)
    assert 5 < tries < 20
    assert (one.tally.summary().acknowledged, one.tally.summary().released) == (1, 1)


def test_a_letter_whose_visibility_is_not_known_is_renewed_at_once() -> None:
    one = desk()
    ((number, _),) = list(one.due(0))
    one.looked(0, number, None)
    receive = next(iter(one.due(0)))[0]
    one.received(0, receive, [message(1, receives=2)])
    assert Change(1, "handle-1.0", 30, is_renewal=True) in due(one, 0)


def test_what_waits_and_is_visible_again_is_not_handled() -> None:
    one = desk()
    one.received(0, opened(one), [message(1), message(2), message(3)])
    due(one, 0)
    for each in [each for each in due(one, 10) if isinstance(each, Change)]:
        one.not_changed(11, each.key, GONE if each.key == 2 else HUNG)
    one.handled(31, 1, ACKNOWLEDGED)
    assert not [each for each in due(one, 31) if isinstance(each, Handle)]
    assert one.tally.summary().released == 2


def test_a_renewal_that_fails_is_tried_again_before_the_visibility_is_over() -> None:
    one = desk()
    one.received(0, opened(one), [message(1)])
    due(one, 0)
    now, tries = 0.0, 0
    while (now := one.next_at(now)) < 30:
        for each in [each for each in due(one, now) if isinstance(each, Change)]:
            tries += 1
            one.not_changed(now, each.key, BUSY)
    assert tries > 5


def test_letters_wait_for_company_but_not_for_long_and_not_when_nobody_comes() -> None:
    one = desk(workers=20)
    one.received(0, opened(one), [message(number) for number in range(16)])
    due(one, 0)
    for key in range(1, 4):
        one.handled(1, key, ACKNOWLEDGED)
    assert not [each for each in due(one, 1) if isinstance(each, Delete)]
    assert one.next_at(1) <= 1.05
    assert [list(each.handles) for each in due(one, 1.05) if isinstance(each, Delete)] == [[1, 2, 3]]
    for key in range(4, 17):
        one.handled(2, key, ACKNOWLEDGED)
    assert [len(each.handles) for each in due(one, 2) if isinstance(each, Delete)] == [13]


def test_a_handler_that_takes_too_long_is_replaced_as_often_as_there_are_workers() -> None:
    one = desk(handler_seconds=5)
    one.received(0, opened(one), [message(number, receives=3) for number in range(3)])
    due(one, 0)
    first = due(one, 5)
    assert Abandon(1, is_replaced=True) in first
    assert Change(1, "handle-0.0", 4, is_renewal=False) in first
    assert [each.key for each in first if isinstance(each, Handle)] == [2]
    second = due(one, 10)
    assert Abandon(2, is_replaced=False) in second
    assert not [each for each in second if isinstance(each, Handle)]
    one.handled(11, 1, ACKNOWLEDGED)
    assert not [each for each in due(one, 11) if isinstance(each, (Handle, Delete))]
    one.handled(12, 2, ACKNOWLEDGED)
    assert [each.key for each in due(one, 12) if isinstance(each, Handle)] == [3]


def test_what_waits_is_given_back_at_once_and_what_runs_after_the_grace() -> None:
    one = desk(ending=Ending(grace_seconds=10))
    one.received(0, opened(one), [message(1), message(2)])
    due(one, 0)
    one.stop(1)
    now = due(one, 1)
    assert Change(2, "handle-2.0", 1, is_renewal=False) in now
    assert Cut() in now
    assert not one.is_over(1)
    one.changed(2, Change(2, "handle-2.0", 1, is_renewal=False), 1, "h")
    assert not [each for each in due(one, 9) if isinstance(each, Change)]
    assert Change(1, "handle-1.0", 1, is_renewal=False) in due(one, 11)
    assert not one.is_over(15)
    assert one.is_over(16)
    one.close()
    assert one.tally.summary().released == 2


def test_what_a_receive_brings_after_the_end_is_given_back() -> None:
    one = desk()
    number = opened(one)
    one.stop(1)
    one.received(1, number, [message(1)])
    assert Change(1, "handle-1.0", 1, is_renewal=False) in due(one, 1)


def test_a_service_that_fails_is_asked_ever_less_by_one_call_that_does_not_wait_and_said_once() -> None:
    one = desk()
    number = opened(one)
    now, said, gaps = 0.0, [], []
    for _ in range(12):
        one.not_received(now, number, BUSY)
        said += [each for each in due(one, now) if isinstance(each, Say)]
        before, calls = now, []
        while not calls:
            now = one.next_at(now)
            assert now < FOREVER
            calls = [each for each in one.due(now) if isinstance(each[1], (Receive, Look))]
        ((number, call),) = calls
        assert call == Receive(16, 0)
        gaps.append(now - before)
    assert gaps == sorted(gaps)
    assert gaps[0] >= 0.25
    assert 15 <= gaps[-1] <= 30
    assert len(said) == 1
    one.received(now, number, [])
    assert ["works again" in each.text for each in due(one, now) if isinstance(each, Say)] == [True]


def test_a_queue_that_is_gone_is_looked_at_again_when_it_is_there() -> None:
    one = desk()
    number = opened(one)
    one.not_received(0, number, ServiceError(404, "QueueNotExist", "id"))
    later = one.next_at(0)
    assert Look() in due(one, later)


@pytest.mark.parametrize("code", ["QueueNotExist", "AccessDenied"])
def test_a_refusal_that_does_not_pass_ends_the_run_with_it(code: str) -> None:
    one = desk(waits=False)
    number = opened(one)
    error = ServiceError(403, code, "id")
    one.not_received(0, number, error)
    assert one.is_stopping
    assert one.failure is error


def test_empty_answers_that_come_at_once_are_not_asked_for_in_a_tight_loop() -> None:
    one = desk()
    now, number = 0.0, opened(one)
    asked = 0
    while now < 60:
        one.received(now, number, [])
        calls = [each for each in one.due(now) if isinstance(each[1], Receive)]
        while not calls:
            now = one.next_at(now)
            calls = [each for each in one.due(now) if isinstance(each[1], Receive)]
        number = calls[0][0]
        asked += 1
    assert asked < 30


def test_a_queue_is_idle_after_two_empty_answers_or_a_second_and_never_while_it_fails() -> None:
    one = desk(ending=Ending(idle_seconds=0))
    number = opened(one)
    one.not_received(0, number, HUNG)
    due(one, 3600)
    assert not one.is_stopping
    one = desk(ending=Ending(idle_seconds=0))
    one.received(0, opened(one), [])
    number = next(number for now in (0, 1, 2) for number, each in one.due(now) if isinstance(each, Receive))
    assert not one.is_stopping
    one.received(2, number, [])
    due(one, 2)
    assert one.is_stopping


@dataclass
class World:
    """A queue, and workers, that do what the desk says in any order, or fail at it."""

    random: Random
    desk: Desk
    capacity: int
    now: float = 0
    sent: int = 0
    handles: dict[int, str] = field(default_factory=dict)
    calling: dict[int, Command] = field(default_factory=dict)
    todo: list[tuple[int, Command]] = field(default_factory=list)
    verdicts: dict[int, Verdict] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)
    hidden_until: dict[int, float] = field(default_factory=dict)

    def ask(self) -> None:
        for number, command in self.desk.due(self.now):
            if isinstance(command, (Change, Delete)):
                handles = {command.key: command.handle} if isinstance(command, Change) else command.handles
                for key, handle in handles.items():
                    assert key not in self.calling, "two calls about one message at a time"
                    assert handle == self.handles[key], "not the newest handle"
                    self.calling[key] = command
                if isinstance(command, Delete):
                    assert 1 <= len(handles) <= 16
                    assert all(self.verdicts[key].hidden_seconds is None for key in handles)
            if not isinstance(command, (Say, Cut, Abandon)):
                self.todo.append((number, command))
        unhandled = {key for key, until in self.hidden_until.items() if until > self.now} - set(self.verdicts)
        reserved = sum(each.max_messages for _, each in self.todo if isinstance(each, Receive))
        assert len(unhandled) + reserved <= self.capacity

    def step(self, may_fail: bool) -> None:
        self.now += self.random.choice((0, 0.01, 0.3, 4))
        if self.todo:
            number, command = self.todo.pop(self.random.randrange(len(self.todo)))
            self.do(number, command, may_fail and self.random.random() < 0.2)
        self.ask()

    def do(  # noqa: C901 - one branch for each command
        self, number: int, command: Command, fails: bool
    ) -> None:
        error = self.random.choice((GONE, BUSY, HUNG))
        if isinstance(command, Look):
            self.desk.looked(self.now, number, QueueAttributes(visibility_timeout=20))
        elif isinstance(command, Receive):
            if fails:
                self.desk.not_received(self.now, number, BUSY)
                return
            count = self.random.randint(0, command.max_messages)
            came = [message(self.sent + more + 1) for more in range(count)]
            for each in came:
                self.sent += 1
                self.handles[self.sent] = each.receipt_handle
                self.hidden_until[self.sent] = self.now + 20
            self.desk.received(self.now, number, came)
        elif isinstance(command, Handle):
            assert command.key not in self.verdicts
            self.verdicts[command.key] = self.random.choice((ACKNOWLEDGED, ACKNOWLEDGED, RELEASED))
            self.desk.handled(self.now, command.key, self.verdicts[command.key])
        elif isinstance(command, Change):
            del self.calling[command.key]
            if fails:
                if error is GONE:
                    del self.hidden_until[command.key]
                self.desk.not_changed(self.now, command.key, error)
                return
            self.hidden_until[command.key] = self.now - 0.01 + command.seconds
            self.handles[command.key] += "'"
            self.desk.changed(self.now, command, self.now - 0.01, self.handles[command.key])
        elif isinstance(command, Delete):
            for key in command.handles:
                del self.calling[key]
            if fails:
                self.desk.not_deleted(self.now, list(command.handles), error)
                return
            left = {key: self.random.random() < 0.5 for key in command.handles if self.random.random() < 0.1}
            self.deleted |= set(command.handles) - set(left)
            self.desk.deleted(self.now, list(command.handles), left)


@settings(max_examples=20)
@given(st.integers(), st.integers(1, 5), st.booleans())
def test_whatever_happens_each_message_is_called_about_once_at_a_time_and_counted_once(
    seed: int, workers: int, may_fail: bool
) -> None:
    random = Random(seed)  # noqa: S311 - chance that repeats
    one = Desk("dead", workers, 3, Ending(grace_seconds=2), FOREVER, True, random.random, 0)
    world = World(random, one, 2 * workers + 16)
    world.ask()
    for _ in range(80):
        world.step(may_fail)
    one.stop(world.now)
    for _ in range(2000):
        if one.is_over(world.now):
            break
        world.step(may_fail)
    assert one.is_over(world.now)
    one.close()
    counts = one.tally.summary()
    assert counts.received == world.sent
    assert counts.acknowledged + counts.released == counts.received
    assert counts.acknowledged == len(world.deleted)

"""What an MNS queue promises, told the time instead of waiting for it."""

from __future__ import annotations

import base64
import gc
import hashlib
from random import Random
from types import FunctionType, ModuleType

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from fc_async.local.mailbox.attributes import QueueChanges
from fc_async.local.mailbox.mailbox import Mailbox, MailboxError
from fc_async.local.mailbox.message import Draft, Property

T0 = 1_767_225_600_000


def mailbox(**changes: int) -> Mailbox:
    box = Mailbox(random=Random(7))  # noqa: S311 - ids, not secrets
    assert box.create_queue("q", T0, QueueChanges(**changes))
    return box


def bodies(messages: list) -> list[str]:
    return [message.body for message in messages]


def refusal(error: pytest.ExceptionInfo[MailboxError]) -> tuple[int, str]:
    return error.value.status, error.value.code


# Queues


def test_creating_the_same_queue_again_is_no_error_and_says_so():
    box = mailbox()
    assert box.create_queue("q", T0) is False
    assert box.create_queue("q", T0, QueueChanges(visibility_timeout_seconds=30)) is False  # omitted means default


def test_creating_a_queue_with_other_attributes_is_refused():
    with pytest.raises(MailboxError) as error:
        mailbox().create_queue("q", T0, QueueChanges(visibility_timeout_seconds=31))
    assert refusal(error) == (409, "QueueAlreadyExist")


@pytest.mark.parametrize(
    ("field", "low", "high"),
    [
        ("visibility_timeout_seconds", 1, 43_200),
        ("maximum_message_size_bytes", 1_024, 65_536),
        ("message_retention_period_seconds", 60, 604_800),
        ("delay_seconds", 0, 604_800),
        ("polling_wait_seconds", 0, 30),
    ],
)
def test_attributes_are_accepted_up_to_their_limits_and_not_beyond(field: str, low: int, high: int):
    for value in (low, high):
        mailbox(**{field: value})
    for value in (low - 1, high + 1):
        with pytest.raises(MailboxError) as error:
            mailbox(**{field: value})
        assert refusal(error) == (400, "InvalidArgument")


def test_the_refusal_of_a_number_has_the_words_of_the_service():
    with pytest.raises(MailboxError, match=r"The value of PollingWaitSeconds should between 0 and 30 seconds$"):
        mailbox(polling_wait_seconds=31)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "QueueNameLengthError"),
        ("a" * 121, "QueueNameLengthError"),
        ("-a", "InvalidQueueName"),
        ("a_b", "InvalidQueueName"),
        ("a\n", "InvalidQueueName"),
        ("äb", "InvalidQueueName"),
    ],
)
def test_a_name_that_is_none_is_refused(name: str, code: str):
    with pytest.raises(MailboxError) as error:
        mailbox().create_queue(name, T0)
    assert refusal(error) == (400, code)


def test_the_longest_name_and_one_that_starts_with_a_digit_are_accepted():
    assert mailbox().create_queue("9" * 120, T0)


def test_setting_attributes_keeps_those_that_are_not_named():
    box = mailbox(visibility_timeout_seconds=77)
    box.set_attributes("q", T0 + 5_000, QueueChanges(delay_seconds=0, logging_enabled=True))
    status = box.get_attributes("q", T0 + 9_000)
    assert (status.attributes.visibility_timeout_seconds, status.attributes.logging_enabled) == (77, True)
    assert (status.create_time_ms, status.last_modify_time_ms) == (T0, T0 + 5_000)


def test_a_listing_pages_by_name_and_ends_without_a_marker():
    box = Mailbox(random=Random(1))  # noqa: S311 - ids, not secrets
    for name in ("b2", "a", "b1", "b3"):
        box.create_queue(name, T0)
    first = box.list_queues(T0, prefix="b", limit=2)
    rest = box.list_queues(T0, prefix="b", limit=2, marker=first.next_marker)
    assert [q.name for q in first.queues + rest.queues] == ["b1", "b2", "b3"]
    assert first.next_marker is not None
    assert rest.next_marker is None


@pytest.mark.parametrize("marker", ["b2", "%%%", "ü", "////"])
def test_a_marker_that_no_listing_gave_is_refused(marker: str):
    with pytest.raises(MailboxError) as error:
        mailbox().list_queues(T0, marker=marker)
    assert refusal(error) == (400, "InvalidArgument")


def test_every_call_on_a_queue_that_is_not_there_says_so():
    box = mailbox()
    box.delete_queue("q")
    box.delete_queue("q")
    for call in (
        lambda: box.send("q", "x", T0),
        lambda: box.receive("q", T0),
        lambda: box.peek("q", T0),
        lambda: box.get_attributes("q", T0),
        lambda: box.set_attributes("q", T0, QueueChanges()),
        lambda: box.delete_message("q", "x", T0),
        lambda: box.change_visibility("q", "x", 1, T0),
    ):
        with pytest.raises(MailboxError) as error:
            call()
        assert refusal(error) == (404, "QueueNotExist")


# Sending


def test_a_message_has_the_ids_and_times_that_the_service_gives():
    sent = mailbox().send("q", "hej", T0 + 1)
    assert len(sent.message_id) == 32
    assert sent.message_id == sent.message_id.upper()
    assert sent.body_md5 == hashlib.md5(b"hej").hexdigest().upper()  # noqa: S324
    assert (sent.enqueue_time_ms, sent.dequeue_count, sent.priority) == (T0 + 1, 0, 8)


def test_ids_of_one_queue_share_their_first_eight_digits_and_the_seed_repeats_them():
    runs = []
    for _ in range(2):
        box = mailbox()
        runs.append([box.send("q", "x", T0).message_id for _ in range(3)])
    assert runs[0] == runs[1]
    assert len(set(runs[0])) == 3
    assert len({message_id[:8] for message_id in runs[0]}) == 1


def test_the_md5_of_a_message_with_properties_is_not_that_of_its_body():
    draft = Draft("it-ack-test", user_properties=(Property("case", "ack", "STRING"),))
    sent = mailbox().send_draft("q", draft, T0)
    assert sent.body_md5 != hashlib.md5(b"it-ack-test").hexdigest().upper()  # noqa: S324
    assert sent.user_properties == draft.user_properties


def test_size_is_counted_in_bytes_of_utf8_up_to_the_limit():
    box = mailbox(maximum_message_size_bytes=1_024)
    box.send("q", "ä" * 512, T0)
    with pytest.raises(MailboxError, match="MessageBody should between 1 and 1024 bytes"):
        box.send("q", "ä" * 512 + "x", T0)
    with pytest.raises(MailboxError):
        box.send("q", "", T0)
    assert mailbox().send("q", "x" * 65_536, T0)


@pytest.mark.parametrize("draft", [Draft("x", delay_seconds=-1), Draft("x", delay_seconds=604_801)])
@pytest.mark.parametrize("priority", [None, 0, 1, 16])
def test_a_delay_out_of_range_is_refused(draft: Draft, priority: int | None):
    with pytest.raises(MailboxError) as error:
        mailbox().send_draft("q", draft, T0)
    assert refusal(error) == (400, "InvalidArgument")
    assert mailbox().send_draft("q", Draft("x", priority=priority), T0).priority == (priority or 8)


@pytest.mark.parametrize("priority", [-1, 17])
def test_a_priority_out_of_range_is_refused(priority: int):
    with pytest.raises(MailboxError) as error:
        mailbox().send_draft("q", Draft("x", priority=priority), T0)
    assert refusal(error) == (400, "InvalidArgument")


def test_what_xml_cannot_hold_is_replaced_before_it_is_counted():
    sent = mailbox().send("q", "a\x00b\ud800c\uffffd\te", T0)
    assert sent.body == "a\ufffdb\ufffdc\ufffdd\te"
    assert sent.body_md5 == hashlib.md5(sent.body.encode()).hexdigest().upper()  # noqa: S324


def test_a_batch_takes_sixteen_messages_and_64_kb_together():
    box = mailbox()
    assert len(box.send_batch("q", [Draft("x" * 4_096)] * 16, T0)) == 16
    for drafts in ([], [Draft("x")] * 17, [Draft("x" * 32_768), Draft("x" * 32_769)]):
        with pytest.raises(MailboxError) as error:
            box.send_batch("q", drafts, T0)
        assert refusal(error) == (400, "InvalidArgument")
    assert box.get_attributes("q", T0).active_messages == 16


def test_a_batch_answers_each_message_in_its_place():
    box = mailbox(maximum_message_size_bytes=1_024)
    good, bad, also_good = box.send_batch("q", [Draft("a"), Draft("x" * 1_025), Draft("b")], T0)
    assert isinstance(bad, MailboxError)
    assert bodies(box.peek("q", T0, 16)) == ["a", "b"]
    assert {good.message_id, also_good.message_id} == {m.message_id for m in box.peek("q", T0, 16)}


# Delay and retention


@pytest.mark.parametrize(("own", "of_queue", "expected"), [(None, 5, 5), (2, 5, 2), (0, 5, 0), (None, 0, 0)])
def test_a_delayed_message_shows_exactly_when_its_delay_is_over(own: int | None, of_queue: int, expected: int):
    box = mailbox(delay_seconds=of_queue)
    sent = box.send("q", "x", T0, delay_seconds=own)
    assert (sent.receipt_handle is not None) == (expected > 0)
    if expected:
        assert box.get_attributes("q", T0).delay_messages == 1
        assert box.receive("q", T0 + expected * 1000 - 1) == []
    assert bodies(box.receive("q", T0 + expected * 1000)) == ["x"]


def test_a_delayed_message_can_be_deleted_with_the_handle_of_its_sending():
    box = mailbox()
    sent = box.send("q", "x", T0, delay_seconds=5)
    box.delete_message("q", sent.receipt_handle, T0 + 4_999)
    assert box.receive("q", T0 + 5_000) == []


def test_a_message_is_gone_when_its_retention_is_over_in_whatever_state():
    box = mailbox(message_retention_period_seconds=60, visibility_timeout_seconds=600)
    for body in ("held", "seen"):
        box.send("q", body, T0)
    box.send("q", "delayed", T0, delay_seconds=100)
    held = box.receive("q", T0)[0]
    assert bodies(box.peek("q", T0 + 59_999, 16)) == ["seen"]
    status = box.get_attributes("q", T0 + 60_000)
    assert (status.active_messages, status.inactive_messages, status.delay_messages) == (0, 0, 0)
    with pytest.raises(MailboxError) as error:
        box.delete_message("q", held.receipt_handle, T0 + 60_000)
    assert refusal(error) == (404, "MessageNotExist")


# Receiving


def test_a_received_message_is_hidden_until_its_next_visible_time():
    box = mailbox()
    box.send("q", "x", T0)
    first = box.receive("q", T0 + 3_000)[0]
    assert (first.dequeue_count, first.first_dequeue_time_ms) == (1, T0 + 3_000)
    assert first.next_visible_time_ms == T0 + 33_000
    assert box.receive("q", T0 + 32_999) == []
    again = box.receive("q", T0 + 33_000)[0]
    assert (again.message_id, again.dequeue_count) == (first.message_id, 2)
    assert again.first_dequeue_time_ms == T0 + 3_000
    assert again.receipt_handle != first.receipt_handle


def test_peeking_changes_nothing():
    box = mailbox()
    box.send("q", "x", T0)
    for _ in range(3):
        peeked = box.peek("q", T0 + 9)[0]
        assert (peeked.dequeue_count, peeked.first_dequeue_time_ms) == (0, T0)
    assert box.receive("q", T0 + 9)[0].dequeue_count == 1
    assert box.peek("q", T0 + 9) == []


def test_lower_numbers_come_first_and_equals_in_the_order_of_arrival():
    box = mailbox()
    for number, priority in enumerate([8, 16, 1, None, 1]):
        box.send_draft("q", Draft(str(number), priority=priority), T0)
    assert bodies(box.receive("q", T0, 16)) == ["2", "4", "0", "3", "1"]


def test_a_message_that_comes_back_does_not_starve_the_others():
    box = mailbox()
    box.send("q", "returns", T0)
    held = box.receive("q", T0)[0]
    box.send("q", "waits", T0 + 500)
    box.change_visibility("q", held.receipt_handle, 1, T0)
    assert bodies(box.receive("q", T0 + 1_000, 2)) == ["waits", "returns"]


@pytest.mark.parametrize("count", [0, 17, -1])
def test_a_batch_size_out_of_range_is_refused(count: int):
    for call in (mailbox().receive, mailbox().peek):
        with pytest.raises(MailboxError) as error:
            call("q", T0, count)
        assert refusal(error) == (400, "InvalidArgument")


def test_counts_tell_active_inactive_and_delayed():
    box = mailbox()
    for _ in range(3):
        box.send("q", "x", T0)
    box.send("q", "x", T0, delay_seconds=10)
    box.receive("q", T0)
    status = box.get_attributes("q", T0)
    assert (status.active_messages, status.inactive_messages, status.delay_messages) == (2, 1, 1)


# Handles


def test_a_handle_has_the_recorded_anatomy():
    box = mailbox()
    box.send("q", "x", T0)
    received = box.receive("q", T0 + 7)[0]
    message_id, _, encoded = received.receipt_handle.partition("-")
    parts = base64.b64decode(encoded, validate=True).decode().split(" ")
    assert message_id == received.message_id
    assert parts[1:3] == [str(T0 + 7), "30000"]
    assert (len(parts), parts[4], parts[6]) == (8, "0", "0")


def test_a_handle_deletes_once():
    box = mailbox()
    box.send("q", "x", T0)
    handle = box.receive("q", T0)[0].receipt_handle
    box.delete_message("q", handle, T0)
    with pytest.raises(MailboxError) as error:
        box.delete_message("q", handle, T0)
    assert refusal(error) == (404, "MessageNotExist")


def test_a_handle_is_over_at_its_next_visible_time_and_when_there_is_a_newer_one():
    box = mailbox()
    box.send("q", "x", T0)
    old = box.receive("q", T0)[0].receipt_handle
    changed = box.change_visibility("q", old, 100, T0 + 5)
    assert changed.next_visible_time_ms == T0 + 100_005
    for handle, now_ms in ((old, T0 + 5), (changed.receipt_handle, T0 + 100_005)):
        with pytest.raises(MailboxError) as error:
            box.delete_message("q", handle, now_ms)
        assert refusal(error) == (404, "MessageNotExist")
    assert box.receive("q", T0 + 100_005)[0].dequeue_count == 2


@pytest.mark.parametrize(
    "handle", ["", "x", "-", "AB-", "AB-%%%", "AB-aGVq", "1-ODU4OTkzNDU5My0xNDM1MTk3NjAwLTItNg==", "AB-ä", "\x00-\x00"]
)
def test_what_is_no_handle_is_refused_as_such(handle: str):
    for call in (
        lambda: mailbox().delete_message("q", handle, T0),
        lambda: mailbox().change_visibility("q", handle, 1, T0),
    ):
        with pytest.raises(MailboxError) as error:
            call()
        assert refusal(error) == (400, "ReceiptHandleError")


@pytest.mark.parametrize("seconds", [0, 43_201, -1])
def test_a_visibility_out_of_range_is_refused_and_the_handle_stays_good(seconds: int):
    box = mailbox()
    box.send("q", "x", T0)
    handle = box.receive("q", T0)[0].receipt_handle
    with pytest.raises(MailboxError) as error:
        box.change_visibility("q", handle, seconds, T0)
    assert refusal(error) == (400, "InvalidArgument")
    box.change_visibility("q", handle, 43_200, T0)


def test_a_batch_delete_names_exactly_what_failed():
    box = mailbox()
    for body in ("a", "b"):
        box.send("q", body, T0)
    first, second = (m.receipt_handle for m in box.receive("q", T0, 2))
    box.delete_message("q", first, T0)
    failed = box.delete_batch("q", [first, second, "nonsense"], T0)
    assert [(handle, e.code) for handle, e in failed] == [
        (first, "MessageNotExist"),
        ("nonsense", "ReceiptHandleError"),
    ]
    for handles in ([], [first] * 17):
        with pytest.raises(MailboxError):
            box.delete_batch("q", handles, T0)


# Waiting


def test_everyone_who_listens_is_told_of_what_may_have_become_receivable():
    box = mailbox()
    told: list[str] = []
    box.listen(told.append)
    box.send("q", "x", T0)
    box.send_batch("q", [Draft("y")], T0)
    held = box.receive("q", T0)[0]
    box.change_visibility("q", held.receipt_handle, 1, T0)
    box.set_attributes("q", T0, QueueChanges())
    box.delete_queue("q")
    assert told == ["q"] * 5


def test_it_tells_when_something_can_be_received_next():
    box = mailbox()
    assert box.next_visible_ms("q", T0) is None
    assert box.next_visible_ms("none", T0) is None
    box.send("q", "x", T0, delay_seconds=2)
    assert box.next_visible_ms("q", T0) == T0 + 2_000
    assert box.next_visible_ms("q", T0 + 2_500) == T0 + 2_500
    held = box.receive("q", T0 + 2_500)[0]
    assert box.next_visible_ms("q", T0 + 2_500) == T0 + 32_500
    box.delete_message("q", held.receipt_handle, T0 + 2_500)
    assert box.next_visible_ms("q", T0 + 2_500) is None


def tuples_held(root: object) -> int:
    """How many tuples can be reached from an object: a queue keeps one for each thing that it has to come back to."""
    seen: dict[int, object] = {}
    found = [root]
    while found:
        one = found.pop()
        if id(one) not in seen and not isinstance(one, (type, ModuleType, FunctionType)):
            seen[id(one)] = one
            found += gc.get_referents(one)
    return sum(isinstance(one, tuple) for one in seen.values())


def test_a_queue_that_many_messages_went_through_holds_nothing_of_them():
    box = mailbox(visibility_timeout_seconds=43_200, message_retention_period_seconds=604_800)
    box.send("q", "stays", T0)
    box.receive("q", T0)
    for _ in range(2_000):
        box.send("q", "x", T0)
        box.delete_message("q", box.receive("q", T0)[0].receipt_handle, T0)
    assert tuples_held(box) < 600


def test_a_queue_that_nobody_reads_holds_nothing_of_what_has_expired():
    box = mailbox(message_retention_period_seconds=60)
    for second in range(2_000):
        box.send("q", "x", T0 + second * 1_000)
    assert tuples_held(box) < 600


class QueueMachine(RuleBasedStateMachine):
    """Against a plain model: nothing is lost, nothing is seen twice, no stale handle works."""

    handles = Bundle("handles")

    def __init__(self) -> None:
        super().__init__()
        self.now_ms = T0
        self.box = mailbox(visibility_timeout_seconds=10, message_retention_period_seconds=600)
        self.visible_from: dict[str, int] = {}
        self.expires: dict[str, int] = {}
        self.newest: dict[str, str | None] = {}

    def living(self) -> set[str]:
        return {m for m, expires in self.expires.items() if expires > self.now_ms}

    def visible(self) -> set[str]:
        return {m for m in self.living() if self.visible_from[m] <= self.now_ms}

    def is_good(self, message_id: str, handle: str) -> bool:
        held = message_id in self.living() and self.visible_from[message_id] > self.now_ms
        return held and self.newest[message_id] == handle

    @rule(delay=st.integers(0, 20), priority=st.integers(0, 16))
    def send(self, delay: int, priority: int) -> None:
        sent = self.box.send_draft("q", Draft("x", delay_seconds=delay, priority=priority), self.now_ms)
        self.visible_from[sent.message_id] = self.now_ms + delay * 1000
        self.expires[sent.message_id] = self.now_ms + 600_000
        self.newest[sent.message_id] = sent.receipt_handle

    @rule(milliseconds=st.sampled_from([0, 1, 999, 1_000, 9_999, 10_000, 60_000, 599_000]))
    def time_passes(self, milliseconds: int) -> None:
        self.now_ms += milliseconds

    @rule(target=handles, count=st.integers(1, 16))
    def receive(self, count: int) -> tuple[tuple[str, str], ...]:
        expected = self.visible()
        received = self.box.receive("q", self.now_ms, count)
        assert len(received) == min(count, len(expected))
        assert {m.message_id for m in received} <= expected
        for message in received:
            self.visible_from[message.message_id] = self.now_ms + 10_000
            self.newest[message.message_id] = message.receipt_handle
        return tuple((m.message_id, m.receipt_handle) for m in received)

    @rule(given=consumes(handles))
    def delete(self, given: tuple[tuple[str, str], ...]) -> None:
        for message_id, handle in given:
            good = self.is_good(message_id, handle)
            failed = self.box.delete_batch("q", [handle], self.now_ms)
            assert [(h, e.code) for h, e in failed] == ([] if good else [(handle, "MessageNotExist")])
            if good:
                del self.expires[message_id]

    @rule(target=handles, given=consumes(handles), seconds=st.integers(1, 30))
    def change(self, given: tuple[tuple[str, str], ...], seconds: int) -> tuple[tuple[str, str], ...]:
        renewed = []
        for message_id, handle in given:
            if self.is_good(message_id, handle):
                changed = self.box.change_visibility("q", handle, seconds, self.now_ms)
                self.visible_from[message_id] = changed.next_visible_time_ms
                self.newest[message_id] = changed.receipt_handle
                renewed.append((message_id, changed.receipt_handle))
            else:
                with pytest.raises(MailboxError, match="MessageNotExist"):
                    self.box.change_visibility("q", handle, seconds, self.now_ms)
        return tuple(renewed)

    @invariant()
    def counts_and_the_next_time_agree(self) -> None:
        status = self.box.get_attributes("q", self.now_ms)
        assert status.active_messages == len(self.visible())
        assert status.inactive_messages + status.delay_messages == len(self.living()) - len(self.visible())
        later = [self.visible_from[m] for m in self.living()]
        expected = None if not later else max(self.now_ms, min(later))
        assert self.box.next_visible_ms("q", self.now_ms) == expected


TestQueueMachine = QueueMachine.TestCase

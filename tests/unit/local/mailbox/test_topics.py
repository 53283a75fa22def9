"""What MNS topics promise, told the time instead of waiting for it."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from random import Random
from xml.etree import ElementTree

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from fc_async.local.mailbox.errors import MailboxError
from fc_async.local.mailbox.mailbox import Mailbox
from fc_async.local.mailbox.message import Property
from fc_async.local.mailbox.notification import Notification
from fc_async.local.mailbox.pushes import Push
from fc_async.local.mailbox.subscription import SubscriptionAttributes
from fc_async.local.mailbox.topic import Publication, TopicChanges
from fc_async.local.mailbox.topics import Topics

T0 = 1_767_225_600_000
URL = "http://127.0.0.1:1/"


class Account:
    """Queues and topics; `lost` is what listeners were told."""

    def __init__(self, **assumed: bool) -> None:
        self.mailbox = Mailbox(random=Random(1))  # noqa: S311 - ids, not secrets
        self.topics = Topics(self.mailbox, random=Random(2), account_id="1", **assumed)  # noqa: S311 - the same
        self.lost: list[tuple[str, str]] = []
        self.times_told = 0
        self.topics.listen(self._told, lambda what, why: self.lost.append((what.subscription_name, why)))
        self.topics.create_topic("t", T0)

    def _told(self) -> None:
        self.times_told += 1

    def subscribe(self, name: str, endpoint: str, **attributes: str) -> None:
        assert self.topics.subscribe("t", name, SubscriptionAttributes(endpoint, **attributes), T0)[1]

    def queue(self, name: str, **attributes: str) -> None:
        self.mailbox.create_queue(name, T0)
        self.subscribe(name, arn(name), **attributes)

    def publish(self, body: str = "x", tag: str | None = None) -> str:
        return self.topics.publish("t", Publication(body, tag), T0).message_id

    def bodies(self, queue: str) -> list[str]:
        return [message.body for message in self.mailbox.peek(queue, T0, 16)]

    def due(self, now_ms: int = T0) -> list[Push]:
        return self.topics.take_due_pushes(now_ms)


def arn(queue: str) -> str:
    return f"acs:mns:cn-hangzhou:1:queues/{queue}"


def code_of(error: pytest.ExceptionInfo[MailboxError]) -> tuple[int, str]:
    return error.value.status, error.value.code


# Topics and subscriptions


def test_creating_the_same_topic_again_is_no_error_and_another_one_is() -> None:
    topics = Account().topics
    assert topics.create_topic("t", T0) is False
    assert topics.create_topic("t", T0, TopicChanges(maximum_message_size_bytes=65_536)) is False
    with pytest.raises(MailboxError) as error:
        topics.create_topic("t", T0, TopicChanges(maximum_message_size_bytes=65_535))
    assert code_of(error) == (409, "TopicAlreadyExist")


@pytest.mark.parametrize("size", [1_024, 65_536])
def test_a_size_within_its_limits_is_accepted(size: int) -> None:
    topics = Account().topics
    assert topics.create_topic("new", T0, TopicChanges(maximum_message_size_bytes=size))
    assert topics.get_attributes("new").attributes.maximum_message_size_bytes == size


@pytest.mark.parametrize("size", [1_023, 65_537])
def test_a_size_beyond_its_limits_is_refused(size: int) -> None:
    with pytest.raises(MailboxError, match="MaximumMessageSize should between 1024 and 65536 bytes"):
        Account().topics.create_topic("new", T0, TopicChanges(maximum_message_size_bytes=size))


@pytest.mark.parametrize("name", ["a", "9" * 256, "a-b-9"])
def test_a_topic_name_of_up_to_256_characters_is_accepted(name: str) -> None:
    assert Account().topics.create_topic(name, T0)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "TopicNameLengthError"),
        ("a" * 257, "TopicNameLengthError"),
        ("-a", "TopicNameInvalid"),
        ("a_b", "TopicNameInvalid"),
        ("a/b", "TopicNameInvalid"),
        ("a\n", "TopicNameInvalid"),
    ],
)
def test_a_topic_name_that_is_none_is_refused(name: str, code: str) -> None:
    with pytest.raises(MailboxError) as error:
        Account().topics.create_topic(name, T0)
    assert code_of(error) == (400, code)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "SubscriptionNameLengthError"),
        ("a" * 256, "SubscriptionNameLengthError"),
        ("-a", "SubscriptionNameInvalid"),
        ("a b", "SubscriptionNameInvalid"),
    ],
)
def test_a_subscription_name_that_is_none_is_refused(name: str, code: str) -> None:
    with pytest.raises(MailboxError) as error:
        Account().topics.subscribe("t", name, SubscriptionAttributes(arn("q")), T0)
    assert code_of(error) == (400, code)


def test_a_subscription_name_of_255_characters_is_accepted() -> None:
    Account().subscribe("a" * 255, arn("q"))


@pytest.mark.parametrize(
    "attributes",
    [
        {"filter_tag": "x" * 17},
        {"filter_tag": "a\nb"},
        {"notify_strategy": "NEVER"},
        {"notify_content_format": "json"},
    ],
)
def test_a_subscription_that_cannot_be_is_refused(attributes: dict[str, str]) -> None:
    with pytest.raises(MailboxError) as error:
        Account().topics.subscribe("t", "s", SubscriptionAttributes(arn("q"), **attributes), T0)
    assert code_of(error) == (400, "InvalidArgument")


def test_subscribing_again_is_no_error_when_it_is_the_same() -> None:
    account = Account()
    account.subscribe("s", arn("q"), filter_tag="x" * 16)
    same = SubscriptionAttributes(arn("q"), filter_tag="x" * 16)
    assert account.topics.subscribe("t", "s", same, T0)[1] is False
    with pytest.raises(MailboxError) as error:
        account.topics.subscribe("t", "s", SubscriptionAttributes(arn("q")), T0)
    assert code_of(error) == (409, "SubscriptionAlreadyExist")


def test_setting_attributes_keeps_what_is_not_named() -> None:
    account = Account()
    account.topics.set_attributes("t", T0 + 5, TopicChanges(logging_enabled=True))
    status = account.topics.get_attributes("t")
    assert (status.attributes.logging_enabled, status.attributes.maximum_message_size_bytes) == (True, 65_536)
    assert (status.create_time_ms, status.last_modify_time_ms) == (T0, T0 + 5)
    account.subscribe("s", URL)
    account.topics.set_subscription("t", "s", T0 + 7, "EXPONENTIAL_DECAY_RETRY")
    account.topics.set_subscription("t", "s", T0 + 9, None)
    subscription = account.topics.get_subscription("t", "s")
    assert subscription.attributes == SubscriptionAttributes(URL, notify_strategy="EXPONENTIAL_DECAY_RETRY")
    assert (subscription.create_time_ms, subscription.last_modify_time_ms) == (T0, T0 + 7)
    with pytest.raises(MailboxError, match="NotifyStrategy should be one of BACKOFF_RETRY"):
        account.topics.set_subscription("t", "s", T0, "")


def test_every_call_on_what_is_not_there_says_so() -> None:
    topics = Account().topics
    for call in (
        lambda: topics.get_attributes("none"),
        lambda: topics.set_attributes("none", T0, TopicChanges()),
        lambda: topics.publish("none", Publication("x"), T0),
        lambda: topics.subscribe("none", "s", SubscriptionAttributes("nonsense"), T0),
        lambda: topics.get_subscription("none", "s"),
        lambda: topics.set_subscription("none", "s", T0, None),
        lambda: topics.list_subscriptions("none"),
    ):
        with pytest.raises(MailboxError) as error:
            call()
        assert code_of(error) == (404, "TopicNotExist")
    for call in (
        lambda: topics.get_subscription("t", "none"),
        lambda: topics.set_subscription("t", "none", T0, None),
    ):
        with pytest.raises(MailboxError) as error:
            call()
        assert code_of(error) == (404, "SubscriptionNotExist")


def test_deleting_a_topic_takes_its_subscriptions_with_it() -> None:
    account = Account()
    account.queue("q")
    account.topics.delete_topic("t")
    account.topics.delete_topic("t")
    account.topics.create_topic("t", T0)
    assert account.topics.list_subscriptions("t").items == ()
    account.publish()
    assert account.bodies("q") == []


def test_listings_page_by_name_and_end_without_a_marker() -> None:
    account = Account()
    for name in ("b2", "a", "b1", "b3"):
        account.topics.create_topic(name, T0)
        account.subscribe(name, arn("q"))
    for listed in (account.topics.list_topics, lambda **asked: account.topics.list_subscriptions("t", **asked)):
        first = listed(prefix="b", limit=2)
        rest = listed(prefix="b", limit=2, marker=first.next_marker)
        assert [item.name for item in first.items + rest.items] == ["b1", "b2", "b3"]
        assert rest.next_marker is None
        for asked in ({"limit": 0}, {"limit": 1_001}, {"marker": "%%"}):
            with pytest.raises(MailboxError) as error:
                listed(**asked)
            assert code_of(error) == (400, "InvalidArgument")


# What a queue gets


def test_each_queue_gets_its_own_format_at_once() -> None:
    account = Account()
    for content_format in ("JSON", "XML", "SIMPLIFIED"):
        account.queue(content_format, notify_content_format=content_format)
    body = '{"a":"<&>\\"é\U0001f600","b":"]]>"}\r\n'
    published = account.topics.publish("t", Publication(body, "red"), T0)
    md5 = hashlib.md5(body.encode()).hexdigest().upper()  # noqa: S324
    assert published.body_md5 == md5
    told = {
        "TopicOwner": "1",
        "Message": body,
        "Subscriber": "1",
        "PublishTime": str(T0),
        "SubscriptionName": "JSON",
        "MessageMD5": md5,
        "TopicName": "t",
        "MessageId": published.message_id,
        "MessageTag": "red",
    }
    (envelope,) = account.bodies("JSON")
    assert json.loads(envelope) == told
    assert list(json.loads(envelope)) == list(told)
    assert '"Message":"{\\"a\\":\\"<&>\\\\\\"é\U0001f600' in envelope  # escaped is only what JSON must escape
    (document,) = account.bodies("XML")
    assert document.startswith('<?xml version="1.0" encoding="utf-8"?>\n<Notification xmlns="http://mns.aliyuncs.com/')
    root = ElementTree.fromstring(document)  # noqa: S314 - our own
    assert {child.tag.partition("}")[2]: child.text for child in root} == told | {"SubscriptionName": "XML"}
    assert account.bodies("SIMPLIFIED") == [body]
    assert account.topics.metrics["TopicNotificationsDelivered"] == 3


def test_a_message_without_a_tag_has_no_element_for_it() -> None:
    for content_format in ("JSON", "XML"):
        assert "MessageTag" not in Notification("1", "t", "1", "s", "M", "x", "5", None, T0).text(content_format)


def test_properties_of_the_message_are_in_the_queue_behind_the_topics_own() -> None:
    account = Account()
    account.queue("q")
    own = (Property("b", "1", "NUMBER"), Property("a", "<é>", "STRING"))
    published = account.topics.publish("t", Publication("x", user_properties=own), T0)
    (message,) = account.mailbox.receive("q", T0)
    assert message.user_properties == (Property("topicoriginated", "true", "BOOLEAN"), *own)
    assert message.message_id != published.message_id
    assert published.body_md5 != hashlib.md5(b"x").hexdigest().upper()  # noqa: S324 - recorded: it covers more
    assert f"<MessageMD5>{published.body_md5}</MessageMD5>" in message.body


def test_ids_of_one_topic_share_their_first_eight_digits() -> None:
    account = Account()
    ids = [account.publish() for _ in range(3)]
    assert len(set(ids)) == 3
    assert len({message_id[:8] for message_id in ids}) == 1
    assert all(len(message_id) == 32 for message_id in ids)


@pytest.mark.parametrize(
    ("wanted", "tag", "passes"),
    [
        (None, None, True),
        (None, "red", True),
        ("red", "red", True),
        ("red", "Red", False),
        ("red", "re", False),
        ("red", "redd", False),
    ],
)
def test_a_filter_compares_exactly(wanted: str | None, tag: str | None, passes: bool) -> None:
    account = Account()
    account.mailbox.create_queue("q", T0)
    account.topics.subscribe("t", "s", SubscriptionAttributes(arn("q"), filter_tag=wanted), T0)
    account.publish(tag=tag)
    assert len(account.bodies("q")) == passes


@pytest.mark.parametrize("passes", [False, True])
def test_whether_a_message_without_a_tag_passes_a_filter_is_assumed(passes: bool) -> None:
    account = Account(untagged_passes_filter=passes)
    account.queue("q", filter_tag="red")
    account.publish()
    assert len(account.bodies("q")) == passes


@pytest.mark.parametrize("body", ["", "x" * 65_537, "ä" * 32_769])
def test_a_body_that_is_empty_or_over_64_kb_is_refused_and_reaches_nobody(body: str) -> None:
    account = Account()
    account.queue("q", notify_content_format="SIMPLIFIED")
    with pytest.raises(MailboxError, match="MessageBody should between 1 and 65536 bytes"):
        account.publish(body)
    assert account.bodies("q") == []
    account.publish("ä" * 32_768)
    assert account.bodies("q") == ["ä" * 32_768]


@pytest.mark.parametrize("tag", ["", "x" * 17, "a\r\nb", "\x7f"])
def test_a_tag_that_cannot_be_is_refused(tag: str) -> None:
    with pytest.raises(MailboxError) as error:
        Account().publish(tag=tag)
    assert code_of(error) == (400, "InvalidArgument")


def test_what_xml_cannot_hold_is_replaced_before_it_is_told() -> None:
    account = Account()
    account.queue("q", notify_content_format="SIMPLIFIED")
    account.publish("a\x00b\ud800c")
    assert account.bodies("q") == ["a\ufffdb\ufffdc"]


def test_a_queue_that_is_missing_costs_its_neighbours_nothing() -> None:
    account = Account()
    account.subscribe("gone", arn("nobody"))
    account.queue("q")
    account.publish()
    assert len(account.bodies("q")) == 1
    assert account.lost == [("gone", "queue nobody: QueueNotExist")]
    assert account.topics.metrics == {
        "TopicMessagesPublished": 1,
        "TopicNotificationsDelivered": 1,
        "TopicNotificationsLost": 1,
        "TopicNotificationsWaiting": 0,
    }


# What an endpoint gets


def test_a_push_is_due_at_once_and_once_only() -> None:
    account = Account()
    account.subscribe("s", URL)
    account.publish()
    assert account.times_told == 1
    (push,) = account.due()
    assert account.due() == []
    assert account.topics.metrics["TopicNotificationsWaiting"] == 1
    account.topics.push_delivered(push)
    assert account.topics.metrics["TopicNotificationsWaiting"] == 0
    assert account.topics.next_push_ms() is None


def test_a_push_that_fails_is_tried_as_often_as_its_strategy_says_and_then_lost() -> None:
    account = Account()
    account.subscribe("s", URL)
    account.publish()
    now_ms, tries = T0, 0
    while (due_ms := account.topics.push_failed(account.due(now_ms)[0], now_ms, "answered 500")) is not None:
        assert account.due(due_ms - 1) == []
        assert account.topics.next_push_ms() == due_ms
        now_ms, tries = due_ms, tries + 1
    assert tries == 3
    assert account.lost == [("s", "answered 500")]
    assert account.topics.metrics["TopicNotificationsWaiting"] == 0


def test_no_message_is_tried_again_once_it_is_older_than_its_topic_keeps_it() -> None:
    account = Account()
    account.subscribe("s", URL, notify_strategy="EXPONENTIAL_DECAY_RETRY")
    account.publish()
    now_ms = T0
    while (due_ms := account.topics.push_failed(account.due(now_ms)[0], now_ms, "no answer within 5 s")) is not None:
        now_ms = due_ms + 5_000  # what an endpoint that hangs takes of the service's time, 177 times
    assert T0 + 86_400_000 - 517_000 < now_ms <= T0 + 86_405_000
    assert account.lost == [("s", "no answer within 5 s")]


def test_a_strategy_that_is_changed_counts_from_the_next_failure() -> None:
    account = Account()
    account.subscribe("s", URL)
    account.publish()
    (push,) = account.due()
    account.topics.set_subscription("t", "s", T0, "EXPONENTIAL_DECAY_RETRY")
    assert account.topics.push_failed(push, T0, "answered 500") == T0 + 1_000


def test_what_waits_for_a_subscription_that_is_removed_is_lost_also_when_one_of_its_name_follows() -> None:
    account = Account()
    account.subscribe("s", URL)
    account.subscribe("other", URL)
    for _ in range(2):
        account.publish()
    under_way, later, *others = sorted(account.due(), key=lambda push: push.subscription.name, reverse=True)
    account.topics.push_failed(later, T0, "answered 500")
    account.publish()
    account.topics.unsubscribe("t", "s")
    account.subscribe("s", URL)
    assert account.lost == [("s", "the subscription is gone")] * 2
    assert account.topics.push_failed(under_way, T0, "answered 500") is None
    assert len(account.lost) == 3
    for push in [*others, *account.due()]:
        account.topics.push_delivered(push)
    assert account.topics.metrics["TopicNotificationsWaiting"] == 0
    assert account.topics.next_push_ms() is None


def test_what_waits_for_other_subscriptions_stays_due_when_it_was_when_one_is_removed() -> None:
    account = Account()
    due: list[int] = []
    for name in ("gone", "kept"):
        account.subscribe(name, URL, filter_tag=name)
    for minute, name in ((1, "gone"), (5, "kept"), (2, "kept"), (4, "kept"), (6, "gone")):
        account.publish(tag=name)
        due_ms = account.topics.push_failed(account.due()[0], T0 + minute * 60_000, "answered 500")
        due += [due_ms] if due_ms is not None and name == "kept" else []
    account.topics.unsubscribe("t", "gone")
    assert account.lost == [("gone", "the subscription is gone")] * 2
    for due_ms in sorted(due):
        assert account.topics.next_push_ms() == due_ms
        (push,) = account.due(due_ms)
        account.topics.push_delivered(push)
    assert account.topics.next_push_ms() is None
    assert account.topics.metrics["TopicNotificationsWaiting"] == 0


def test_a_topic_with_many_subscriptions_is_deleted_in_less_time_than_its_messages_were_published() -> None:
    account = Account()
    for number in range(2_000):
        account.subscribe(f"s{number}", URL)
    began = time.process_time()
    for _ in range(8):
        account.publish()
    published = time.process_time()
    for push in account.due():
        account.topics.push_failed(push, T0, "answered 500")
    failed = time.process_time()
    account.topics.delete_topic("t")
    assert time.process_time() - failed < 4 * (published - began)
    assert account.topics.metrics["TopicNotificationsLost"] == 16_000


def test_one_endpoint_that_hangs_holds_up_no_other() -> None:
    account = Account()
    account.subscribe("hangs", URL)
    for _ in range(20):
        account.publish()
    held = account.due()
    assert len(held) == 8
    account.subscribe("quick", URL)
    account.publish()
    assert [push.subscription.name for push in account.due()] == ["quick"]
    account.topics.push_delivered(held[0])
    assert [push.subscription.name for push in account.due()] == ["hangs"]


class TopicMachine(RuleBasedStateMachine):
    """Against a plain model: each message is once in every subscribed queue whose filter fits, and nowhere else."""

    QUEUES = ("a", "b", "gone")
    tags = st.sampled_from([None, "red", "blue"])
    names = st.sampled_from(["s1", "s2", "s3", "s4"])

    def __init__(self) -> None:
        super().__init__()
        self.account = Account()
        for queue in ("a", "b"):
            self.account.mailbox.create_queue(queue, T0)
        self.now_ms = T0
        self.subscriptions: dict[str, tuple[str, str | None]] = {}
        self.expected: dict[str, Counter[tuple[str, str]]] = {queue: Counter() for queue in self.QUEUES}
        self.wanted = 0
        self.under_way: list[Push] = []

    @rule(name=names, queue=st.sampled_from([*QUEUES, "http"]), tag=tags)
    def subscribe(self, name: str, queue: str, tag: str | None) -> None:
        endpoint = URL if queue == "http" else arn(queue)
        attributes = SubscriptionAttributes(endpoint, filter_tag=tag, notify_content_format="JSON")
        known = self.subscriptions.get(name)
        if known is not None and known != (queue, tag):
            with pytest.raises(MailboxError, match="SubscriptionAlreadyExist"):
                self.account.topics.subscribe("t", name, attributes, self.now_ms)
        else:
            assert self.account.topics.subscribe("t", name, attributes, self.now_ms)[1] == (known is None)
            self.subscriptions[name] = (queue, tag)

    @rule(name=names)
    def unsubscribe(self, name: str) -> None:
        self.account.topics.unsubscribe("t", name)
        self.subscriptions.pop(name, None)

    @rule(tag=tags)
    def publish(self, tag: str | None) -> None:
        message_id = self.account.topics.publish("t", Publication("x", tag), self.now_ms).message_id
        for name, (queue, wanted) in self.subscriptions.items():
            if wanted in (None, tag):
                self.wanted += 1
                if queue != "http":
                    self.expected[queue][name, message_id] += 1

    @rule(queue=st.sampled_from(["a", "b"]))
    def drain(self, queue: str) -> None:
        found: Counter[tuple[str, str]] = Counter()
        while messages := self.account.mailbox.receive(queue, self.now_ms, 16):
            for message in messages:
                told = json.loads(message.body)
                found[told["SubscriptionName"], told["MessageId"]] += 1
                self.account.mailbox.delete_message(queue, str(message.receipt_handle), self.now_ms)
        assert found == self.expected[queue]
        self.expected[queue].clear()

    @rule(seconds=st.integers(0, 30))
    def time_passes(self, seconds: int) -> None:
        self.now_ms += seconds * 1000

    @rule()
    def begin_pushes(self) -> None:
        self.under_way += self.account.topics.take_due_pushes(self.now_ms)

    @rule(is_taken=st.booleans())
    def end_pushes(self, is_taken: bool) -> None:
        for push in self.under_way:
            if is_taken:
                self.account.topics.push_delivered(push)
            else:
                self.account.topics.push_failed(push, self.now_ms, "answered 500")
        self.under_way.clear()

    @invariant()
    def nothing_is_lost_uncounted(self) -> None:
        metrics = self.account.topics.metrics
        ends = ("Delivered", "Lost", "Waiting")
        assert sum(metrics[f"TopicNotifications{end}"] for end in ends) == self.wanted
        assert len(self.account.lost) == metrics["TopicNotificationsLost"]

    def teardown(self) -> None:
        for queue in ("a", "b"):
            self.drain(queue)
        self.begin_pushes()
        while self.account.topics.metrics["TopicNotificationsWaiting"]:
            self.now_ms = max(self.now_ms, self.account.topics.next_push_ms() or 0)
            self.begin_pushes()
            assert self.under_way
            self.end_pushes(is_taken=True)


TestTopicMachine = TopicMachine.TestCase
TestTopicMachine.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)

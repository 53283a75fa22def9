"""What `limits.py` says of the service is what it does: a value is the code's own, a behaviour is observed here."""

from __future__ import annotations

import base64
import hashlib
import inspect
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from alibabacloud_fc20230330 import models

from fc_async.local import ManualClock, limits
from fc_async.local.catalog import fc_errors
from fc_async.local.catalog.async_configs import AsyncConfigs
from fc_async.local.catalog.control_plane import ControlPlane
from fc_async.local.catalog.fc_errors import FcError
from fc_async.local.catalog.function import Code, FunctionSpec
from fc_async.local.catalog.functions import FunctionCatalog
from fc_async.local.dispatch.push import content_md5, message_headers
from fc_async.local.engine.engine import Engine
from fc_async.local.engine.history import History
from fc_async.local.engine.invocation import Invocation, Outcome
from fc_async.local.engine.lane import Settings
from fc_async.local.mailbox import errors as mailbox_errors
from fc_async.local.mailbox.attributes import QueueChanges
from fc_async.local.mailbox.errors import MailboxError
from fc_async.local.mailbox.mailbox import Mailbox
from fc_async.local.mailbox.message import Draft, Property
from fc_async.local.mailbox.notification import Notification
from fc_async.local.mailbox.subscription import SubscriptionAttributes
from fc_async.local.mailbox.topic import Publication
from fc_async.local.mailbox.topics import Topics
from fc_async.local.mns.documents import read_queue
from fc_async.local.mns.raw_target import parse_target
from fc_async.local.mns.topic_documents import read_publication
from fc_async.local.workers.environment import handler_environment
from tests.contract.fc_sdk import get_task, invoke, invoke_async, put_config
from tests.contract.service import LocalService

START_MS = 1_767_225_600_000
URL = "http://127.0.0.1:1/"
WIRE = {"functionName": "f", "runtime": "python3.10", "handler": "a.b"}


class Account:
    """Functions, configs and the engine, without a service around them."""

    def __init__(self) -> None:
        self.engine = Engine("cn-x", "1")
        self.clock = ManualClock(START_MS)
        self.configs = AsyncConfigs("cn-x", "1")
        self.plane = ControlPlane(
            clock=self.clock, catalog=FunctionCatalog("cn-x", "1"), configs=self.configs, engine=self.engine
        )
        self.plane.create_function(WIRE, Code(Path("code")))

    def alias(self, version_id: str) -> None:
        self.plane.create_alias("f", {"aliasName": "prod", "versionId": version_id})


def engine_with(settings: Settings) -> Engine:
    engine = Engine("cn-x", "1")
    engine.functions.add("f")
    engine.functions.configure("f", None, settings)
    return engine


def is_refused(call: Callable[[], object], code: str) -> bool:
    """Whether it is refused with this code; with another one the rule is not what it was taken for."""
    try:
        call()
    except (FcError, MailboxError) as refused:
        return {code: True}[refused.code]
    return False


def mailbox(**changes: int) -> Mailbox:
    box = Mailbox(random=Random(7))  # noqa: S311 - ids, not secrets
    box.create_queue("q", START_MS, QueueChanges(**changes))
    return box


# Function Compute


def throttled_attempt_counts() -> bool:
    engine = engine_with(Settings())
    engine.functions.limit("f", 0)
    invocation = engine.accept(0, "f", b"", "r")
    assert engine.start(0) is None
    return invocation.attempts == 1


def reserved_concurrency_0() -> str:
    engine = engine_with(Settings())
    engine.functions.reserve("f", 0)
    return {True: "every invocation is throttled", False: "no limit"}[engine.begin_sync("f") is None]


def disabled_function_keeps_what_waits() -> bool:
    engine = engine_with(Settings())
    invocation = engine.accept(0, "f", b"", "r")
    engine.functions.disable("f", is_disabled=True)
    assert engine.start(0) is None
    engine.functions.disable("f", is_disabled=False)
    engine.due(60_000)
    return engine.start(60_000) is invocation


def settings_read_at() -> str:
    engine = engine_with(Settings(on_success="at acceptance"))
    engine.accept(0, "f", b"", "r")
    engine.functions.configure("f", None, Settings(on_success="at use"))
    invocation = engine.start(0)
    assert invocation is not None
    engine.finished(0, invocation, Outcome())
    (delivery,) = engine.take_deliveries()
    return delivery.destination.removeprefix("at ")


def record_timestamp() -> str:
    engine = engine_with(Settings(on_success="good"))
    engine.accept(1, "f", b"", "r")
    invocation = engine.start(2)
    assert invocation is not None
    engine.finished(3, invocation, Outcome())
    (delivery,) = engine.take_deliveries()
    return {1: "acceptance", 2: "start", 3: "end"}[delivery.record["timestamp"]]


def put_null_is_unset() -> bool:
    account = Account()
    account.plane.put_config("f", None, {"maxAsyncRetryAttempts": 1})
    return bool(account.plane.put_config("f", None, {"maxAsyncRetryAttempts": None})["maxAsyncRetryAttempts"] == 1)


def unknown_fields_are_refused() -> bool:
    plane = Account().plane
    function = plane.update_function("f", {"unknown": 1}, None)
    answers = plane.catalog.to_wire(function), plane.put_config("f", None, {"unknown": 1})
    return any("unknown" in answer for answer in answers)


def publish_compares() -> str:
    plane = Account().plane
    code = Code(Path("code"), checksum="1")
    plane.update_function("f", {}, code)
    plane.publish_version("f", "", None)
    plane.update_function("f", {}, code)
    assert is_refused(lambda: plane.publish_version("f", "", None), "VersionPublishError")
    plane.update_function("f", {"timeout": 9}, None)
    plane.publish_version("f", "", None)
    plane.update_function("f", {}, Code(Path("code"), checksum="2"))
    return {False: "fields and package"}[
        is_refused(lambda: plane.publish_version("f", "", None), "VersionPublishError")
    ]


def list_functions_description() -> str:
    plane = Account().plane
    plane.update_function("f", {"description": "sends orders"}, None)
    found = [plane.catalog.list({"description": text})["functions"] for text in ("orders", "no")]
    assert not found[1]
    return {1: "substring", 0: "equal"}[len(found[0])]


def put_checks_function() -> bool:
    return is_refused(lambda: Account().plane.put_config("g", None, {}), "FunctionNotFound")


def put_checks_destination() -> bool:
    body = {"destinationConfig": {"onFailure": {"destination": "acs:mns:::/queues/none/messages"}}}
    return is_refused(lambda: Account().plane.put_config("f", None, body), "InvalidDestinationResources")


def delete_function_deletes_configs() -> bool:
    account = Account()
    account.plane.put_config("f", None, {})
    account.plane.delete_function("f")
    return account.configs.find("f", None) is None


def missing_function_is_said_before_config() -> bool:
    plane = Account().plane
    return is_refused(lambda: plane.get_config("g", None), "FunctionNotFound") and is_refused(
        lambda: plane.get_config("f", "none"), "AliasNotFound"
    )


def task_belongs_to_qualifier() -> bool:
    engine = engine_with(Settings())
    engine.functions.add_qualifier("f", "prod")
    engine.accept(0, "f", b"", "r", qualifier="prod", is_task=True)
    return engine.find_task(0, "f", None, "r") is None and engine.find_task(0, "f", "prod", "r") is not None


def task_payload_until() -> str:
    engine = engine_with(Settings(async_task=True))
    engine.history = History(max_invocations=1)
    first = ended(engine, "first")
    assert first.payload
    ended(engine, "second")
    return "history" if engine.find_task(0, "f", None, "first") is first and not first.payload else "ever"


def ended(engine: Engine, request_id: str) -> Invocation:
    invocation = engine.accept(0, "f", b"x", request_id)
    assert engine.start(0) is invocation
    engine.finished(0, invocation, Outcome())
    return invocation


def alias_of_latest() -> bool:
    account = Account()
    account.alias("LATEST")
    return account.plane.catalog.resolve("f", "prod").version_id == "LATEST"


def version_used_by_alias_is_kept() -> bool:
    account = Account()
    account.plane.publish_version("f", "", None)
    account.alias("1")
    return is_refused(lambda: account.plane.delete_version("f", "1"), "InvalidArgument")


def delete_function_deletes_versions_and_aliases() -> bool:
    account = Account()
    account.plane.publish_version("f", "", None)
    account.alias("1")
    account.plane.delete_function("f")
    account.plane.create_function(WIRE, Code(Path("code")))
    catalog = account.plane.catalog
    return is_refused(lambda: catalog.resolve("f", "1"), "VersionNotFound") and is_refused(
        lambda: catalog.resolve("f", "prod"), "AliasNotFound"
    )


def codes_in_our_words() -> tuple[str, ...]:
    return tuple(codes_whose_words_are_assumed(fc_errors))


def codes_whose_words_are_assumed(of: object) -> Iterator[str]:
    """The codes of the refusals whose docstrings say so, in the order of their file."""
    made = (fc_errors.FcError, MailboxError)
    for make in filter(inspect.isfunction, vars(of).values()):
        if re.search(r"\bwords\s+are assumed", make.__doc__ or ""):
            refusal = make(*["1" for _ in inspect.signature(make).parameters])
            assert isinstance(refusal, made)
            yield refusal.code


def environment_version() -> str:
    environment = handler_environment(
        FunctionSpec("f", "python3.10", "a.b", Path("code")),
        qualifier="prod",
        version_id="3",
        instance_id="c-1",
        region="cn-x",
        account_id="1",
        endpoint="",
        home="",
        access_key=None,
        host={},
    )
    names = {"3": "version id", "prod": "qualifier"}
    (name,) = {names[environment[variable]] for variable in ("FC_VER_ID", "FC_FUNCTION_VERSION")}
    return name


# MNS


def mns_retention_counts_from() -> str:
    box = mailbox(message_retention_period_seconds=60)
    box.send("q", "x", START_MS)
    box.send("q", "x", START_MS, delay_seconds=30)
    box.receive("q", START_MS + 20_000)
    status = box.get_attributes("q", START_MS + 60_000)
    left = status.active_messages + status.inactive_messages + status.delay_messages
    return "something later" if left else "sending"


def mns_handle_of_a_message_that_is_gone() -> str:
    box = mailbox()
    box.send("q", "x", START_MS)
    handle = str(box.receive("q", START_MS)[0].receipt_handle)
    box.delete_message("q", handle, START_MS)
    with pytest.raises(MailboxError) as refused:
        box.delete_message("q", handle, START_MS)
    return refused.value.code


def mns_released_message_keeps_its_priority() -> bool:
    box = mailbox()
    box.send_draft("q", Draft("first", priority=1), START_MS)
    held = box.receive("q", START_MS)[0]
    box.send("q", "second", START_MS)
    box.change_visibility("q", str(held.receipt_handle), 1, START_MS)
    return box.receive("q", START_MS + 1000)[0].body == "first"


def mns_order_of_equal_priorities() -> str:
    box = mailbox()
    box.send("q", "sent first", START_MS, delay_seconds=5)
    box.send("q", "visible first", START_MS + 1000)
    return {"visible first": "visible since", "sent first": "sent"}[box.receive("q", START_MS + 5000)[0].body]


def mns_delay_0_is_no_delay() -> bool:
    box = mailbox(delay_seconds=60)
    box.send("q", "x", START_MS, delay_seconds=0)
    return len(box.receive("q", START_MS)) == 1


def mns_empty_body_is_refused() -> bool:
    return is_refused(lambda: mailbox().send("q", "", START_MS), "InvalidArgument")


def mns_md5_with_properties() -> str:
    box = mailbox()

    def md5(body: str, value: str) -> str:
        return box.send_draft("q", Draft(body, user_properties=(Property("n", value, "STRING"),)), START_MS).body_md5

    changed = {"body": md5("b", "1"), "properties": md5("a", "2")}
    return " and ".join(name for name, other in changed.items() if other != md5("a", "1"))


def mns_deleting_a_missing_queue_is_refused() -> bool:
    return is_refused(lambda: mailbox().delete_queue("none"), "QueueNotExist")


def mns_unknown_elements_are_refused() -> bool:
    return is_refused(lambda: read_queue(b"<Queue><Unknown>1</Unknown></Queue>"), "InvalidArgument")


def mns_parameter_sent_twice_has() -> str:
    return {"1": "its first value", "2": "its last value"}[parse_target("/queues?a=1&A=2").query["a"]]


def mns_codes_in_our_words() -> tuple[str, ...]:
    return tuple(codes_whose_words_are_assumed(mailbox_errors))


# Topics


def topics_of(box: Mailbox) -> Topics:
    topics = Topics(box, random=Random(7))  # noqa: S311 - ids, not secrets
    topics.create_topic("t", START_MS)
    return topics


def subscribed(endpoint: str, content_format: str = "JSON") -> tuple[Topics, Mailbox]:
    box = mailbox()
    topics = topics_of(box)
    attributes = SubscriptionAttributes(endpoint, notify_content_format=content_format)
    topics.subscribe("t", "s", attributes, START_MS)
    return topics, box


def queue_endpoint(name: str) -> str:
    return f"acs:mns:cn-hangzhou:1:queues/{name}"


def mns_deleting_a_missing_topic_is_refused() -> bool:
    return is_refused(lambda: topics_of(mailbox()).delete_topic("none"), "TopicNotExist")


def mns_unsubscribing_what_is_missing_is_refused() -> bool:
    topics = topics_of(mailbox())
    refusals = {
        is_refused(lambda: topics.unsubscribe("none", "s"), "TopicNotExist"),
        is_refused(lambda: topics.unsubscribe("t", "none"), "SubscriptionNotExist"),
    }
    (refused,) = refusals
    return refused


def lost_or_delivered(topics: Topics, body: str) -> str:
    topics.publish("t", Publication(body), START_MS)
    counts = {name: topics.metrics[f"TopicNotifications{name.capitalize()}"] for name in ("lost", "delivered")}
    (what,) = [name for name, count in counts.items() if count]
    return what


def mns_subscribed_queue_that_is_missing() -> str:
    return lost_or_delivered(subscribed(queue_endpoint("none"))[0], "x")


def mns_envelope_counts_for_the_queues_size() -> bool:
    largest = "x" * 65_536
    assert lost_or_delivered(subscribed(queue_endpoint("q"), "SIMPLIFIED")[0], largest) == "delivered"
    return lost_or_delivered(subscribed(queue_endpoint("q"))[0], largest) == "lost"


def mns_topicoriginated() -> str:
    has = []
    for properties in ((), (Property("case", "1", "STRING"),)):
        topics, box = subscribed(queue_endpoint("q"))
        topics.publish("t", Publication("x", user_properties=properties), START_MS)
        first = box.receive("q", START_MS)[0].user_properties[:1]
        has.append(first == (Property("topicoriginated", "true", "BOOLEAN"),))
    return {(True, True): "every message", (False, True): "messages with properties"}[tuple(has)]


def notification(tag: str | None) -> Notification:
    return Notification("1", "t", "1", "s", "ID", "x", "MD5", tag, START_MS)


def mns_subscriptions_of_a_topic() -> str:
    topics, _ = subscribed(queue_endpoint("q"))
    for number in range(100):
        topics.subscribe("t", f"s{number}", SubscriptionAttributes(queue_endpoint("q")), START_MS)
    return {101: "any number"}[len(topics.list_subscriptions("t").items)]


def mns_queues_and_topics() -> str:
    box = mailbox()
    topics = topics_of(box)
    for number in range(1_001):
        box.create_queue(f"q{number}", START_MS)
        topics.create_topic(f"t{number}", START_MS)
    return {(True, True): "any number"}[box.has_queue("q1000"), topics.has_topic("t1000")]


def mns_subscribing_again_compares() -> str:
    topics, _ = subscribed(URL)
    topics.set_subscription("t", "s", START_MS, "EXPONENTIAL_DECAY_RETRY")
    first = SubscriptionAttributes(URL, notify_content_format="JSON")
    now = SubscriptionAttributes(URL, notify_strategy="EXPONENTIAL_DECAY_RETRY", notify_content_format="JSON")
    refused = [
        is_refused(lambda: topics.subscribe("t", "s", first, START_MS), "SubscriptionAlreadyExist"),
        is_refused(lambda: topics.subscribe("t", "s", now, START_MS), "SubscriptionAlreadyExist"),
    ]
    return {(True, False): "attributes as they are now", (False, True): "attributes as subscribed"}[tuple(refused)]


def mns_changed_strategy_applies_to() -> str:
    topics, _ = subscribed(URL)
    topics.publish("t", Publication("x"), START_MS)
    (push,) = topics.take_due_pushes(START_MS)
    topics.set_subscription("t", "s", START_MS, "EXPONENTIAL_DECAY_RETRY")
    waits_ms = (topics.push_failed(push, START_MS, "answered 500") or 0) - START_MS
    return "messages that wait, too" if waits_ms == 1_000 else "messages published later"


def mns_xml_notification_has() -> str:
    lines = notification("red").text("XML").split("\n")
    assert [line[:3] for line in lines[2:-1]] == ["  <"] * 9
    return {12: "a line for each element"}[len(lines)]


def mns_json_escapes() -> str:
    text = replace(notification(None), message="/<&>\u00e9\x7f").text("JSON")
    return "what JSON must" if '"/<&>\u00e9\x7f"' in text else "more"


def mns_tag_in_json() -> str:
    keys = list(json.loads(notification("red").text("JSON")))
    return {len(keys) - 1: "last"}[keys.index("MessageTag")]


def mns_white_space_around_a_tag() -> str:
    read = read_publication(b"<Message><MessageBody>x</MessageBody><MessageTag> red\n</MessageTag></Message>")
    return {"red": "dropped", " red\n": "kept"}[str(read.tag)]


def mns_topic_message_count() -> str:
    topics, box = subscribed(URL)
    topics.subscribe("t", "second", SubscriptionAttributes("http://127.0.0.1:2/"), START_MS)
    topics.subscribe("t", "third", SubscriptionAttributes(queue_endpoint("q")), START_MS)
    topics.publish("t", Publication("x"), START_MS)
    counts = [topics.get_attributes("t").message_count]
    for push in topics.take_due_pushes(START_MS):
        topics.push_delivered(push)
        counts.append(topics.get_attributes("t").message_count)
    assert len(box.peek("q", START_MS)) == 1
    return {(1, 1, 0): "messages that wait for a push"}[tuple(counts)]


def mns_pushes_that_wait_for_a_deleted_subscription() -> str:
    topics, _ = subscribed(URL)
    topics.publish("t", Publication("x"), START_MS)
    topics.unsubscribe("t", "s")
    assert topics.take_due_pushes(START_MS) == []
    return {1: "lost"}[topics.metrics["TopicNotificationsLost"]]


def mns_push_content_md5() -> str:
    digest = hashlib.md5(b"x").hexdigest().encode()  # noqa: S324
    return {base64.b64encode(digest).decode(): "base64 of hex"}[content_md5(b"x")]


def mns_push_headers_of() -> str:
    told = message_headers(notification("red"))
    expected = ("topic-owner", "topic-name", "subscriber", "subscription-name", "publish-time", "message-id")
    assert set(told) == {f"x-mns-{name}" for name in (*expected, "message-tag")}
    return "every format"  # it is not told the format


# With a service


def handler_none_is(service: LocalService) -> str:
    main = service.function("def handler(event, context):\n    return None\n")
    return bytes(invoke(service.fc, main).body.read()).decode()


def task_started_time(service: LocalService) -> str:
    main = service.function("def handler(event, context):\n    return 'x'\n")
    put_config(service.fc, main, async_task=True)
    invoke_async(service.fc, main, x_fc_async_task_id="t", common_headers={"x-fc-async-delay": "60"})
    task = service.later(60, lambda: get_task(service.fc, main, "t"))
    return {60_000: "acceptance", 0: "start"}[task.end_time - task.started_time]


def abort_ongoing_request_ends_with(service: LocalService) -> str:
    main = service.function("import time\ndef handler(event, context):\n    time.sleep(3600)\n", timeout=600)
    dead = service.queue()
    put_config(service.fc, main, on_failure=dead.arn, max_async_retry_attempts=0)
    invoke_async(service.fc, main)
    disable = models.DisableFunctionInvocationRequest(abort_ongoing_request=True)
    while not (records := dead.take()):  # at first its worker is still being started, and is not there to be aborted
        service.fc.disable_function_invocation(main, disable)
    return str(json.loads(records[0]["responsePayload"])["errorMessage"]).partition(" before")[0]


OBSERVED: dict[str, Callable[[], object]] = {
    observe.__name__: observe
    for observe in (
        throttled_attempt_counts,
        reserved_concurrency_0,
        disabled_function_keeps_what_waits,
        settings_read_at,
        record_timestamp,
        put_null_is_unset,
        put_checks_function,
        unknown_fields_are_refused,
        list_functions_description,
        publish_compares,
        put_checks_destination,
        delete_function_deletes_configs,
        missing_function_is_said_before_config,
        task_belongs_to_qualifier,
        task_payload_until,
        alias_of_latest,
        version_used_by_alias_is_kept,
        delete_function_deletes_versions_and_aliases,
        codes_in_our_words,
        environment_version,
        mns_retention_counts_from,
        mns_handle_of_a_message_that_is_gone,
        mns_released_message_keeps_its_priority,
        mns_order_of_equal_priorities,
        mns_delay_0_is_no_delay,
        mns_empty_body_is_refused,
        mns_md5_with_properties,
        mns_deleting_a_missing_queue_is_refused,
        mns_unknown_elements_are_refused,
        mns_parameter_sent_twice_has,
        mns_codes_in_our_words,
        mns_deleting_a_missing_topic_is_refused,
        mns_unsubscribing_what_is_missing_is_refused,
        mns_subscribed_queue_that_is_missing,
        mns_envelope_counts_for_the_queues_size,
        mns_topicoriginated,
        mns_subscriptions_of_a_topic,
        mns_queues_and_topics,
        mns_subscribing_again_compares,
        mns_changed_strategy_applies_to,
        mns_xml_notification_has,
        mns_json_escapes,
        mns_tag_in_json,
        mns_white_space_around_a_tag,
        mns_topic_message_count,
        mns_pushes_that_wait_for_a_deleted_subscription,
        mns_push_content_md5,
        mns_push_headers_of,
    )
}
OBSERVED_OF_A_SERVICE = (handler_none_is, task_started_time, abort_ongoing_request_ends_with)
RULES = {rule.name: rule for rule in limits.RULES}


@pytest.mark.parametrize("name", OBSERVED)
def test_what_a_rule_says_is_what_is_done(name: str) -> None:
    assert OBSERVED[name]() == RULES[name].value


def test_what_a_rule_says_is_what_the_service_does(assuming: Callable[..., LocalService]) -> None:
    service = assuming()
    for observe in OBSERVED_OF_A_SERVICE:
        assert observe(service) == RULES[observe.__name__].value


def test_each_rule_is_the_constant_that_the_code_uses_or_is_observed_here() -> None:
    constants = {name.lower(): value for name, value in vars(limits).items() if name.isupper()}
    observed = {*OBSERVED, *(observe.__name__ for observe in OBSERVED_OF_A_SERVICE)}
    assert set(RULES) - set(constants) == observed
    assert all(RULES[name].value == constants[name] for name in set(RULES) - observed)


def test_no_rule_is_declared_twice_and_each_says_where_it_comes_from() -> None:
    assert len(RULES) == len(limits.RULES)
    assert all(rule.source for rule in limits.RULES)


def test_a_constant_that_a_rule_declares_is_used() -> None:
    source = "\n".join(
        path.read_text() for path in Path(limits.__file__).parent.rglob("*.py") if path != Path(limits.__file__)
    )
    constants = {rule.name.upper() for rule in limits.RULES} & set(vars(limits))
    assert {name for name in constants if f"limits.{name}" not in source} == set()

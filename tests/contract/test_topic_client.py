"""TopicClient: what it sends, how it takes hostile answers, and that it fits the local service."""

import base64
import hashlib
import traceback

import pytest

from fc_async import (
    ArgumentError,
    FcAsyncError,
    NotificationError,
    QueueClient,
    ServiceError,
    SettingsError,
    TopicClient,
    TransportError,
    parse_record,
    verify_notification,
)
from fc_async.mns.account import MnsAccount
from fc_async.settings.access_key import AccessKey
from tests.peer import Drop, Peer, Reply

ID = {"x-mns-request-id": "6AB5CE464637440F00A48091", "Content-Type": "text/xml;charset=utf-8"}
BODY = "a card-4711-0815 b"
SECRET_URL = "http://4711-0815-4711@example.com/?token=4711-0815-4711"
# Recorded from the service (facts, mns 1.4).
PUBLISHED = """<?xml version="1.0" ?>
<Message xmlns="http://mns.aliyuncs.com/doc/v1">
  <MessageId>D024B7DD33FD7FCF7F8290DB150B1DE3</MessageId>
  <MessageBodyMD5>49293C275B7D3EA121BA1DCE7D207F3B</MessageBodyMD5>
</Message>"""
RECORD = '{"requestContext": {"requestId": "r-1", "functionArn": "acs:fc:::functions/f", "condition": "Expired"}}'


def error_xml(code, message="no"):
    return f"<Error xmlns='http://mns.aliyuncs.com/doc/v1/'><Code>{code}</Code><Message>{message}</Message></Error>"


def names_xml(*names, marker=None):
    items = "".join(
        f"<Subscription><SubscriptionURL>1.mns.cn-hangzhou.aliyuncs.com/topics/alarm/subscriptions/{name}"
        "</SubscriptionURL></Subscription>"
        for name in names
    )
    return f"<Subscriptions>{items}{'' if marker is None else f'<NextMarker>{marker}</NextMarker>'}</Subscriptions>"


def subscription_xml(name):
    endpoint = "<Endpoint>http://x/?t=4711-0815</Endpoint>"
    return f"<Subscription><SubscriptionName>{name}</SubscriptionName>{endpoint}</Subscription>"


def failure(call):
    with pytest.raises(FcAsyncError) as caught:
        call()
    printed = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert "4711-0815" not in printed, printed
    return caught.value


@pytest.fixture
def topic(local):
    with TopicClient("alarm", endpoint=local.url) as client:
        client.create()
        yield client


@pytest.fixture
def queue(local):
    def made(name):
        client = QueueClient(name, endpoint=local.url)
        client.create()
        return client

    return made


@pytest.fixture
def scripted():
    """Calls a client whose service answers by a script; gives what came of it and the requests."""

    def call(do, *script, **place):
        with Peer(*script) as peer, TopicClient("alarm", endpoint=peer.url, **place) as client:
            return do(client), peer.requests

    return call


def test_what_is_published_reaches_every_subscriber_whose_tag_fits(topic, queue):
    queues = {name: queue(name) for name in ("all", "urgent", "plain")}
    topic.subscribe("all", queue="all")
    topic.subscribe("urgent", queue="urgent", filter_tag="urgent")
    topic.subscribe("plain", queue="plain", content_format="SIMPLIFIED")
    text = " a <&> \r\n ]]> \u540d \U0001f600 "
    ids = [topic.publish(text, tag="urgent"), topic.publish(text.encode(), tag="other")]
    assert len(set(ids)) == 2
    assert len(queues["all"].receive(16)) == 2
    [message] = queues["urgent"].receive(16)
    assert ids[0] in message.message_body
    assert [one.message_body for one in queues["plain"].receive(16)] == [text, text]


@pytest.mark.parametrize("content_format", ["JSON", "XML", "SIMPLIFIED"])
def test_a_record_is_read_in_every_format(topic, queue, content_format):
    topic.subscribe("pager", queue="pager", content_format=content_format)
    pager = queue("pager")
    topic.publish(RECORD)
    [message] = pager.receive()
    assert parse_record(message).request_id == "r-1"


def test_a_push_is_received_and_verified(local, topic):
    with Peer(Reply(204)) as receiver:
        topic.subscribe("web", endpoint=f"{receiver.url}/notified?from=alarm", filter_tag="w\u00e4rn")
        message_id = topic.publish(RECORD, tag="w\u00e4rn")
        local.settle()
        [push] = receiver.requests
    parts = (push.method, push.target, push.headers, push.body)
    verify_notification(*parts, certificates=local.certificates)
    assert parse_record(push.body).request_id == "r-1"
    assert push.headers["x-mns-message-id"] == message_id
    with pytest.raises(NotificationError, match="another place"):
        verify_notification(*parts)
    with pytest.raises(NotificationError, match="Content-MD5"):
        verify_notification(*parts[:3], push.body + b" ", certificates=local.certificates)


def test_a_topic_that_is_there_with_the_same_attributes_stays_and_with_others_is_told(topic):
    topic.create()
    error = failure(lambda: topic.create(maximum_message_size=2048, logging_enabled=True))
    assert (error.status, error.code) == (409, "TopicAlreadyExist")
    assert "maximum_message_size is 65536, 2048 is asked for" in str(error)
    assert "logging_enabled is False, True is asked for" in str(error)
    topic.create(maximum_message_size=2048, update=True)
    topic.create(logging_enabled=True, update=True)
    topic.create(update=True)
    attributes = topic.get_attributes()
    assert (attributes.topic_name, attributes.maximum_message_size) == ("alarm", 2048)
    assert (attributes.logging_enabled, attributes.message_count) == (True, 0)


def test_subscriptions_are_listed_and_removed(topic):
    assert list(topic.iter_subscriptions()) == []
    topic.subscribe("pager", queue="pager", filter_tag="urgent", strategy="EXPONENTIAL_DECAY_RETRY")
    topic.subscribe("pager", queue="pager", filter_tag="urgent", strategy="EXPONENTIAL_DECAY_RETRY")
    [one] = topic.iter_subscriptions()
    assert (one.subscription_name, one.topic_name, one.filter_tag) == ("pager", "alarm", "urgent")
    assert one.endpoint == "acs:mns:cn-hangzhou:1234567890123456:queues/pager"
    assert (one.notify_content_format, one.notify_strategy) == ("JSON", "EXPONENTIAL_DECAY_RETRY")
    assert one.endpoint not in repr(one)
    error = failure(lambda: topic.subscribe("pager", queue="other"))
    assert (error.status, error.code) == (409, "SubscriptionAlreadyExist")
    assert "unsubscribe it first" in str(error)
    topic.unsubscribe("pager")
    assert list(topic.iter_subscriptions()) == []


def test_a_topic_that_is_removed_is_gone_with_its_subscriptions(topic):
    topic.subscribe("pager", queue="pager")
    topic.remove()
    assert failure(topic.get_attributes).code == "TopicNotExist"
    assert failure(lambda: topic.publish("x" * 20)).status == 404
    topic.create()
    assert list(topic.iter_subscriptions()) == []


def test_what_only_the_service_refuses_is_told_with_its_code(topic):
    topic.publish("x" * 65536)
    error = failure(lambda: topic.publish("\u540d" * 21846))
    assert (error.status, error.code) == (400, "InvalidArgument")
    error = failure(lambda: topic.subscribe("web", endpoint=SECRET_URL))
    assert (error.status, error.code) == (400, "EndpointInvalid")


@pytest.mark.parametrize("quoted", [SECRET_URL, SECRET_URL[-14:], f"no {SECRET_URL[7:21]}!"])
def test_an_endpoints_secrets_are_not_told_although_the_service_quotes_them(quoted, scripted):
    answer = Reply(400, error_xml("EndpointInvalid", quoted), ID)
    error = failure(lambda: scripted(lambda client: client.subscribe("web", endpoint=SECRET_URL), answer))
    assert (error.status, error.message) == (400, None)


@pytest.mark.parametrize(
    ("endpoint", "quoted"),
    [
        ("http://4711-0815@example.com/", "4711-0815"),
        ("http://user:4711-0815-4711@example.com/a@b", "4711-0815-4711"),
        ("http://example.com/?4711-0815", "4711-0815"),
        ("http://example.com?4711-0815", "4711-0815"),
        ("https://hooks.example.com/services/T1/4711-0815-4711", "services/T1/4711-0815-4711"),
    ],
)
def test_each_part_of_an_endpoint_that_may_be_a_secret_is_one(endpoint, quoted, scripted):
    answer = Reply(400, error_xml("EndpointInvalid", f"{quoted} is no endpoint"), ID)
    error = failure(lambda: scripted(lambda client: client.subscribe("web", endpoint=endpoint), answer))
    assert (error.status, error.message) == (400, None)


def test_a_sentence_of_the_service_stays_although_it_has_a_word_of_the_path(scripted):
    answer = Reply(400, error_xml("EndpointInvalid", "this cannot be pushed to"), ID)
    error = failure(lambda: scripted(lambda client: client.subscribe("web", endpoint="http://x/pushed"), answer))
    assert error.message == "this cannot be pushed to"


def test_topics_and_queues_are_listed_by_prefix_over_pages(local, topic, queue):
    for name in ("a-1", "a-2", "b-1"):
        queue(name)
        TopicClient(f"t-{name}", endpoint=local.url).create()
    with MnsAccount(endpoint=local.url) as account:
        assert sorted(one.queue_name for one in account.iter_queues()) == ["a-1", "a-2", "b-1"]
        assert sorted(one.queue_name for one in account.iter_queues("a-")) == ["a-1", "a-2"]
        assert sorted(one.topic_name for one in account.iter_topics("t-a")) == ["t-a-1", "t-a-2"]
        assert {one.maximum_message_size for one in account.iter_topics()} == {65536}
        assert {one.visibility_timeout for one in account.iter_queues()} == {30}


def test_a_name_of_256_characters_is_sent_and_one_of_257_is_not(local):
    with TopicClient("a" * 256, endpoint=local.url) as client:
        client.create()
        assert client.get_attributes().topic_name == "a" * 256
    with pytest.raises(ArgumentError):
        TopicClient("a" * 257, endpoint=local.url)


@pytest.mark.parametrize("name", ["", "-a", "a/b", "a b", "../queues/q", "a?b", "\u540d", None, 7])
def test_a_name_that_is_none_is_refused_before_anything_is_sent(name, scripted):
    with pytest.raises(ArgumentError):
        TopicClient(name, endpoint="http://127.0.0.1:1")
    for do in (lambda client: client.unsubscribe(name), lambda client: client.subscribe(name, queue="q")):
        with pytest.raises(ArgumentError):
            scripted(do)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"queue": "q", "endpoint": "http://x/"},
        {"queue": ""},
        {"queue": "a/b"},
        {"queue": "acs:mns:cn-hangzhou:1:/queues/q/messages"},
        {"queue": "acs:mns:cn-hangzhou:1:queues/\u540d"},
        {"queue": "acs:x"},
        {"endpoint": ""},
        {"endpoint": "http://x/ y"},
        {"endpoint": "http://x/\n"},
        {"endpoint": 7},
        {"queue": "q", "content_format": "YAML"},
        {"queue": "q", "content_format": None},
        {"queue": "q", "strategy": "backoff_retry"},
        {"queue": "q", "filter_tag": ""},
        {"queue": "q", "filter_tag": "a" * 17},
        {"queue": "q", "filter_tag": "a\nb"},
        {"queue": "q", "filter_tag": 7},
    ],
)
def test_a_subscription_that_cannot_be_right_is_refused_before_anything_is_sent(arguments):
    with Peer(Reply(201)) as peer, TopicClient("alarm", endpoint=peer.url) as client:
        assert isinstance(failure(lambda: client.subscribe("pager", **arguments)), ArgumentError)
        assert peer.requests == []


@pytest.mark.parametrize(
    ("body", "tag"),
    [("", None), (b"", None), ("\x00", None), ("\ud800", None), (b"\xff", None), (None, None), (7, None)]
    + [(BODY, tag) for tag in ("", "a" * 17, "\n", "\ud800", 7)],
)  # fmt: skip
def test_a_message_that_cannot_be_right_is_refused_before_anything_is_sent(body, tag):
    with Peer(Reply(201, PUBLISHED, ID)) as peer, TopicClient("alarm", endpoint=peer.url) as client:
        assert isinstance(failure(lambda: client.publish(body, tag=tag)), ArgumentError)
        assert peer.requests == []


@pytest.mark.parametrize("attributes", [{"maximum_message_size": 1023}, {"maximum_message_size": 65537},
                                        {"maximum_message_size": True}, {"logging_enabled": "yes"}])  # fmt: skip
def test_an_attribute_out_of_range_is_refused_before_anything_is_sent(attributes):
    with Peer(Reply(201)) as peer, TopicClient("alarm", endpoint=peer.url) as client:
        assert isinstance(failure(lambda: client.create(**attributes)), ArgumentError)
        assert peer.requests == []


def test_publishing_sends_the_sdks_document_signed_and_once(scripted):
    key = AccessKey("the-access-key-id", "the-access-key-secret", "the-security-token")
    message_id, [request] = scripted(
        lambda client: client.publish("a <b>\r\n", tag="warn"), Reply(201, PUBLISHED, ID), credentials=key
    )
    assert message_id == "D024B7DD33FD7FCF7F8290DB150B1DE3"
    assert (request.method, request.target) == ("POST", "/topics/alarm/messages")
    assert b"<MessageBody>a &lt;b&gt;&#13;\n</MessageBody><MessageTag>warn</MessageTag>" in request.body
    digest = hashlib.md5(request.body, usedforsecurity=False).hexdigest()
    assert base64.b64decode(request.headers["content-md5"]).decode() == digest
    assert request.headers["authorization"].startswith("MNS the-access-key-id:")
    assert request.headers["security-token"] == "the-security-token"


def test_a_queue_is_named_by_name_or_by_arn(scripted):
    def endpoint(queue, **place):
        _, [request] = scripted(lambda client: client.subscribe("pager", queue=queue), Reply(201), **place)
        return request.body.decode().partition("<Endpoint>")[2].partition("<")[0]

    assert endpoint("pager", region="cn-beijing", account_id="7") == "acs:mns:cn-beijing:7:queues/pager"
    assert endpoint("acs:mns:cn-shanghai:8:queues/pager") == "acs:mns:cn-shanghai:8:queues/pager"


def test_a_queue_whose_region_is_unknown_is_told(monkeypatch, tmp_path):
    for name in ("ALIBABA_CLOUD_REGION_ID", "FC_REGION", "ALIBABA_CLOUD_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    with TopicClient("alarm", endpoint="https://mns.example.com", account_id="7") as client:
        assert isinstance(failure(lambda: client.subscribe("pager", queue="q")), SettingsError)


def test_pages_of_subscriptions_are_joined_and_what_goes_meanwhile_is_left_out(scripted):
    found, requests = scripted(
        lambda client: [one.subscription_name for one in client.iter_subscriptions()],
        Reply(200, names_xml("a", "b", marker="m-1"), ID),
        Reply(200, subscription_xml("a"), ID),
        Reply(404, error_xml("SubscriptionNotExist"), ID),
        Reply(200, names_xml("c"), ID),
        Reply(200, subscription_xml("c"), ID),
    )
    assert found == ["a", "c"]
    assert [one.headers.get("x-mns-marker") for one in requests] == [None, None, None, "m-1", None]
    assert requests[0].target == "/topics/alarm/subscriptions"
    assert requests[1].target == "/topics/alarm/subscriptions/a"


def test_a_subscription_of_a_name_that_is_none_costs_the_others_nothing(scripted):
    found, requests = scripted(
        lambda client: [(one.subscription_name, one.endpoint) for one in client.iter_subscriptions()],
        Reply(200, names_xml("..", "a?b=c", "", "\u540d", "a"), ID),
        Reply(200, subscription_xml("a"), ID),
    )
    assert found == [("..", None), ("a?b=c", None), (None, None), ("\u540d", None), ("a", "http://x/?t=4711-0815")]
    assert len(requests) == 2


@pytest.mark.parametrize(
    "body",
    [
        names_xml(marker="m"),
        "<Queues/>",
        "<a>" * 10_000,
        '<!DOCTYPE x [<!ENTITY a "aaaa">]><Subscriptions>&a;</Subscriptions>',
        b"\xff",
        b"",
    ],
)
def test_a_list_that_is_hostile_or_broken_is_one_sentence(body, scripted):
    error = failure(lambda: scripted(lambda client: list(client.iter_subscriptions()), Reply(200, body, ID)))
    assert isinstance(error, ServiceError)
    assert error.status == 200
    assert len(str(error)) < 300


@pytest.mark.parametrize("marker", ["\u540d", "m" * 3000, "a\nb"])
def test_a_marker_that_no_header_can_hold_is_not_sent_back(marker, scripted):
    answer = Reply(200, names_xml(marker=marker), ID)
    error = failure(lambda: scripted(lambda client: list(client.iter_subscriptions()), answer))
    assert "cannot be sent back" in str(error)


@pytest.mark.parametrize("answer", [Reply(201, "<Message/>", ID), Reply(201, "<html>", ID), Reply(302, b"", ID),
                                    Reply(200, PUBLISHED, ID), Reply(500, error_xml("InternalError", BODY), ID),
                                    Drop(after_reading=True), Reply(201, PUBLISHED, ID, missing_bytes=5)])  # fmt: skip
def test_a_publish_that_is_not_confirmed_is_never_sent_again(answer):
    with Peer(answer) as peer, TopicClient("alarm", endpoint=peer.url) as client:
        error = failure(lambda: client.publish(BODY))
        assert isinstance(error, (ServiceError, TransportError))
        assert len(peer.requests) == 1

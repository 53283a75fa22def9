"""What MNS promises of topics: through the official SDK, through requests as each other client writes them, and in
pushes that a real endpoint receives and verifies. The SDK's topic half has defects: where it cannot, requests are raw.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import aiohttp
import pytest
from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.x509 import load_pem_x509_certificate
from mns.account import Account, AccountMeta
from mns.message_property import MessagePropertyValue, PropertyType
from mns.mns_exception import MNSClientParameterException, MNSServerException
from mns.queue import Queue, QueueMeta
from mns.subscription import SubscriptionMeta
from mns.topic import Base64TopicMessage, TopicMessage, TopicMeta

from fc_async import AsyncInvokeConfig, DestinationConfig, QueueClient, parse_record
from fc_async.errors import LocalError
from fc_async.local import LocalServer, ManualClock
from fc_async.local.catalog.function import FunctionSpec
from fc_async.local.system_clock import SystemClock
from tests.contract.fc_sdk import create_function, fc_client, invoke_async, put_config, request
from tests.contract.mns_server import MnsServer, running_mns
from tests.contract.service import Silence
from tests.peer import Peer, Received, Reply

VERSION = {"x-mns-version": "2015-06-06"}
TOPIC_ARN = "acs:mns:cn-hangzhou:1234567890123456:/topics/{}/messages"
FAILS = "class MyError(Exception): pass\ndef handler(event, context):\n    raise MyError('no <&> \\r\\n \u540d')\n"


@pytest.fixture
def server() -> Iterator[MnsServer]:
    with running_mns() as running:
        yield running


@pytest.fixture
def account(server: MnsServer) -> Iterator[Account]:
    account = Account(server.base_url, "local", "local", logger=Silence())
    yield account
    account.mns_client.http.conn.close()


def endpoint(queue: str) -> str:
    return f"acs:mns:cn-hangzhou:1234567890123456:queues/{queue}"


def made_queue(account: Account, name: str) -> Queue:
    queue = account.get_queue(name)
    queue.set_encoding(False)
    queue.create(QueueMeta())
    return queue


def code(error: pytest.ExceptionInfo[MNSServerException]) -> str:
    assert re.fullmatch("[0-9A-F]{24}", error.value.request_id)
    return str(error.value.type)


def raw(server: MnsServer, method: str, path: str, body: str | bytes | None = None, **headers: str) -> tuple[int, str]:
    """Status, and the code of a refusal."""
    status, _, answer = server.request(
        method, path, body, {name.replace("_", "-"): value for name, value in headers.items()}
    )
    return status, "".join(re.findall("<Code>(.*)</Code>", answer.decode()))


# The official SDK


def test_a_topic_is_created_read_changed_listed_and_deleted(server: MnsServer, account: Account) -> None:
    topic = account.get_topic("alarm")
    url = topic.create(TopicMeta(maximum_message_size=2_048))
    assert url == f"{server.base_url}/topics/alarm"
    assert topic.create(TopicMeta(maximum_message_size=2_048)) == url
    with pytest.raises(MNSServerException) as error:
        topic.create(TopicMeta(maximum_message_size=2_049))
    assert code(error) == "TopicAlreadyExist"
    topic.set_attributes(TopicMeta(logging_enabled=True))
    meta = topic.get_attributes()
    assert (meta.topic_name, meta.maximum_message_size, meta.logging_enabled) == ("alarm", 2_048, True)
    assert (meta.message_retention_period, meta.message_count) == (86_400, 0)
    assert meta.create_time == meta.last_modify_time == server.clock.now_ms() // 1000
    assert account.list_topic() == ([url], "")
    topic.delete()
    topic.delete()
    for call in (topic.get_attributes, lambda: topic.publish_message(TopicMessage("x")), topic.list_subscription):
        with pytest.raises(MNSServerException) as error:
            call()
        assert code(error) == "TopicNotExist"


def test_topics_and_subscriptions_are_listed_by_pages_and_by_prefix(account: Account) -> None:
    topic = account.get_topic("b0")
    for name in ("b2", "a", "b1", "b0"):
        account.get_topic(name).create(TopicMeta())
        topic.get_subscription(name).subscribe(SubscriptionMeta(endpoint("q"))) if name == "b0" else None
    for name in ("b2", "a", "b1"):
        topic.get_subscription(name).subscribe(SubscriptionMeta(endpoint("q")))
    for listed in (account.list_topic, topic.list_subscription):
        first, marker = listed(prefix="b", ret_number=2)
        rest, end = listed(prefix="b", ret_number=2, marker=marker)
        assert [url.rpartition("/")[2] for url in first + rest] == ["b0", "b1", "b2"]
        assert end == ""
        with pytest.raises(MNSServerException) as error:
            listed(ret_number=1_001)
        assert code(error) == "InvalidArgument"


def test_a_subscription_is_made_read_changed_and_removed(server: MnsServer, account: Account) -> None:
    account.get_topic("t").create(TopicMeta())
    subscription = account.get_subscription("t", "s")
    for call in (subscription.get_attributes, lambda: subscription.set_attributes(SubscriptionMeta())):
        with pytest.raises(MNSServerException) as error:
            call()
        assert code(error) == "SubscriptionNotExist"
    meta = SubscriptionMeta(endpoint("q"), "EXPONENTIAL_DECAY_RETRY", "JSON", "red")
    where = subscription.subscribe(meta)
    assert where == f"{server.base_url.removeprefix('http://')}/topics/t/subscriptions/s"
    assert subscription.subscribe(meta) == where
    with pytest.raises(MNSServerException) as error:
        subscription.subscribe(SubscriptionMeta(endpoint("q")))
    assert code(error) == "SubscriptionAlreadyExist"
    subscription.set_attributes(SubscriptionMeta(notify_strategy="BACKOFF_RETRY"))
    told = subscription.get_attributes()
    assert (told.topic_owner, told.topic_name, told.subscription_name) == ("1234567890123456", "t", "s")
    assert (told.endpoint, told.filter_tag) == (endpoint("q"), "red")
    assert (told.notify_strategy, told.notify_content_format) == ("BACKOFF_RETRY", "JSON")
    assert told.create_time == server.clock.now_ms() // 1000
    subscription.unsubscribe()
    subscription.unsubscribe()
    assert account.get_topic("t").list_subscription() == ([], "")


def test_what_is_left_out_of_a_subscription_has_the_services_default(account: Account) -> None:
    account.get_topic("t").create(TopicMeta())
    subscription = account.get_subscription("t", "s")
    subscription.subscribe(SubscriptionMeta(endpoint("q")))
    told = subscription.get_attributes()
    assert (told.notify_strategy, told.notify_content_format, told.filter_tag) == ("BACKOFF_RETRY", "XML", "")


def test_a_message_reaches_every_queue_that_wants_it_in_its_format(account: Account) -> None:
    topic = account.get_topic("t")
    topic.create(TopicMeta())
    queues = {name: made_queue(account, name) for name in ("json", "xml", "simplified", "blue")}
    for name in ("json", "xml", "simplified"):
        topic.get_subscription(name).subscribe(
            SubscriptionMeta(endpoint(name), notify_content_format=name.upper(), filter_tag="red")
        )
    topic.get_subscription("blue").subscribe(SubscriptionMeta(endpoint("blue"), filter_tag="blue"))
    message = TopicMessage('{"a":"<&>\u540d"}', "red")
    message.add_user_property("case", MessagePropertyValue(PropertyType.STRING, "ack"))
    sent = topic.publish_message(message)
    in_json = queues["json"].receive_message()
    told = json.loads(in_json.message_body)
    assert (told["MessageId"], told["MessageMD5"]) == (sent.message_id, sent.message_body_md5)
    assert (told["Message"], told["MessageTag"]) == (message.message_body, "red")
    assert {name: value.string_value for name, value in in_json.user_properties.items()} == {
        "topicoriginated": "true",
        "case": "ack",
    }
    root = ElementTree.fromstring(queues["xml"].receive_message().message_body)  # noqa: S314 - the local service's
    assert root.find("{*}Message").text == message.message_body
    assert queues["simplified"].receive_message().message_body == message.message_body
    with pytest.raises(MNSServerException) as error:
        queues["blue"].receive_message()
    assert code(error) == "MessageNotExist"


def test_a_base64_message_stays_base64_in_its_envelope(account: Account) -> None:
    topic = account.get_topic("t")
    topic.create(TopicMeta())
    queue = made_queue(account, "q")
    topic.get_subscription("s").subscribe(SubscriptionMeta(endpoint("q"), notify_content_format="JSON"))
    topic.publish_message(Base64TopicMessage("{}"))
    assert json.loads(queue.receive_message().message_body)["Message"] == "e30="


def test_the_sdk_refuses_a_tag_of_17_characters_before_it_asks(account: Account) -> None:
    account.get_topic("t").create(TopicMeta())
    with pytest.raises(MNSClientParameterException):
        account.get_subscription("t", "s").subscribe(SubscriptionMeta(endpoint("q"), filter_tag="x" * 17))


def test_the_account_has_a_logging_bucket_and_its_service_can_be_opened(account: Account) -> None:
    assert account.get_attributes().logging_bucket == ""
    account.set_attributes(AccountMeta("bucket"))
    assert account.get_attributes().logging_bucket == "bucket"
    account.set_attributes(AccountMeta())
    assert account.get_attributes().logging_bucket == "bucket"
    assert account.open_service().status == 200


def test_the_calls_of_the_account_are_mns_whatever_their_path(local: LocalServer) -> None:
    account = Account(local.url, "id", "secret", logger=Silence())
    account.set_attributes(AccountMeta("bucket"))
    assert account.get_attributes().logging_bucket == "bucket"
    account.open_service()
    account.mns_client.http.conn.close()
    for method, path, headers in (
        ("POST", "/commonbuy/openservice", VERSION),
        ("POST", "/commonbuy/other", {"Authorization": "MNS id:c2ln"}),
        ("GET", "/", VERSION),
    ):
        assert b"xmlns=" in request(local, method, path, None, headers)[2]
    for path in ("/_local/health", "/2023-03-30/functions"):
        assert request(local, "GET", path, None, VERSION)[1]["content-type"].startswith("application/json")


# Other clients, as the table of facts has them


def hex_md5(body: bytes) -> str:
    return base64.b64encode(hashlib.md5(body).hexdigest().encode()).decode()  # noqa: S324


def raw_md5(body: bytes) -> str:
    return base64.b64encode(hashlib.md5(body).digest()).decode()  # noqa: S324


CLIENTS = {
    "python": ("text/xml;charset=UTF-8", hex_md5, 'xmlns="http://mns.aliyuncs.com/doc/v1/"'),
    "node": ("text/xml", hex_md5, 'xmlns="http://mns.aliyuncs.com/doc/v1/"'),
    "ali-mns": ("text/xml;charset=utf-8", raw_md5, 'xmlns="http://mns.aliyuncs.com/doc/v1/"'),
    "go": ("application/xml", hex_md5, ""),
    "java": ("text/xml;charset=UTF-8", None, 'xmlns="http://mns.aliyuncs.com/doc/v1"'),
    "php": ("text/xml", None, 'xmlns="http://mns.aliyuncs.com/doc/v1/"'),
    "elixir": ("text/xml", None, 'xmlns="http://mns.aliyuncs.com/doc/v1/"'),
}


@pytest.mark.parametrize("client", CLIENTS)
def test_each_client_creates_subscribes_publishes_and_reads(server: MnsServer, client: str) -> None:
    content_type, md5, namespace = CLIENTS[client]

    def call(method: str, path: str, body: str = "") -> int:
        data = body.encode()
        headers = {"Content-Type": content_type}
        if md5 is not None and (data or client in ("node", "go")):
            headers["Content-MD5"] = md5(data)
        return server.request(method, path, data, headers)[0]

    declaration = '<?xml version="1.0" encoding="UTF-8" standalone="no"?>' if client == "java" else ""
    assert call("PUT", "/queues/q") == 201
    assert call("PUT", "/topics/t", f"{declaration}<Topic {namespace}></Topic>") == 201
    assert call("PUT", "/topics/t") == 204
    subscription = (
        f"{declaration}<Subscription {namespace}><Endpoint>{endpoint('q')}</Endpoint><FilterTag></FilterTag>"
        "<NotifyStrategy>BACKOFF_RETRY</NotifyStrategy><NotifyContentFormat>SIMPLIFIED</NotifyContentFormat>"
        "</Subscription>"
    )
    assert call("PUT", "/topics/t/subscriptions/s", subscription) == 201
    message = (
        f"{declaration}<Message {namespace}><MessageBody>h\u00e9j</MessageBody><MessageTag></MessageTag></Message>"
    )
    assert call("POST", "/topics/t/messages", message) == 201
    assert "<MessageBody>h\u00e9j</MessageBody>".encode() in server.request("GET", "/queues/q/messages")[2]
    assert call("PUT", "/topics/t/subscriptions/s?metaOverride=true", f"<Subscription {namespace}/>") == 204
    assert call("PUT", "/topics/t?metaoverride=TRUE", f"<Topic {namespace}/>") == 204
    assert call("DELETE", "/topics/t/subscriptions/s") == 204
    assert call("DELETE", "/topics/t") == 204


@pytest.mark.parametrize("written", [hex_md5, raw_md5, lambda body: hashlib.md5(body).hexdigest()])  # noqa: S324
@pytest.mark.parametrize("path", ["/queues/q/messages", "/topics/t/messages"])
def test_a_content_md5_of_another_body_is_refused_and_nothing_is_sent(
    server: MnsServer, written: object, path: str
) -> None:
    assert callable(written)
    server.request("PUT", "/queues/q")
    server.request("PUT", "/topics/t")
    body = b"<Message><MessageBody>x</MessageBody></Message>"
    assert raw(server, "POST", path, body, Content_MD5=written(body)) == (201, "")
    assert raw(server, "POST", path, body, Content_MD5=written(body + b" ")) == (400, "InvalidDigest")
    assert raw(server, "PUT", "/topics/new", b"", Content_MD5="nonsense") == (400, "InvalidDigest")
    assert raw(server, "GET", "/topics/new") == (404, "TopicNotExist")
    assert server.topics.metrics["TopicMessagesPublished"] == (path == "/topics/t/messages")


def test_a_carriage_return_is_written_so_that_parsers_give_it_back(server: MnsServer) -> None:
    server.request("PUT", "/queues/q")
    server.request("PUT", "/topics/t")
    body = f"<Subscription><Endpoint>{endpoint('q')}</Endpoint></Subscription>"
    server.request("PUT", "/topics/t/subscriptions/s", body)
    server.request("POST", "/topics/t/messages", "<Message><MessageBody>a&#13;\nb</MessageBody></Message>")
    answer = server.request("GET", "/queues/q/messages")[2]
    assert b"a&amp;#13;\nb" in answer  # the Notification's own, inside the answer's
    server.request("POST", "/queues/q/messages", "<Message><MessageBody>a&#13;\nb</MessageBody></Message>")
    assert b"<MessageBody>a&#13;\nb</MessageBody>" in server.request("GET", "/queues/q/messages")[2]


# Refusals


def subscription(endpoint_text: str = "acs:mns:::queues/q", more: str = "") -> str:
    return f"<Subscription><Endpoint>{endpoint_text}</Endpoint>{more}</Subscription>"


S = "/topics/t/subscriptions/s"


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("PUT", "/topics/" + "a" * 256, None, (201, "")),
        ("PUT", "/topics/" + "a" * 257, None, (400, "TopicNameLengthError")),
        ("PUT", "/topics/a_b", None, (400, "TopicNameInvalid")),
        ("PUT", "/topics/new", "<Topic", (400, "MalformedXML")),
        ("PUT", "/topics/new", "<Queue/>", (400, "InvalidArgument")),
        (
            "PUT",
            "/topics/new",
            "<Topic><MaximumMessageSize>65537</MaximumMessageSize></Topic>",
            (400, "InvalidArgument"),
        ),
        ("PUT", "/topics/none?metaoverride=true", "<Topic/>", (404, "TopicNotExist")),
        ("GET", "/topics/none", None, (404, "TopicNotExist")),
        ("GET", "/topics/none/subscriptions", None, (404, "TopicNotExist")),
        ("POST", "/topics/none/messages", "<Message><MessageBody>x</MessageBody></Message>", (404, "TopicNotExist")),
        ("POST", "/topics/t/messages", None, (400, "MalformedXML")),
        ("POST", "/topics/t/messages", "<Message/>", (400, "InvalidArgument")),
        ("POST", "/topics/t/messages", "<Message><MessageBody></MessageBody></Message>", (400, "InvalidArgument")),
        (
            "POST",
            "/topics/t/messages",
            "<Message><MessageBody>x</MessageBody><MessageTag>" + "x" * 17 + "</MessageTag></Message>",
            (400, "InvalidArgument"),
        ),
        (
            "POST",
            "/topics/t/messages",
            "<Message><MessageBody>" + "x" * 65_536 + "</MessageBody></Message>",
            (201, ""),
        ),
        (
            "POST",
            "/topics/t/messages",
            "<Message><MessageBody>" + "x" * 65_537 + "</MessageBody></Message>",
            (400, "InvalidArgument"),
        ),
        ("POST", "/topics/t/messages", b"x" * 1_048_577, (400, "InvalidArgument")),
        ("PUT", S, None, (400, "MalformedXML")),
        ("PUT", S, "<Subscription/>", (400, "InvalidArgument")),
        ("PUT", "/topics/none/subscriptions/s", subscription(), (404, "TopicNotExist")),
        ("PUT", "/topics/t/subscriptions/" + "a" * 256, subscription(), (400, "SubscriptionNameLengthError")),
        ("PUT", "/topics/t/subscriptions/a_b", subscription(), (400, "SubscriptionNameInvalid")),
        ("PUT", S, subscription("nonsense"), (400, "EndpointInvalid")),
        ("PUT", S, subscription("http://example.com/"), (400, "EndpointInvalid")),
        ("PUT", S, subscription("mail:directmail:x@example.com"), (501, "NotImplemented")),
        ("PUT", S, subscription(more="<FilterTag>" + "x" * 16 + "</FilterTag>"), (201, "")),
        ("PUT", S, subscription(more="<FilterTag>" + "x" * 17 + "</FilterTag>"), (400, "InvalidArgument")),
        ("PUT", S, subscription(more="<NotifyStrategy>NEVER</NotifyStrategy>"), (400, "InvalidArgument")),
        ("PUT", S, subscription(more="<NotifyContentFormat>YAML</NotifyContentFormat>"), (400, "InvalidArgument")),
        ("PUT", f"{S}?metaoverride=true", subscription(), (404, "SubscriptionNotExist")),
        ("GET", S, None, (404, "SubscriptionNotExist")),
        ("GET", "/topics/none/subscriptions/s", None, (404, "TopicNotExist")),
        ("PUT", "/?accountmeta=true", "<Queue/>", (400, "InvalidArgument")),
        ("GET", "/commonbuy/openservice", None, (501, "NotImplemented")),
        ("DELETE", "/topics/t/messages", None, (501, "NotImplemented")),
    ],
)
def test_what_a_topic_does_not_do_is_refused_in_the_services_shape(
    server: MnsServer, method: str, path: str, body: str | bytes | None, expected: tuple[int, str]
) -> None:
    server.request("PUT", "/topics/t")
    assert raw(server, method, path, body) == expected
    assert raw(server, "GET", "/topics/t") == (200, "")


def test_an_endpoint_elsewhere_is_refused_with_one_sentence(server: MnsServer) -> None:
    server.request("PUT", "/topics/t")
    answer = server.request("PUT", S, subscription("http://169.254.169.254/latest/meta-data"))[2].decode()
    (message,) = re.findall("<Message>(.*)</Message>", answer)
    assert "on this machine only" in message
    assert "169.254" not in answer
    assert server.topics.list_subscriptions("t").items == ()


def test_a_subscription_to_a_queue_that_is_not_there_is_accepted_and_its_messages_are_lost_and_counted(
    local: LocalServer,
) -> None:
    mns(local, "PUT", "/topics/t")
    mns(local, "PUT", S, subscription("acs:mns:::queues/nobody"))
    mns(local, "POST", "/topics/t/messages", "<Message><MessageBody>x</MessageBody></Message>")
    metrics = json.loads(request(local, "GET", "/_local/health")[2])["metrics"]
    assert {name: metrics[name] for name in metrics if name.startswith("Topic")} == {
        "TopicMessagesPublished": 1,
        "TopicNotificationsDelivered": 0,
        "TopicNotificationsLost": 1,
        "TopicNotificationsWaiting": 0,
    }


# Pushes


def mns(local: LocalServer, method: str, path: str, body: str | None = None) -> bytes:
    status, _, answer = request(local, method, path, body and body.encode(), VERSION)
    assert status < 300, answer
    return answer


def verify(method: str, target: str, headers: Mapping[str, str], body: bytes, certificates: Mapping[str, str]) -> None:
    """Hold a push to its signature, from the documentation; raises InvalidSignature."""
    headers = {name.lower(): value for name, value in headers.items()}
    assert headers["content-md5"] == hex_md5(body)
    url = base64.b64decode(headers["x-mns-signing-cert-url"], validate=True).decode()
    key = load_pem_x509_certificate(certificates[url].encode()).public_key()
    assert isinstance(key, RSAPublicKey)
    lines = [method, *(headers[name] for name in ("content-md5", "content-type", "date"))]
    lines += [f"{name}:{value}" for name, value in sorted(headers.items()) if name.startswith("x-mns-")]
    signature = base64.b64decode(headers["authorization"], validate=True)
    key.verify(signature, "\n".join([*lines, target]).encode(), PKCS1v15(), SHA1())  # noqa: S303 - the service's


PUSHED_HEADERS = {
    *("authorization", "connection", "content-length", "content-md5", "content-type", "date", "host", "user-agent"),
    *("x-mns-message-id", "x-mns-message-tag", "x-mns-publish-time", "x-mns-request-id", "x-mns-signing-cert-url"),
    *("x-mns-subscriber", "x-mns-subscription-name", "x-mns-topic-name", "x-mns-topic-owner", "x-mns-version"),
}


@pytest.mark.parametrize("content_format", ["XML", "JSON", "SIMPLIFIED"])
def test_a_push_reaches_a_real_endpoint_and_proves_where_it_is_from(content_format: str) -> None:
    async def story() -> None:
        received: list[tuple[web.Request, bytes]] = []

        async def take(asked: web.Request) -> web.Response:
            received.append((asked, await asked.read()))
            return web.Response(status=204)

        async with LocalServer(clock=ManualClock(), workers=0) as local:
            receiver = web.AppRunner(receiving := web.Application())
            receiving.router.add_post("/in/{name}", take)
            await receiver.setup()
            site = web.TCPSite(receiver, "127.0.0.1", 0)
            await site.start()
            port = receiver.addresses[0][1]
            async with aiohttp.ClientSession(local.url, headers=VERSION) as session:
                await session.put("/topics/t")
                more = f"<NotifyContentFormat>{content_format}</NotifyContentFormat>"
                await session.put(S, data=subscription(f"http://127.0.0.1:{port}/in/a%20b?c=d", more))
                tag = "<MessageTag>r\u00f6d</MessageTag>"
                body = f"<Message><MessageBody>h\u00e9j &lt;&#13;&gt;</MessageBody>{tag}</Message>"
                await session.post("/topics/t/messages", data=body)
                served = await (await session.get("/_local/certificate.pem")).text()
            await local.advanced(0)
            certificates = local.certificates
            assert certificates == {f"{local.url}/_local/certificate.pem": served}
            await receiver.cleanup()
        ((asked, pushed),) = received
        verify(asked.method, asked.raw_path, asked.headers, pushed, certificates)
        kind = {"XML": "text/xml", "JSON": "application/json", "SIMPLIFIED": "text/plain"}[content_format]
        assert asked.headers["Content-Type"] == f"{kind};charset=utf-8"
        assert asked.headers["User-Agent"] == "Aliyun Notification Service Agent"
        assert (asked.headers["x-mns-version"], asked.headers["x-mns-message-tag"]) == ("2015-06-06", "r\u00f6d")
        assert asked.headers["x-mns-topic-name"] == "t"
        assert {name.lower() for name in asked.headers} == PUSHED_HEADERS
        message = "h\u00e9j <\r>"
        if content_format == "XML":
            root = ElementTree.fromstring(pushed)  # noqa: S314 - the local service's
            assert root.find("{*}Message").text == message
        else:
            assert (json.loads(pushed)["Message"] if content_format == "JSON" else pushed.decode()) == message
        for method, target, changed in (
            ("PUT", asked.raw_path, {}),
            ("POST", "/in/other", {}),
            ("POST", asked.raw_path, {"Date": "Thu, 01 Jan 2026 00:00:00 GMT"}),
            ("POST", asked.raw_path, {"x-mns-message-id": "other"}),
        ):
            with pytest.raises(InvalidSignature):
                verify(method, target, {**asked.headers, **changed}, pushed, certificates)

    asyncio.run(story())


def pushed_to(peer: Peer, local: LocalServer) -> list[Received]:
    local.advance(0)
    return peer.requests


def test_a_push_carries_the_real_date_and_is_repeated_in_the_services_time(local: LocalServer) -> None:
    with Peer(Reply(500), Reply(200)) as peer:
        mns(local, "PUT", "/topics/t")
        strategy = "<NotifyStrategy>EXPONENTIAL_DECAY_RETRY</NotifyStrategy>"
        mns(local, "PUT", S, subscription(peer.url, strategy))
        mns(local, "POST", "/topics/t/messages", "<Message><MessageBody>x</MessageBody></Message>")
        assert len(pushed_to(peer, local)) == 1
        assert b"<MessageCount>1</MessageCount>" in mns(local, "GET", "/topics/t")
        listed = request(local, "GET", "/topics", None, {**VERSION, "x-mns-with-meta": "true"})[2]
        assert b"<MessageCount>1</MessageCount>" in listed
        local.advance(0.999)
        assert len(peer.requests) == 1
        local.advance(0.001)
        assert len(peer.requests) == 2
        assert b"<MessageCount>0</MessageCount>" in mns(local, "GET", "/topics/t")
    sent_ms = [parsedate_to_datetime(received.headers["date"]).timestamp() * 1000 for received in peer.requests]
    assert all(abs(ms - SystemClock().now_ms()) < 600_000 for ms in sent_ms)
    for received in peer.requests:
        headers = {name: value.encode("latin-1").decode() for name, value in received.headers.items()}
        verify(received.method, received.target, headers, received.body, local.certificates)


def test_the_same_certificate_is_served_before_and_after_the_first_push(local: LocalServer) -> None:
    first = local.certificates
    status, headers, body = request(local, "GET", "/_local/certificate.pem")
    assert (status, headers["content-type"].partition(";")[0]) == (200, "application/x-pem-file")
    assert first == {f"{local.url}/_local/certificate.pem": body.decode()} == local.certificates
    assert urlsplit(local.url).hostname == "127.0.0.1"


def test_topics_and_subscribers_are_of_the_services_account() -> None:
    with LocalServer(clock=ManualClock(), workers=0, account_id="42") as local, Peer() as peer:
        mns(local, "PUT", "/topics/t")
        mns(local, "PUT", S, subscription(peer.url))
        assert b"<TopicOwner>42</TopicOwner>" in mns(local, "GET", S)
        mns(local, "POST", "/topics/t/messages", "<Message><MessageBody>x</MessageBody></Message>")
        (received,) = pushed_to(peer, local)
    assert b"<TopicOwner>42</TopicOwner>" in received.body
    assert (received.headers["x-mns-topic-owner"], received.headers["x-mns-subscriber"]) == ("42", "42")


def test_a_service_that_does_not_run_has_no_certificates() -> None:
    with pytest.raises(LocalError, match="does not run"):
        assert LocalServer().certificates


# The chain: a failure, a topic, its queues and endpoints, the record


def test_a_failure_reaches_every_subscriber_of_a_topic_and_is_read_as_a_record(local: LocalServer) -> None:
    fc = fc_client(local)
    create_function(fc, "main", FAILS)
    put_config(fc, "main", on_failure=TOPIC_ARN.format("failures"), max_async_retry_attempts=0)
    mns(local, "PUT", "/topics/failures")
    with Peer(Reply(204)) as peer:
        for name in ("JSON", "XML", "SIMPLIFIED"):
            mns(local, "PUT", f"/queues/{name}")
            more = f"<NotifyContentFormat>{name}</NotifyContentFormat>"
            mns(local, "PUT", f"/topics/failures/subscriptions/{name}", subscription(endpoint(name), more))
            mns(local, "PUT", f"/topics/failures/subscriptions/push-{name}", subscription(peer.url, more))
        accepted = invoke_async(fc, "main", '{"a": "<&>\\r\u540d"}'.encode()).headers["x-fc-request-id"]
        local.advance(0)
        bodies: list[str | bytes] = [received.body for received in peer.requests]
    for name in ("JSON", "XML", "SIMPLIFIED"):
        with QueueClient(name, endpoint=local.url) as queue:
            (message,) = queue.receive()
        assert message.message_body is not None
        bodies.append(message.message_body)
    assert len(bodies) == 6
    for body in bodies:
        record = parse_record(body)
        assert record.request_id == accepted
        assert json.loads(record.request_payload) == {"a": "<&>\r\u540d"}
        assert record.error is not None
        assert record.error.message == "no <&> \r\n \u540d"
    envelopes = sorted(parse_record(body).envelopes for body in bodies)
    assert envelopes == [(), (), ("topic-json",), ("topic-json",), ("topic-xml",), ("topic-xml",)]


class Invokes(BaseHTTPRequestHandler):
    """Takes a push by invoking a function asynchronously."""

    local: LocalServer

    def do_POST(self) -> None:
        invoke_async(fc_client(self.local), "second")
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_settling_waits_also_for_what_a_push_has_set_off(local: LocalServer) -> None:
    fc = fc_client(local)
    create_function(fc, "main", FAILS)
    create_function(fc, "second", "def handler(event, context):\n    return event\n")
    put_config(fc, "main", on_failure=TOPIC_ARN.format("t"), max_async_retry_attempts=0)
    put_config(fc, "second", on_success=TOPIC_ARN.format("done"))
    for path in ("/topics/t", "/topics/done"):
        mns(local, "PUT", path)
    Invokes.local = local
    with Peer() as peer, ThreadingHTTPServer(("127.0.0.1", 0), Invokes) as receiver:
        threading.Thread(target=receiver.serve_forever).start()
        mns(local, "PUT", S, subscription(f"http://127.0.0.1:{receiver.server_address[1]}/"))
        mns(local, "PUT", "/topics/done/subscriptions/s", subscription(peer.url))
        invoke_async(fc, "main")
        local.settle()
        found = len(peer.requests)
        receiver.shutdown()
    assert found == 1


def test_a_topic_that_a_declared_function_names_is_there(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "index.py").write_text(FAILS)
    config = AsyncInvokeConfig(destination_config=DestinationConfig(on_failure="topic:alarm", on_success="topic:done"))
    spec = FunctionSpec("main", "python3.10", "index.handler", tmp_path, async_config=config)
    caplog.set_level("INFO", "fc_async.local")
    with LocalServer(clock=ManualClock(), workers=1, functions=[spec]) as local:
        mns(local, "PUT", "/queues/pager")
        mns(local, "PUT", "/topics/alarm/subscriptions/pager", subscription(endpoint("pager")))
        local.deploy_folder(spec)  # once more: the topic and its subscription stay
        invoke_async(fc_client(local), "main")
        local.advance(10)
        assert b"Notification" in mns(local, "GET", "/queues/pager/messages")
    assert caplog.text.count("topic alarm created, because function main names it") == 1


def test_a_topic_that_cannot_be_made_stops_the_start(tmp_path: Path) -> None:
    config = AsyncInvokeConfig(destination_config=DestinationConfig(on_failure="topic:a_b"))
    spec = FunctionSpec("main", "python3.10", "index.handler", tmp_path, async_config=config)
    with (
        pytest.raises(LocalError, match="function main: topic a_b: A topic's name should start with"),
        LocalServer(functions=[spec]),
    ):
        pass


def deliveries(local: LocalServer) -> list[str]:
    (shown,) = json.loads(request(local, "GET", "/_local/invocations")[2])
    return [delivery["status"] for delivery in shown["deliveries"]]


def test_a_record_is_delivered_when_the_topic_took_it_also_with_no_subscription(local: LocalServer) -> None:
    fc = fc_client(local)
    create_function(fc, "main", FAILS)
    put_config(fc, "main", on_failure=TOPIC_ARN.format("t"), max_async_retry_attempts=0)
    mns(local, "PUT", "/topics/t")
    invoke_async(fc, "main")
    local.advance(0)
    assert deliveries(local) == ["delivered"]


def test_a_missing_topic_is_retried_as_a_missing_queue_is(local: LocalServer) -> None:
    fc = fc_client(local)
    create_function(fc, "main", FAILS)
    put_config(fc, "main", on_failure=TOPIC_ARN.format("late"), max_async_retry_attempts=0)
    invoke_async(fc, "main")
    local.advance(3.4)
    assert deliveries(local) == []
    mns(local, "PUT", "/topics/late")
    local.advance(0.1)
    assert deliveries(local) == ["delivered"]


def test_a_record_over_64_kb_does_not_reach_a_topic(local: LocalServer) -> None:
    fc = fc_client(local)
    create_function(fc, "main", FAILS)
    put_config(fc, "main", on_failure=TOPIC_ARN.format("t"), max_async_retry_attempts=0)
    mns(local, "PUT", "/topics/t")
    invoke_async(fc, "main", b'"' * 40_000)
    local.advance(0)
    assert deliveries(local) == ["lost"]

"""QueueClient: what it sends and how it takes hostile answers, and that it fits the local service."""

import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from fc_async import ArgumentError, FcAsyncError, QueueClient, ServiceError, TransportError
from fc_async.local import LocalServer
from fc_async.mns.answer_xml import read_text
from fc_async.mns.connection import Connection
from fc_async.settings.access_key import AccessKey
from fc_async.settings.search import find_settings
from tests.peer import Drop, Peer, Reply

ID = {"x-mns-request-id": "6AB5CE464637440F00A48091", "Content-Type": "text/xml;charset=utf-8"}
KEY = AccessKey("the-access-key-id", "the-access-key-secret", "the-security-token")
BODY = "a card-4711-0815 b"
PRIVATE = ("the-access-key", "the-security-token", "4711-0815", "Authorization")
# Recorded from the service (facts, mns 1.4): pretty-printed, namespace without a final slash.
RECORDED = """<?xml version="1.0" ?>
<Messages xmlns="http://mns.aliyuncs.com/doc/v1">
  <Message>
    <MessageId>96B203D933FD7FCF7FB27DA130E356C1</MessageId>
    <MessageBodyMD5>4C1CE97E3D0479FFF0AB6B02B7F6F86E</MessageBodyMD5>
    <MessageBody>it-ack-test</MessageBody>
    <ReceiptHandle>96B203D933FD7FCF7FB27DA130E356C1-MyAxNzkwMjk5NzE4ODc3IDMwMDAw+/==</ReceiptHandle>
    <EnqueueTime>1790299715872</EnqueueTime>
    <FirstDequeueTime>1790299718877</FirstDequeueTime>
    <NextVisibleTime>1790299748877</NextVisibleTime>
    <DequeueCount>1</DequeueCount>
    <Priority>8</Priority>
    <UserProperties>
      <PropertyValue>
        <Name>case</Name>
        <Value>ack</Value>
        <Type>STRING</Type>
      </PropertyValue>
    </UserProperties>
  </Message>
</Messages>"""
EMPTY = """<?xml version="1.0" ?>
<Error xmlns="http://mns.aliyuncs.com/doc/v1">
  <Code>MessageNotExist</Code>
  <Message>Message not exist.</Message>
  <RequestId>6AB5CE493234370F0006D865</RequestId>
  <HostId>http://account-id.mns.cn-shanghai.aliyuncs.com</HostId>
</Error>"""


def error_xml(code: str, message: str = "no") -> str:
    return f"<Error xmlns='http://mns.aliyuncs.com/doc/v1/'><Code>{code}</Code><Message>{message}</Message></Error>"


def failure(call: Callable[[], object]) -> FcAsyncError:
    """Return the error, after a look at everything that Python would print of it."""
    with pytest.raises(FcAsyncError) as caught:
        call()
    printed = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert not any(private in printed for private in PRIVATE), printed
    return caught.value


def receive(reply: Reply) -> list[Any]:
    with Peer(reply) as peer, QueueClient("dead", endpoint=peer.url) as queue:
        return queue.receive(16)


def test_a_recorded_answer_is_read_whole() -> None:
    (message,) = receive(Reply(200, RECORDED, ID))
    assert message.message_id == "96B203D933FD7FCF7FB27DA130E356C1"
    assert message.message_body == "it-ack-test"
    assert message.message_body_md5 == "4C1CE97E3D0479FFF0AB6B02B7F6F86E"
    assert message.receipt_handle.endswith("+/==")
    assert (message.enqueue_time, message.first_dequeue_time) == (1790299715872, 1790299718877)
    assert (message.next_visible_time, message.dequeue_count, message.priority) == (1790299748877, 1, 8)
    assert message.user_properties == {"case": "ack"}
    assert "it-ack-test" not in repr(message)
    assert hash(message)


def test_an_empty_receive_is_an_empty_list() -> None:
    with Peer(Reply(404, EMPTY, ID)) as peer, QueueClient("dead", endpoint=peer.url) as queue:
        assert queue.receive(16, wait_seconds=30) == []
        assert queue.peek() == []
        assert [request.target for request in peer.requests] == [
            "/queues/dead/messages?numOfMessages=16&waitseconds=30",
            "/queues/dead/messages?peekonly=true&numOfMessages=1",
        ]


def test_one_odd_message_does_not_lose_the_batch() -> None:
    xml = """<m:Messages xmlns:m="http://mns.aliyuncs.com/doc/v1/">
      <m:Message><m:MessageId>a</m:MessageId><m:MessageBody/><m:ReceiptHandle>h1</m:ReceiptHandle></m:Message>
      <m:Message><m:MessageId>b</m:MessageId><m:ReceiptHandle>h2</m:ReceiptHandle><m:Priority>x</m:Priority></m:Message>
      <m:Message><m:MessageBody> cut<!-- here --> &lt;in&gt; <![CDATA[ two & more ]]></m:MessageBody></m:Message>
      <m:Message><m:MessageId>d</m:MessageId><m:MessageBody>eyJhIjogMX0=</m:MessageBody></m:Message>
    </m:Messages>"""
    messages = receive(Reply(200, xml, ID))
    assert [one.message_id for one in messages] == ["a", "b", "", "d"]
    assert [one.message_body for one in messages] == ["", "", " cut <in>  two & more ", "eyJhIjogMX0="]
    assert messages[1].priority is None
    assert messages[2].receipt_handle == ""


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><Messages>&b;</Messages>'
FILE = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]><Messages><Message>&f;</Message></Messages>'


@pytest.mark.parametrize(
    "body",
    [
        BOMB,
        FILE,
        '<?xml version="1.0" encoding="UTF-16"?>'.encode("utf-16") + FILE.encode("utf-16")[2:],
        "<a>" * 10_000,
        "<Messages>" + "<a>" * 10_000 + "</a>" * 10_000 + "</Messages>",
        "<html/>",
        "<Messages><Message>",
        "<html><body>hello</p></html>",
        '{"json": true}',
        b"",
        b"\xff\xfe\x00",
    ],
)
def test_a_hostile_or_broken_answer_is_one_sentence(body: Any) -> None:
    error = failure(lambda: receive(Reply(200, body, ID)))
    assert isinstance(error, ServiceError)
    assert (error.status, error.request_id) == (200, ID["x-mns-request-id"])
    assert "cannot be read" in str(error)
    assert len(str(error)) < 300


def test_an_answer_that_never_ends_is_left() -> None:
    error = failure(lambda: receive(Reply(200, b"<Messages>" + b" " * (8 * 1024 * 1024), ID)))
    assert isinstance(error, TransportError)
    assert "8388608 bytes" in str(error)


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (404, error_xml("QueueNotExist", "The queue name you provided is not exist."), "QueueNotExist"),
        (500, "<html>Internal</html>", None),
        (502, b"", None),
        (429, error_xml("TooManyRequests"), "TooManyRequests"),
        (302, b"", None),
        (500, BOMB, None),
    ],
)
def test_a_refusal_keeps_status_code_and_request_id(status: int, body: Any, code: str | None) -> None:
    headers = {"X-Mns-Request-Id": "6AB5", "Location": "http://127.0.0.1:1/"}
    with Peer(Reply(status, body, headers)) as peer, QueueClient("dead", endpoint=peer.url) as queue:
        for call in (
            queue.receive,
            queue.get_attributes,
            queue.create,
            lambda: queue.delete("h"),
            lambda: queue.send("b"),
        ):
            error = failure(call)
            assert isinstance(error, ServiceError)
            assert (error.status, error.code, error.request_id) == (status, code, "6AB5")
        assert len(peer.requests) == 5


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("SignatureDoesNotMatch", "we signed GET\n\ntext/xml"),
        ("InvalidAccessKeyId", "the-access-key-id is not exist"),
        ("InvalidArgument", "bad body card-4711-0815"),
    ],
)
def test_a_message_that_quotes_what_is_private_is_dropped(code: str, message: str) -> None:
    refusal = Reply(403, error_xml(code, message), ID)
    with Peer(refusal) as peer, QueueClient("dead", endpoint=peer.url, credentials=KEY) as queue:
        error = failure(lambda: queue.send(BODY))
    assert isinstance(error, ServiceError)
    assert (error.code, error.message) == (code, None)


def test_send_writes_the_body_as_it_is() -> None:
    sent = "<Message><MessageId>M</MessageId><MessageBodyMD5>X</MessageBodyMD5></Message>"
    with Peer(Reply(201, sent, ID)) as peer, QueueClient("dead", endpoint=peer.url, credentials=KEY) as queue:
        assert queue.send('{"a": "<é>"}', delay_seconds=0) == "M"
        assert queue.send(b"bytes") == "M"
        first, second = peer.requests
    body = first.body.replace(b"&quot;", b'"')  # Python 3.13 writes quotes as they are, earlier ones escape them
    assert b'<MessageBody>{"a": "&lt;\xc3\xa9&gt;"}</MessageBody>' in body
    assert b"<DelaySeconds>0</DelaySeconds>" in first.body
    assert b"<MessageBody>bytes</MessageBody>" in second.body
    assert b"DelaySeconds" not in second.body
    assert first.headers["security-token"] == "the-security-token"
    assert first.headers["authorization"].startswith("MNS the-access-key-id:")
    assert first.headers["x-mns-version"] == "2015-06-06"


@pytest.mark.parametrize("body", ["", b"", b"\xff", "nul \x00", "\ud800", "\uffff", None, 7, {"a": 1}])
def test_a_body_that_xml_cannot_carry_is_refused_before_the_call(body: Any) -> None:
    with Peer() as peer, QueueClient("dead", endpoint=peer.url) as queue:
        with pytest.raises(ArgumentError):
            queue.send(body)
        assert peer.requests == []


def test_a_dropped_request_is_not_sent_again() -> None:
    with Peer(Drop(after_reading=True)) as peer, QueueClient("dead", endpoint=peer.url, credentials=KEY) as queue:
        for number, call in enumerate((lambda: queue.send(BODY), queue.receive, lambda: queue.delete("h")), 1):
            error = failure(call)
            assert len(peer.requests) == number
            assert isinstance(error, TransportError)
            assert error.sent
    assert str(error).startswith("delete dead: ")


def test_a_refused_connection_was_not_sent() -> None:
    with Peer() as peer:
        url = peer.url
    with QueueClient("dead", endpoint=url, credentials=KEY) as queue:
        error = failure(lambda: queue.send(BODY))
    assert isinstance(error, TransportError)
    assert not error.sent


def test_a_hung_server_is_left_after_the_read_timeout() -> None:
    never = threading.Event()
    with Peer(Reply(200, hold=never)) as peer:
        with QueueClient("dead", endpoint=peer.url, read_timeout_seconds=0.2) as queue:
            error = failure(queue.get_attributes)
        never.set()
    assert isinstance(error, TransportError)
    assert error.sent


def test_a_topic_is_called_as_a_queue_is() -> None:
    refusal = Reply(404, error_xml("TopicNotExist"), ID)
    with Peer(Reply(201, "<Message><MessageId>M</MessageId></Message>", ID), refusal) as peer:
        topic = Connection("topics", "news", find_settings("mns", endpoint=peer.url, credentials=KEY), 5, 5)
        answer = topic.call("publish", "POST", "/messages", b"<Message/>", expected=(201,))
        assert topic.read("publish", answer, lambda body: read_text(body, "MessageId")) == "M"
        error = failure(lambda: topic.call("get_attributes", "GET", ""))
        topic.close()
        assert [request.target for request in peer.requests] == ["/topics/news/messages", "/topics/news"]
        assert peer.requests[0].headers["authorization"].startswith("MNS the-access-key-id:")
    assert str(error).startswith("get_attributes news: the service answered 404 TopicNotExist")


def test_an_idle_connection_that_the_server_closed_is_opened_anew() -> None:
    with Peer(Reply(404, EMPTY, ID)) as peer, QueueClient("dead", endpoint=peer.url) as queue:
        queue.receive()
        peer.close_connections()
        queue.receive()
        assert [request.connection for request in peer.requests] == [1, 2]


def test_a_receipt_handle_is_escaped_in_the_url() -> None:
    changed = "<ChangeVisibility><ReceiptHandle>new+/=</ReceiptHandle></ChangeVisibility>"
    with Peer(Reply(204, b"", ID), Reply(200, changed, ID)) as peer, QueueClient("dead", endpoint=peer.url) as queue:
        queue.delete("1-ODU4+/k== &x")
        assert queue.change_visibility("1-ODU4+/k==", 43200) == "new+/="
        assert [request.target for request in peer.requests] == [
            "/queues/dead/messages?ReceiptHandle=1-ODU4%2B%2Fk%3D%3D%20%26x",
            "/queues/dead/messages?ReceiptHandle=1-ODU4%2B%2Fk%3D%3D&VisibilityTimeout=43200",
        ]


def test_delete_takes_any_number_and_tries_all() -> None:
    partial = (
        "<Errors><Error><ErrorCode>MessageNotExist</ErrorCode><ErrorMessage>Message not exist.</ErrorMessage>"
        "<ReceiptHandle>h1</ReceiptHandle></Error></Errors>"
    )
    with Peer(Reply(404, partial, ID), Reply(204, b"", ID)) as peer, QueueClient("dead", endpoint=peer.url) as queue:
        error = failure(lambda: queue.delete([f"h{n}" for n in range(33)]))
        assert [request.body.count(b"<ReceiptHandle>") for request in peer.requests] == [16, 16, 1]
        queue.delete([])
        assert len(peer.requests) == 3
    assert isinstance(error, ServiceError)
    assert error.code == "MessageNotExist"
    assert "1 of the messages could not be deleted" in str(error)


def test_create_sends_the_attributes_that_are_named() -> None:
    with Peer(Reply(201, b"", ID), Reply(204, b"", ID)) as peer, QueueClient("dead", endpoint=peer.url) as queue:
        queue.create(message_retention_period=604800, delay_seconds=0, logging_enabled=False, polling_wait_seconds=None)
        queue.create()
        first, second = peer.requests
    assert (first.method, first.target) == ("PUT", "/queues/dead")
    assert b"<MessageRetentionPeriod>604800</MessageRetentionPeriod>" in first.body
    assert b"<DelaySeconds>0</DelaySeconds>" in first.body
    assert b"<LoggingEnabled>False</LoggingEnabled>" in first.body
    assert b"PollingWaitSeconds" not in first.body
    assert b"VisibilityTimeout" not in second.body


def test_get_attributes_does_without_what_the_service_drops() -> None:
    xml = "<Queue xmlns='http://mns.aliyuncs.com/doc/v1'><QueueName>dead</QueueName><LoggingEnabled>False</LoggingEnabled><MessageRetentionPeriod>604800</MessageRetentionPeriod></Queue>"
    with Peer(Reply(200, xml, ID)) as peer, QueueClient("dead", endpoint=peer.url) as queue:
        found = queue.get_attributes()
    assert (found.queue_name, found.message_retention_period, found.logging_enabled) == ("dead", 604800, False)
    assert found.active_messages is None


@pytest.mark.parametrize(
    "call",
    [
        lambda queue: queue.receive(0),
        lambda queue: queue.receive(17),
        lambda queue: queue.receive(True),
        lambda queue: queue.receive(1, wait_seconds=31),
        lambda queue: queue.receive(1, wait_seconds=-1),
        lambda queue: queue.peek(17),
        lambda queue: queue.send("x", delay_seconds=604801),
        lambda queue: queue.send("x", delay_seconds=-1),
        lambda queue: queue.change_visibility("h", 0),
        lambda queue: queue.change_visibility("h", 43201),
        lambda queue: queue.delete(""),
        lambda queue: queue.delete(["ok", ""]),
        lambda queue: queue.delete("a\nb"),
        lambda queue: queue.create(message_retention_period=59),
        lambda queue: queue.create(maximum_message_size=65537),
        lambda queue: queue.create(unknown=1),
        lambda queue: queue.create(logging_enabled="yes"),
    ],
)
def test_an_argument_out_of_range_is_refused_before_the_call(call: Callable[[QueueClient], object]) -> None:
    with Peer() as peer, QueueClient("dead", endpoint=peer.url) as queue:
        with pytest.raises(ArgumentError):
            call(queue)
        assert peer.requests == []


@pytest.mark.parametrize("name", ["", "a/b", "-a", "a_b", "..", "a?b", None])
def test_what_is_no_queue_name_is_refused(name: Any) -> None:
    with pytest.raises(ArgumentError):
        QueueClient(name, endpoint="http://127.0.0.1:1")


def test_threads_that_share_a_client_lose_and_repeat_nothing() -> None:
    sent = "<Message><MessageId>M</MessageId></Message>"
    with Peer(Reply(201, sent, ID)) as peer, QueueClient("dead", endpoint=peer.url) as queue:
        with ThreadPoolExecutor(32) as pool:
            list(pool.map(lambda number: queue.send(f"body-{number:03}"), range(128)))
        bodies = sorted(request.body[request.body.index(b"body-") :][:8] for request in peer.requests)
    assert bodies == [f"body-{number:03}".encode() for number in range(128)]


@pytest.fixture(scope="module")
def local() -> Iterator[LocalServer]:
    with LocalServer(workers=0) as server:
        yield server


def test_the_life_of_a_message_on_the_local_service(local: LocalServer) -> None:
    with QueueClient("life", endpoint=local.url) as queue:
        with pytest.raises(ServiceError, match="QueueNotExist"):
            queue.get_attributes()
        queue.create(message_retention_period=604800, visibility_timeout=60)
        queue.create(message_retention_period=604800, visibility_timeout=60)
        assert queue.receive() == []
        message_id = queue.send("é <b> & c")
        (seen,) = queue.peek(16)
        assert (seen.message_id, seen.message_body, seen.receipt_handle) == (message_id, "é <b> & c", "")
        (taken,) = queue.receive(16)
        assert taken.message_body == "é <b> & c"
        assert taken.dequeue_count == 1
        handle = queue.change_visibility(taken.receipt_handle, 120)
        assert handle != taken.receipt_handle
        queue.delete(handle)
        for number in range(20):
            queue.send(f"{number}")
        batch = [one.receipt_handle for _ in range(20) for one in queue.receive(16)]
        assert len(batch) == 20
        queue.delete(batch)
        assert queue.get_attributes().message_retention_period == 604800


def test_every_time_may_be_a_timedelta_of_whole_seconds() -> None:
    sent = Reply(201, "<Message><MessageId>m</MessageId></Message>", ID)
    changed = Reply(200, "<ChangeVisibility><ReceiptHandle>h</ReceiptHandle></ChangeVisibility>", ID)
    second, half = timedelta(seconds=1), timedelta(seconds=0.5)
    with (
        Peer(Reply(404, EMPTY, ID), sent, changed) as peer,
        QueueClient(
            "dead", endpoint=peer.url, credentials=KEY, connect_timeout_seconds=second, read_timeout_seconds=10 * second
        ) as queue,
    ):
        assert queue.receive(wait_seconds=2 * second) == []
        queue.send("x", delay_seconds=3 * second)
        queue.change_visibility("h", 4 * second)
        for refused in (
            lambda: queue.receive(wait_seconds=half),
            lambda: queue.send("x", delay_seconds=half),
            lambda: queue.change_visibility("h", timedelta(days=1)),
            lambda: queue.receive(second),  # type: ignore[arg-type]
        ):
            with pytest.raises(ArgumentError):
                refused()
        assert "waitseconds=2" in peer.requests[0].target
        assert b"<DelaySeconds>3</DelaySeconds>" in peer.requests[1].body
        assert "VisibilityTimeout=4" in peer.requests[2].target

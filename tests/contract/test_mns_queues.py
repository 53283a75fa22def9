"""What MNS promises of queues: through the official SDK, and byte for byte in recorded exchanges.

Origin of the recorded exchanges: the real service in cn-shanghai, September 2026, recorded by salesforce/multicloudj
(pubsub/pubsub-ali/src/test/resources/mappings); ids, times and the account's endpoint are those of this server.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
import socket
import threading
from collections.abc import Iterator

import pytest
from mns.account import Account
from mns.message_property import MessagePropertyValue, PropertyType
from mns.mns_exception import MNSServerException
from mns.queue import Message, Queue, QueueMeta

from tests.contract.mns_server import DEADLINE_SECONDS, MnsServer, running_mns

MESSAGES = "/queues/q/messages"
NS = 'xmlns="http://mns.aliyuncs.com/doc/v1"'


class Silence:
    """A logger for the SDK, whose own writes a file next to its code."""

    def __getattr__(self, _: str):
        return lambda *_: None


@pytest.fixture
def server() -> Iterator[MnsServer]:
    with running_mns() as running:
        yield running


@pytest.fixture
def account(server: MnsServer) -> Iterator[Account]:
    account = Account(server.base_url, "local", "local", logger=Silence())
    yield account
    account.mns_client.http.conn.close()


@pytest.fixture(params=[False, True], ids=["plain", "base64"])
def queue(account: Account, request: pytest.FixtureRequest) -> Queue:
    queue = account.get_queue("q")
    queue.set_encoding(request.param)
    queue.create(QueueMeta())
    return queue


@pytest.fixture
def plain(account: Account) -> Queue:
    queue = account.get_queue("q")
    queue.set_encoding(False)
    queue.create(QueueMeta())
    return queue


def text(body: str | bytes) -> str:
    return body.decode() if isinstance(body, bytes) else body


def code(error: pytest.ExceptionInfo[MNSServerException]) -> str:
    assert re.fullmatch("[0-9A-F]{24}", error.value.request_id)
    assert error.value.host_id.startswith("http://127.0.0.1:")
    return error.value.type


# The official SDK


def test_a_queue_is_created_read_changed_listed_and_deleted(server: MnsServer, account: Account):
    queue = account.get_queue("dead-letters")
    url = queue.create(QueueMeta(vis_timeout=60, max_msg_size=65_536, msg_ttl=604_800))
    assert url == f"{server.base_url}/queues/dead-letters"
    assert queue.create(QueueMeta(vis_timeout=60, max_msg_size=65_536, msg_ttl=604_800)) == url
    with pytest.raises(MNSServerException) as error:
        queue.create(QueueMeta(vis_timeout=61))
    assert code(error) == "QueueAlreadyExist"
    queue.set_attributes(QueueMeta(delay_sec=3, logging_enabled=True))
    with pytest.warns(DeprecationWarning, match="_messages"):
        meta = queue.get_attributes()
    assert (meta.queue_name, meta.visibility_timeout, meta.message_retention_period) == ("dead-letters", 60, 604_800)
    assert (meta.delay_seconds, meta.polling_wait_seconds) == (3, 0)
    assert meta.create_time == server.clock.now_ms() // 1000
    assert account.list_queue() == ([url], "")
    queue.delete()
    with pytest.raises(MNSServerException) as error:
        queue.delete_message("x")
    assert code(error) == "QueueNotExist"


def test_a_listing_is_paged_and_filtered_by_prefix(server: MnsServer, account: Account):
    assert account.list_queue() == ([], "")
    for name in ("b2", "a", "b1", "b3"):
        account.get_queue(name).create(QueueMeta())
    first, marker = account.list_queue(prefix="b", ret_number=2)
    rest, end = account.list_queue(prefix="b", ret_number=2, marker=marker)
    assert [url.rpartition("/")[2] for url in first + rest] == ["b1", "b2", "b3"]
    assert end == ""
    with pytest.raises(MNSServerException) as error:
        account.list_queue(ret_number=1_001)
    assert code(error) == "InvalidArgument"


def test_a_message_goes_the_whole_way(server: MnsServer, queue: Queue):
    body = '{"a":"<&>\\"\u00e9\U0001f600","b":" "}\n'
    sent = queue.send_message(Message(body, priority=3))
    peeked = queue.peek_message()
    assert (text(peeked.message_body), peeked.dequeue_count) == (body, 0)
    server.advance(2)
    received = queue.receive_message()
    assert (received.message_id, text(received.message_body), received.priority) == (sent.message_id, body, 3)
    assert received.next_visible_time == server.clock.now_ms() + 30_000
    assert received.first_dequeue_time == received.enqueue_time + 2_000
    handle = queue.change_message_visibility(received.receipt_handle, 1).receipt_handle
    server.advance(1)
    again = queue.receive_message()
    assert (again.message_id, again.dequeue_count) == (sent.message_id, 2)
    with pytest.raises(MNSServerException) as error:
        queue.delete_message(handle)
    assert code(error) == "MessageNotExist"
    queue.delete_message(again.receipt_handle)
    with pytest.raises(MNSServerException) as error:
        queue.receive_message()
    assert code(error) == "MessageNotExist"


def test_a_batch_goes_the_whole_way(queue: Queue):
    sent = queue.batch_send_message([Message(f"m{number}") for number in range(16)])
    assert len({message.message_id for message in sent}) == 16
    assert len(queue.batch_peek_message(16)) == 16
    received = queue.batch_receive_message(10) + queue.batch_receive_message(16)
    assert sorted(text(message.message_body) for message in received) == sorted(f"m{number}" for number in range(16))
    queue.batch_delete_message([message.receipt_handle for message in received])
    with pytest.raises(MNSServerException) as error:
        queue.batch_receive_message(16)
    assert code(error) == "MessageNotExist"


def test_properties_and_the_group_come_back_as_sent(plain: Queue):
    message = Message("x")
    message.set_message_group_id("g")
    message.add_user_property("b", MessagePropertyValue(PropertyType.NUMBER, 7))
    message.add_user_property("a", MessagePropertyValue(PropertyType.STRING, "<é>"))
    plain.send_message(message)
    received = plain.receive_message()
    assert received.message_body == "x"
    assert {name: value.string_value for name, value in received.user_properties.items()} == {"b": "7", "a": "<é>"}


def test_a_batch_with_one_bad_message_sends_the_others_and_names_it(server: MnsServer, plain: Queue):
    plain.set_attributes(QueueMeta(max_msg_size=1_024))
    with pytest.raises(MNSServerException) as error:
        plain.batch_send_message([Message("good"), Message("x" * 1_025)])
    assert error.value.type == "InvalidArgument"
    assert [sorted(entry) for entry in error.value.sub_errors] == [
        ["MessageBodyMD5", "MessageId"],
        ["ErrorCode", "ErrorMessage"],
    ]
    assert plain.receive_message().message_body == "good"


def test_a_batch_delete_names_the_handles_that_failed(plain: Queue):
    for _ in range(2):
        plain.send_message(Message("x"))
    first, second = (message.receipt_handle for message in plain.batch_receive_message(2))
    plain.delete_message(first)
    with pytest.raises(MNSServerException) as error:
        plain.batch_delete_message([first, second])
    assert error.value.type == "MessageNotExist"
    assert [entry["ReceiptHandle"] for entry in error.value.sub_errors] == [first]


def test_a_delayed_message_can_be_deleted_with_the_handle_that_sending_gave(server: MnsServer, plain: Queue):
    sent = plain.send_message(Message("x", delay_seconds=5))
    plain.delete_message(sent.receipt_handle)
    server.advance(5)
    with pytest.raises(MNSServerException) as error:
        plain.receive_message()
    assert code(error) == "MessageNotExist"


@pytest.mark.parametrize("how", ["arrives", "shows", "delivered"])
def test_a_receive_that_waits_is_answered_when_a_message(server: MnsServer, plain: Queue, how: str):
    if how == "shows":
        plain.send_message(Message("x", delay_seconds=7))
    received: list[str] = []
    poll = threading.Thread(target=lambda: received.append(plain.receive_message(30).message_body))
    poll.start()
    server.until_waiting()
    if how == "arrives":
        server.request("POST", MESSAGES, "<Message><MessageBody>x</MessageBody></Message>")
    elif how == "delivered":
        server.on_loop(lambda: server.mailbox.send("q", "x", server.clock.now_ms()))
    else:
        server.advance(7)
    poll.join(DEADLINE_SECONDS)
    assert received == ["x"]


@pytest.mark.parametrize(
    "target", [f"{MESSAGES}?waitseconds=20", f"{MESSAGES}?waitseconds=20&numOfMessages=3", MESSAGES]
)
def test_a_receive_that_waited_in_vain_says_that_there_is_no_message(server: MnsServer, target: str):
    server.request("PUT", "/queues/q", "<Queue><PollingWaitSeconds>20</PollingWaitSeconds></Queue>")
    answers: list[tuple[int, dict[str, str], bytes]] = []
    poll = threading.Thread(target=lambda: answers.append(server.request("GET", target)))
    poll.start()
    server.until_waiting()
    server.advance(20)
    poll.join(DEADLINE_SECONDS)
    status, headers, body = answers[0]
    assert (status, headers["x-mns-netty-total-time"]) == (404, "20000")
    assert b"<Code>MessageNotExist</Code>" in body


def test_a_client_that_hangs_up_loses_no_message(server: MnsServer, plain: Queue):
    with socket.create_connection(("127.0.0.1", server.port)) as waiting:
        waiting.sendall(f"GET {MESSAGES}?waitseconds=30 HTTP/1.1\r\nHost: x\r\nx-mns-version: 1\r\n\r\n".encode())
        server.until_waiting()
    # The server has seen the end of that connection once it has answered on a later one.
    assert server.request("GET", "/queues/q")[0] == 200
    plain.send_message(Message("x"))
    received = plain.receive_message()
    assert (received.message_body, received.dequeue_count) == ("x", 1)


def test_stopping_the_server_answers_those_who_wait():
    answers: list[int] = []
    with running_mns() as server:
        server.request("PUT", "/queues/q")
        poll = threading.Thread(target=lambda: answers.append(server.request("GET", f"{MESSAGES}?waitseconds=30")[0]))
        poll.start()
        server.until_waiting()
    poll.join(DEADLINE_SECONDS)
    assert answers == [404]


# Recorded exchanges, byte for byte


def test_a_batch_send_is_answered_as_recorded(server: MnsServer):
    server.request("PUT", "/queues/q")
    request = (
        f'<?xml version="1.0" encoding="UTF-8" standalone="no"?><Messages {NS}><Message><MessageBody>it-ack-test'
        "</MessageBody><UserProperties><PropertyValue><Name>case</Name><Value>ack</Value><Type>STRING</Type>"
        "</PropertyValue></UserProperties></Message></Messages>"
    )
    status, headers, body = server.request("POST", MESSAGES, request)
    assert status == 201
    expected = f"""<?xml version="1.0" ?>
<Messages {NS}>
  <Message>
    <MessageId>@ID</MessageId>
    <MessageBodyMD5>@ID</MessageBodyMD5>
  </Message>
</Messages>"""
    assert re.fullmatch(re.escape(expected).replace("@ID", "[0-9A-F]{32}"), body.decode())
    status, headers, body = server.request("GET", f"{MESSAGES}?numOfMessages=1&waitseconds=1")
    assert status == 200
    now_ms = server.clock.now_ms()
    expected = f"""<?xml version="1.0" ?>
<Messages {NS}>
  <Message>
    <MessageId>@ID</MessageId>
    <MessageBodyMD5>@ID</MessageBodyMD5>
    <MessageBody>it-ack-test</MessageBody>
    <ReceiptHandle>@HANDLE</ReceiptHandle>
    <EnqueueTime>{now_ms}</EnqueueTime>
    <FirstDequeueTime>{now_ms}</FirstDequeueTime>
    <NextVisibleTime>{now_ms + 30_000}</NextVisibleTime>
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
    pattern = re.escape(expected).replace("@ID", "[0-9A-F]{32}").replace("@HANDLE", "([0-9A-F]{32}-[A-Za-z0-9+/=]+)")
    matched = re.fullmatch(pattern, body.decode())
    assert matched

    server.advance(3)
    status, headers, body = server.request("PUT", f"{MESSAGES}?ReceiptHandle={matched[1]}&VisibilityTimeout=1")
    assert status == 200
    now_ms = server.clock.now_ms()
    expected = f"""<?xml version="1.0" ?>
<ChangeVisibility {NS}>
  <ReceiptHandle>@HANDLE</ReceiptHandle>
  <NextVisibleTime>{now_ms + 1_000}</NextVisibleTime>
</ChangeVisibility>"""
    changed = re.fullmatch(re.escape(expected).replace("@HANDLE", "([0-9A-F]{32}-[A-Za-z0-9+/=]+)"), body.decode())
    assert changed
    parts = [base64.b64decode(handle.partition("-")[2]).decode().split(" ") for handle in (matched[1], changed[1])]
    assert parts[1][1:3] == [str(now_ms), "1000"]
    assert parts[0][:1] + parts[0][3:] == parts[1][:1] + parts[1][3:]

    request = f"<ReceiptHandles {NS}><ReceiptHandle>{changed[1]}</ReceiptHandle></ReceiptHandles>"
    status, headers, body = server.request("DELETE", MESSAGES, request)
    assert (status, body, headers["Content-Type"]) == (204, b"", "text/xml;charset=utf-8")


def test_an_empty_queue_is_answered_as_recorded(server: MnsServer):
    server.request("PUT", "/queues/q")
    status, headers, body = server.request("GET", f"{MESSAGES}?numOfMessages=1")
    assert status == 404
    assert body.decode() == (
        '<?xml version="1.0" ?>\n'
        f"<Error {NS}>\n"
        "  <Code>MessageNotExist</Code>\n"
        "  <Message>Message not exist.</Message>\n"
        f"  <RequestId>{headers['x-mns-request-id']}</RequestId>\n"
        f"  <HostId>{server.base_url}</HostId>\n"
        "</Error>"
    )


def test_headers_are_those_of_the_service_also_on_204(server: MnsServer):
    for expected_status in (201, 204):
        status, headers, body = server.request("PUT", "/queues/q")
        assert (status, body) == (expected_status, b"")
        assert headers["Location"] == f"{server.base_url}/queues/q"
        assert headers["Content-Type"] == "text/xml;charset=utf-8"
        assert headers["Server"] == "AliyunMQS"
        assert headers["x-mns-version"] == "2015-06-06"
        assert headers["Date"] == "Thu, 01 Jan 2026 00:00:00 GMT"
        assert re.fullmatch("6955B900[0-9A-F]{16}", headers["x-mns-request-id"])


def test_queue_attributes_are_the_recorded_fourteen_in_order(server: MnsServer):
    server.request("PUT", "/queues/q")
    _, _, body = server.request("GET", "/queues/q")
    assert re.findall(r"^  <(\w+)>(.*)</", body.decode(), re.M) == [
        ("QueueName", "q"),
        ("DelaySeconds", "0"),
        ("MaximumMessageSize", "65536"),
        ("MessageRetentionPeriod", "345600"),
        ("VisibilityTimeout", "30"),
        ("CreateTime", "1767225600"),
        ("LastModifyTime", "1767225600"),
        ("PollingWaitSeconds", "0"),
        ("ActiveMessages", "0"),
        ("InactiveMessages", "0"),
        ("DelayMessages", "0"),
        ("LoggingEnabled", "False"),
        ("MessageType", "0"),
        ("EnableSSE", "False"),
    ]


def test_the_md5_of_the_official_sample_is_that_of_its_text(server: MnsServer):
    server.request("PUT", "/queues/q")
    _, _, body = server.request("POST", MESSAGES, '<Message><MessageBody>{1:"a", 2:"b"}</MessageBody></Message>')
    assert b"<MessageBodyMD5>F1E92841751D795AB325861034B5CB55</MessageBodyMD5>" in body
    assert hashlib.md5(b'{1:"a", 2:"b"}').hexdigest().upper() == "F1E92841751D795AB325861034B5CB55"  # noqa: S324
    _, _, body = server.request("GET", MESSAGES)
    assert b'<MessageBody>{1:"a", 2:"b"}</MessageBody>' in body


def test_a_peeked_message_has_neither_handle_nor_next_visible_time(server: MnsServer):
    server.request("PUT", "/queues/q")
    server.request("POST", MESSAGES, "<Message><MessageBody>x</MessageBody></Message>")
    status, _, body = server.request("GET", f"{MESSAGES}?peekonly=true&numOfMessages=1")
    assert status == 200
    assert re.findall(r"^    <(\w+)>", body.decode(), re.M) == [
        "MessageId",
        "MessageBodyMD5",
        "MessageBody",
        "EnqueueTime",
        "FirstDequeueTime",
        "DequeueCount",
        "Priority",
    ]


# Other clients, and bad ones


@pytest.mark.parametrize(
    "target",
    [
        "{m}?ReceiptHandle={raw}",
        "{m}?receipthandle={raw}",
        "{m}?receiptHandle={quoted}",
        "http://x{m}?ReceiptHandle={raw}",
    ],
)
def test_a_handle_is_understood_escaped_or_not_and_in_any_case(server: MnsServer, target: str):
    server.request("PUT", "/queues/q")
    server.request("POST", MESSAGES, "<Message><MessageBody>x</MessageBody></Message>")
    _, _, body = server.request("GET", MESSAGES)
    raw = re.findall("<ReceiptHandle>(.*)</", body.decode())[0]
    quoted = raw.replace("=", "%3D").replace("+", "%2B").replace("/", "%2f")
    assert server.request("DELETE", target.format(m=MESSAGES, raw=raw, quoted=quoted))[0] == 204


@pytest.mark.parametrize(
    ("method", "target", "body", "expected"),
    [
        ("GET", f"{MESSAGES}?waitseconds=31", None, (400, "InvalidArgument")),
        ("GET", f"{MESSAGES}?waitseconds=x", None, (400, "InvalidArgument")),
        ("GET", f"{MESSAGES}?numOfMessages=17", None, (400, "InvalidArgument")),
        ("GET", f"{MESSAGES}?numOfMessages=", None, (400, "InvalidArgument")),
        ("GET", "/queues/none/messages", None, (404, "QueueNotExist")),
        ("GET", "/queues/none/messages?peekonly=true", None, (404, "QueueNotExist")),
        ("GET", "/queues/none", None, (404, "QueueNotExist")),
        ("PUT", "/queues/none?metaOverride=true", "<Queue/>", (404, "QueueNotExist")),
        ("PUT", "/queues/a_b", None, (400, "InvalidQueueName")),
        ("PUT", "/queues/" + "a" * 121, None, (400, "QueueNameLengthError")),
        ("PUT", "/queues/q", "<Queue><PollingWaitSeconds>31</PollingWaitSeconds></Queue>", (400, "InvalidArgument")),
        ("POST", MESSAGES, None, (400, "MalformedXML")),
        ("POST", MESSAGES, '<!DOCTYPE m [<!ENTITY a "a">]><Message/>', (400, "MalformedXML")),
        ("POST", MESSAGES, "<Messages/>", (400, "InvalidArgument")),
        ("POST", MESSAGES, b"x" * 1_048_577, (400, "InvalidArgument")),
        ("DELETE", MESSAGES, None, (400, "MissingReceiptHandle")),
        ("DELETE", f"{MESSAGES}?ReceiptHandle=1", None, (400, "ReceiptHandleError")),
        ("PUT", MESSAGES, None, (400, "MissingReceiptHandle")),
        ("PUT", f"{MESSAGES}?ReceiptHandle=1", None, (400, "MissingVisibilityTimeout")),
        ("PUT", f"{MESSAGES}?ReceiptHandle=1&VisibilityTimeout=0", None, (400, "InvalidArgument")),
        ("GET", "/?accountmeta=false", None, (501, "NotImplemented")),
        ("POST", "/topics/t", None, (501, "NotImplemented")),
        ("POST", "/queues/q", None, (501, "NotImplemented")),
        ("GET", "/queues/q/messages/x", None, (501, "NotImplemented")),
        ("GET", "/queues//messages", None, (501, "NotImplemented")),
    ],
)
def test_what_cannot_be_done_is_refused_in_the_services_shape(
    server: MnsServer, method: str, target: str, body: str | bytes | None, expected: tuple[int, str]
):
    server.request("PUT", "/queues/q")
    status, headers, answer = server.request(method, target, body)
    code_element = re.findall("<Code>(.*)</Code>", answer.decode())
    assert (status, *code_element) == expected
    assert f"<RequestId>{headers['x-mns-request-id']}</RequestId>" in answer.decode()
    if status == 501:
        assert f"{method} {target.partition('?')[0]}" in answer.decode()
    assert server.request("GET", "/queues/q")[0] == 200


def test_a_request_without_a_version_is_refused(server: MnsServer):
    with socket.create_connection(("127.0.0.1", server.port), DEADLINE_SECONDS) as client:
        client.sendall(b"GET /queues HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = client.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"<Code>MissingVersionHeader</Code>" in answer


def test_a_body_that_is_too_large_is_refused_before_it_has_come(server: MnsServer):
    with socket.create_connection(("127.0.0.1", server.port), DEADLINE_SECONDS) as client:
        client.sendall(
            f"POST {MESSAGES} HTTP/1.1\r\nHost: x\r\nx-mns-version: 1\r\nContent-Length: 99999999999\r\n\r\nx".encode()
        )
        assert client.recv(12) == b"HTTP/1.1 400"


def test_a_body_without_a_length_is_refused_when_it_has_grown_too_large(server: MnsServer):
    with socket.create_connection(("127.0.0.1", server.port), DEADLINE_SECONDS) as client:
        client.sendall(
            f"POST {MESSAGES} HTTP/1.1\r\nHost: x\r\nx-mns-version: 1\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        )
        client.sendall(b"100001\r\n" + b"x" * 0x100001)
        assert client.recv(12) == b"HTTP/1.1 400"


@pytest.mark.parametrize("framing", ["Content-Length: 500", "Transfer-Encoding: chunked"])
def test_a_body_that_is_cut_short_changes_nothing_and_leaves_no_noise(
    server: MnsServer, caplog: pytest.LogCaptureFixture, framing: str
):
    server.request("PUT", "/queues/q")
    with socket.create_connection(("127.0.0.1", server.port), DEADLINE_SECONDS) as client:
        start = "8\r\n<Message" if "chunked" in framing else "<Message"
        client.sendall(f"POST {MESSAGES} HTTP/1.1\r\nHost: x\r\nx-mns-version: 1\r\n{framing}\r\n\r\n{start}".encode())
    assert server.request("GET", MESSAGES)[0] == 404
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def test_a_compressed_body_is_no_xml(server: MnsServer):
    server.request("PUT", "/queues/q")
    body = gzip.compress(b"<Message><MessageBody>x</MessageBody></Message>")
    status, _, answer = server.request("POST", MESSAGES, body, {"Content-Encoding": "gzip"})
    assert status == 400
    assert b"<Code>MalformedXML</Code>" in answer

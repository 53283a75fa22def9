"""The local service is for programs on this machine; what it refuses, it refuses in the shape of the service asked."""

from __future__ import annotations

import json
import socket
from urllib.parse import urlsplit

import pytest

from fc_async.local import LocalServer
from tests.contract.fc_sdk import error, raw, request

FC_PATHS = ["/2023-03-30/functions", "/_local/health", "/", "/queuesandmore"]
MNS_PATHS = ["/queues", "/queues/q/messages", "/topics/t"]
FOREIGN = [{"Origin": "http://localhost"}, {"Sec-Fetch-Site": "cross-site"}, {"Host": "evil.example"}]


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("path", FC_PATHS)
def test_a_foreign_request_is_403_in_json(local: LocalServer, path: str, headers: dict[str, str]) -> None:
    assert error(request(local, "POST", path, b"{}", headers)) == (403, "AccessDenied")


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("path", MNS_PATHS)
def test_a_foreign_request_to_mns_is_403_in_xml(local: LocalServer, path: str, headers: dict[str, str]) -> None:
    status, answered, body = request(local, "GET", path, None, headers)
    assert status == 403
    assert "x-mns-request-id" in answered
    assert b"<Code>AccessDenied</Code>" in body


def test_a_request_without_a_host_is_foreign(local: LocalServer) -> None:
    answer = raw(local, b"GET /_local/health HTTP/1.0\r\n\r\n")
    assert answer.split(b"\r\n")[0].split()[1] in (b"403", b"400")
    assert b'"Code"' in answer


BROKEN = [
    b"X: " + b"a" * 9000 + b"\r\nHost: localhost\r\n\r\n",
    b"Host: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    b"Host: localhost\r\nContent-Length: one\r\n\r\n",
    b"Host: localhost\r\nno colon\r\n\r\n",
]


@pytest.mark.parametrize("headers", BROKEN)
def test_what_the_parser_refuses_is_400_in_json(local: LocalServer, headers: bytes) -> None:
    answer = raw(local, b"POST /2023-03-30/functions HTTP/1.1\r\n" + headers)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.split()[1] == b"400"
    assert json.loads(body)["Code"] == "InvalidArgument"


@pytest.mark.parametrize("headers", BROKEN)
def test_what_the_parser_refuses_of_mns_is_400_in_xml(local: LocalServer, headers: bytes) -> None:
    answer = raw(local, b"POST /queues/q/messages HTTP/1.1\r\n" + headers)
    assert answer.split()[1] == b"400"
    assert b"<Code>InvalidArgument</Code>" in answer


@pytest.mark.parametrize("data", [b"\x16\x03\x01\x02\x00\x01\r\n\r\n", b"hello\r\n\r\n", b"GET\r\n\r\n"])
def test_what_is_no_http_is_400_in_json(local: LocalServer, data: bytes) -> None:
    answer = raw(local, data)
    assert answer.split()[1] == b"400"
    assert b'"InvalidArgument"' in answer


def test_a_broken_chunk_is_400_and_the_service_goes_on(local: LocalServer) -> None:
    answer = raw(
        local,
        b"POST /2023-03-30/functions HTTP/1.1\r\nHost: localhost\r\n"
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
    )
    assert answer.split()[1] == b"400"
    assert b'"InvalidArgument"' in answer
    assert request(local, "GET", "/_local/health")[0] == 200


def test_a_body_cut_short_is_answered_in_the_shape_of_its_service(local: LocalServer) -> None:
    rest = b" HTTP/1.1\r\nHost: localhost\r\nx-mns-version: 2015-06-06\r\nContent-Length: 100\r\n\r\n{"
    answer = raw(local, b"POST /2023-03-30/functions" + rest, hang_up=True)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'"InvalidArgument"' in answer
    answer = raw(local, b"POST /queues/q/messages" + rest, hang_up=True)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"<Code>InvalidArgument</Code>" in answer
    assert request(local, "GET", "/_local/health")[0] == 200


# Clients that close their half of the connection, as `nc -N` does, and read the answer

HEALTH = b"GET /_local/health HTTP/1.1\r\nHost: localhost\r\n\r\n"


def test_a_client_that_has_sent_all_is_answered_and_then_the_connection_closes(local: LocalServer) -> None:
    answer = raw(local, HEALTH, hang_up=True, to_the_end=True)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b'"status"' in answer


def test_all_requests_are_answered_that_came_before_the_end(local: LocalServer) -> None:
    answer = raw(local, HEALTH * 40, hang_up=True, to_the_end=True)
    assert answer.count(b"HTTP/1.1 200 ") == 40


@pytest.mark.parametrize("headers", BROKEN)
@pytest.mark.parametrize(("path", "code"), [("/2023-03-30/f", b'"InvalidArgument"'), ("/queues", b"<Code>InvalidA")])
def test_what_the_parser_refuses_is_answered_also_when_nothing_follows(
    local: LocalServer, headers: bytes, path: str, code: bytes
) -> None:
    answer = raw(local, f"POST {path} HTTP/1.1\r\n".encode() + headers, hang_up=True, to_the_end=True)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert code in answer


@pytest.mark.parametrize("head", [b"P", b"POST /queues", b"POST /queues HTTP/1.1\r\nHost: local"])
def test_a_head_cut_short_is_400(local: LocalServer, head: bytes) -> None:
    answer = raw(local, head, hang_up=True, to_the_end=True)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert (b"<Code>InvalidArgument</Code>" in answer) == (b"/queues" in head)


def test_a_body_that_ends_early_after_its_request_was_refused_is_no_defect(
    local: LocalServer, caplog: pytest.LogCaptureFixture
) -> None:
    head = b"POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n"
    assert raw(local, head, b"{", hang_up=True, to_the_end=True).startswith(b"HTTP/1.1 501 ")
    assert caplog.text == ""


def test_a_client_that_sends_nothing_is_told_nothing(local: LocalServer) -> None:
    assert raw(local, b"", hang_up=True, to_the_end=True) == b""
    assert raw(local, b"\r\n", hang_up=True, to_the_end=True) == b""


def test_a_refusal_of_the_parser_says_that_the_connection_closes(local: LocalServer) -> None:
    answer = raw(local, b"POST / HTTP/1.1\r\n" + BROKEN[1], to_the_end=True)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"\r\nConnection: close\r\n" in answer


VERSION = {"x-mns-version": "2015-06-06"}
SENT = b"<Message><MessageBody>x</MessageBody></Message>"


def receives(wait_seconds: int) -> bytes:
    target = f"/queues/q/messages?waitseconds={wait_seconds}"
    return f"GET {target} HTTP/1.1\r\nHost: localhost\r\nx-mns-version: 2015-06-06\r\n\r\n".encode()


def test_a_message_that_is_there_is_given_to_a_client_that_has_sent_all(local: LocalServer) -> None:
    assert request(local, "PUT", "/queues/q", None, VERSION)[0] == 201
    for wait_seconds in (0, 10):
        assert request(local, "POST", "/queues/q/messages", SENT, VERSION)[0] == 201
        answer = raw(local, receives(wait_seconds), hang_up=True, to_the_end=True)
        assert b"<MessageBody>x</MessageBody>" in answer


def test_a_message_that_comes_later_is_not_given_to_a_client_that_may_be_gone(local: LocalServer) -> None:
    assert request(local, "PUT", "/queues/q", None, VERSION)[0] == 201
    with socket.create_connection(("127.0.0.1", urlsplit(local.url).port)) as connection:
        connection.sendall(receives(10))
        assert request(local, "GET", "/_local/health")[0] == 200  # by then it waits
    assert request(local, "POST", "/queues/q/messages", SENT, VERSION)[0] == 201
    status, _, body = request(local, "GET", "/queues/q/messages", None, VERSION)
    assert (status, b"<MessageBody>x</MessageBody>" in body) == (200, True)


# What is refused is refused in the shape of its own request, and not of one before it

QUEUES = b"GET /queues HTTP/1.1\r\nHost: localhost\r\nx-mns-version: 2015-06-06\r\n\r\n"


@pytest.mark.parametrize(
    ("pieces", "is_mns"),
    [
        ([QUEUES, b"hello\r\n\r\n"], False),
        ([QUEUES, b"POST /2023-03-30/functions HTTP/1.1\r\n" + BROKEN[3]], False),
        ([HEALTH, b"POST /queues HTTP/1.1\r\n" + BROKEN[3]], True),
        ([HEALTH + b"POST /queues HTTP/1.1\r\n" + BROKEN[3]], True),
        ([QUEUES + b"POST /2023-03-30/functions HTTP/1.1\r\n" + BROKEN[3]], False),
        ([b"POST /que", b"ues HTTP/1.1\r\n", BROKEN[3]], True),
        ([QUEUES, b"PO", b"ST / HTTP/1.1\r\n" + BROKEN[3]], False),
    ],
)
def test_a_refusal_has_the_shape_of_its_own_request(local: LocalServer, pieces: list[bytes], is_mns: bool) -> None:
    answer = raw(local, *pieces, to_the_end=True)
    refusal = answer[answer.rindex(b"HTTP/1.1 400 ") :]
    assert (b"<Code>InvalidArgument</Code>" in refusal) == is_mns
    assert (b'"InvalidArgument"' in refusal) != is_mns


def test_a_client_that_waits_for_100_continue_is_told_to_go_on(local: LocalServer) -> None:
    answer = raw(
        local,
        b"POST /2023-03-30/functions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n{",
    )
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400")

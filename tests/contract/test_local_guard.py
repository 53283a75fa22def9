"""The local service is for programs on this machine; what it refuses, it refuses in the shape of the service asked."""

from __future__ import annotations

import json

import pytest

from fc_async.local.server import LocalServer
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


def test_a_body_cut_short_harms_nobody(local: LocalServer) -> None:
    raw(local, b"POST /2023-03-30/functions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{", hang_up=True)
    raw(local, b"POST /queues/q/messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n<", hang_up=True)
    assert request(local, "GET", "/_local/health")[0] == 200


def test_a_client_that_waits_for_100_continue_is_told_to_go_on(local: LocalServer) -> None:
    answer = raw(
        local,
        b"POST /2023-03-30/functions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n{",
    )
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400")

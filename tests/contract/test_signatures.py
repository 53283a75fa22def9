"""With an access key, every request must be signed with it; the official SDKs sign, so they are let in."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
from collections.abc import Iterator
from email.utils import formatdate
from typing import Any

import pytest
from alibabacloud_fc20230330 import models
from alibabacloud_fc20230330.client import Client
from alibabacloud_tea_openapi.models import Config
from mns.account import Account
from mns.mns_exception import MNSServerException
from mns.queue import QueueMeta

from fc_async.errors import ArgumentError
from fc_async.local import LocalServer, ManualClock
from fc_async.local.access_key import read_access_key
from fc_async.local.system_clock import SystemClock
from fc_async.local.times import rfc3339
from tests.contract.fc_sdk import create_alias, create_function, error, invoke_async, list_tasks, refused, request
from tests.contract.service import Silence

ECHOES = "def handler(event, context):\n    return event\n"
PATH = "/2023-03-30/functions"


@pytest.fixture
def signed() -> Iterator[LocalServer]:
    with LocalServer(clock=ManualClock(), workers=1, access_key="key-1:sec:ret") as server:
        yield server


def client(local: LocalServer, key_id: str = "key-1", secret: str = "sec:ret") -> Client:  # noqa: S107
    endpoint = local.url.removeprefix("http://")
    return Client(Config(access_key_id=key_id, access_key_secret=secret, endpoint=endpoint, protocol="http"))


def test_the_official_sdk_with_the_access_key_is_let_in(signed: LocalServer) -> None:
    fc = client(signed)
    create_function(fc, "main", ECHOES, description="名 of it")
    create_alias(fc, "main", "prod")
    assert invoke_async(fc, "main", b"\xff\x00", qualifier="prod", x_fc_async_task_id="t").status_code == 202
    tasks = list_tasks(fc, "main", include_payload=True, prefix="a b~*/+=&", limit=5, sort_order_by_time="asc")
    assert tasks.tasks == []
    assert refused(lambda: fc.get_function("a/b$c", models.GetFunctionRequest())) == (404, "FunctionNotFound")
    assert fc.delete_alias("main", "prod").status_code == 204


@pytest.mark.parametrize(
    ("key_id", "secret", "code"),
    [("key-2", "sec:ret", "InvalidAccessKeyID"), ("key-1", "other", "SignatureNotMatch")],
)
def test_another_key_is_403_in_the_services_words(signed: LocalServer, key_id: str, secret: str, code: str) -> None:
    fc = client(signed, key_id, secret)
    for call in (
        lambda: fc.list_functions(models.ListFunctionsRequest()),
        lambda: create_function(fc, "main", ECHOES),
        lambda: fc.list_layers(models.ListLayersRequest()),
    ):
        assert refused(call) == (403, code)


def headers(
    local: LocalServer,
    method: str = "GET",
    path: str = PATH,
    body: bytes = b"",
    *,
    time_ms: int | None = None,
    names: str = "host;x-acs-content-sha256;x-acs-date",
    secret: str = "sec:ret",  # noqa: S107
) -> dict[str, str]:
    """Sign by hand, from the documentation of ACS3."""
    sent = {
        "host": local.url.removeprefix("http://"),
        "x-acs-date": rfc3339(SystemClock().now_ms() if time_ms is None else time_ms),
        "x-acs-content-sha256": hashlib.sha256(body).hexdigest(),
    }
    lines = "".join(f"{name}:{sent[name]}\n" for name in names.split(";"))
    canonical = f"{method}\n{path}\n\n{lines}\n{names}\n{sent['x-acs-content-sha256']}"
    to_sign = f"ACS3-HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    sent["Authorization"] = f"ACS3-HMAC-SHA256 Credential=key-1,SignedHeaders={names},Signature={signature}"
    return sent


def test_a_request_signed_by_hand_is_let_in(signed: LocalServer) -> None:
    assert request(signed, "GET", PATH, None, headers(signed))[0] == 200


@pytest.mark.parametrize(("skew_seconds", "status"), [(-890, 200), (890, 200), (-910, 403), (910, 403)])
def test_a_clock_is_off_by_at_most_fifteen_minutes(signed: LocalServer, skew_seconds: int, status: int) -> None:
    now_ms = SystemClock().now_ms()
    answer = request(signed, "GET", PATH, None, headers(signed, time_ms=now_ms + skew_seconds * 1000))
    assert answer[0] == status
    if status == 403:
        assert error(answer) == (403, "AccessDenied")
        assert "and the current time" in json.loads(answer[2])["Message"]


@pytest.mark.parametrize("missing", ["Authorization", "x-acs-date", "x-acs-content-sha256"])
def test_a_header_that_is_missing_is_400_by_its_name(signed: LocalServer, missing: str) -> None:
    sent = headers(signed)
    del sent[missing]
    answer = request(signed, "GET", PATH, None, sent)
    assert error(answer) == (400, "MissingRequiredHeader")
    assert missing in json.loads(answer[2])["Message"]


def test_what_was_changed_on_the_way_is_403(signed: LocalServer) -> None:
    sent = headers(signed)
    assert error(request(signed, "GET", f"{PATH}?limit=1", None, sent)) == (403, "SignatureNotMatch")
    assert error(request(signed, "GET", f"{PATH}/main", None, sent)) == (403, "SignatureNotMatch")
    body = b'{"functionName": "a"}'
    sent = headers(signed, "POST", PATH, body)
    assert error(request(signed, "POST", PATH, body, sent)) == (400, "InvalidArgument")
    assert error(request(signed, "POST", PATH, body.replace(b"a", b"b"), sent)) == (403, "SignatureNotMatch")


def test_date_host_and_body_must_be_among_the_signed_headers(signed: LocalServer) -> None:
    for names in ("host;x-acs-date", "host;x-acs-content-sha256", "x-acs-content-sha256;x-acs-date"):
        answer = request(signed, "GET", PATH, None, headers(signed, names=names))
        assert error(answer) == (403, "SignatureNotMatch")


@pytest.mark.parametrize("name", ["x-acs-action", "x-acs-security-token", "X-Fc-Invocation-Type", "x-fc-async-delay"])
def test_headers_of_the_service_must_be_signed_where_they_are_sent(signed: LocalServer, name: str) -> None:
    answer = request(signed, "GET", PATH, None, {**headers(signed), name: "Async"})
    assert error(answer) == (403, "SignatureNotMatch")
    assert request(signed, "GET", PATH, None, {**headers(signed), "Accept": "*/*"})[0] == 200


@pytest.mark.parametrize(
    ("method", "path"), [("GET", PATH), ("DELETE", f"{PATH}/f"), ("PUT", f"{PATH}/f/async-tasks/t/stop")]
)
def test_a_body_that_was_not_signed_is_refused_also_where_none_is_read(
    signed: LocalServer, method: str, path: str
) -> None:
    assert error(request(signed, method, path, b"x", headers(signed, method, path))) == (403, "SignatureNotMatch")
    wanted = 200 if method == "GET" else 404
    assert request(signed, method, path, b"x", headers(signed, method, path, b"x"))[0] == wanted


@pytest.mark.parametrize(
    "authorization",
    [
        "x",
        "FC key-1:c2ln",
        "ACS3-HMAC-SHA256 Credential=key-1",
        "ACS3-HMAC-SHA256 Credential=key-1,SignedHeaders=,Signature=",
    ],
)
def test_what_is_no_such_signature_is_403(signed: LocalServer, authorization: str) -> None:
    sent = {**headers(signed), "Authorization": authorization}
    assert error(request(signed, "GET", PATH, None, sent)) == (403, "SignatureNotMatch")


def test_strange_bytes_in_a_signed_request_are_refused_and_not_a_defect(
    signed: LocalServer, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("Authorization", "x-acs-date", "x-acs-content-sha256"):
        answer = request(signed, "GET", f"{PATH}?a=%ff&b", None, {**headers(signed), name: "\xff" * 8})
        assert answer[0] in (400, 403)
    assert "defect" not in caplog.text


def test_without_an_access_key_signatures_are_accepted_unread(local: LocalServer) -> None:
    assert request(local, "GET", PATH, None, {"Authorization": "anything"})[0] == 200
    assert request(local, "GET", PATH)[0] == 200


def test_local_pages_are_never_signed_also_on_a_connection_that_was(signed: LocalServer) -> None:
    client(signed).list_functions(models.ListFunctionsRequest())
    connection = http.client.HTTPConnection(signed.url.removeprefix("http://"))
    try:
        for method, path, body, sent in (
            ("GET", PATH, None, headers(signed)),
            ("PUT", "/_local/functions/nobody/limit", b'{"instances": 1}', {}),
        ):
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            answer.read()
        assert answer.status == 404
    finally:
        connection.close()


# MNS


def queue_of(local: LocalServer, key_id: str, secret: str) -> Any:
    account = Account(local.url, key_id, secret, logger=Silence())
    queue = account.get_queue("q")
    queue.set_encoding(False)
    return account, queue


@pytest.mark.parametrize(
    ("key_id", "secret", "code"),
    [
        ("key-1", "sec:ret", None),
        ("key-2", "sec:ret", "InvalidAccessKeyId"),
        ("key-1", "other", "SignatureDoesNotMatch"),
    ],
)
def test_the_official_mns_sdk_is_let_in_by_its_key(
    signed: LocalServer, key_id: str, secret: str, code: str | None
) -> None:
    account, queue = queue_of(signed, key_id, secret)
    try:
        if code is None:
            queue.create(QueueMeta())
            with pytest.raises(MNSServerException, match="MessageNotExist"):
                queue.batch_receive_message(2)
        else:
            with pytest.raises(MNSServerException) as caught:
                queue.create(QueueMeta())
            assert caught.value.type == code
    finally:
        account.mns_client.http.conn.close()


def test_refusals_of_mns(signed: LocalServer) -> None:
    def code(**sent: str) -> tuple[int, bytes]:
        status, _, body = request(signed, "GET", "/queues", None, {"x-mns-version": "2015-06-06", **sent})
        return status, body.partition(b"<Code>")[2].partition(b"<")[0]

    assert code() == (400, b"MissingAuthorizationHeader")
    assert code(Authorization="x") == (400, b"InvalidAuthorizationHeader")
    assert code(Authorization="MNS key-1:c2ln") == (400, b"MissingDateHeader")
    assert code(Authorization="MNS key-1:c2ln", Date="yesterday") == (400, b"InvalidDateHeader")
    old = formatdate(SystemClock().now_ms() / 1000 - 910, usegmt=True)
    to_sign = f"GET\n\n\n{old}\nx-mns-version:2015-06-06\n/queues"
    signature = base64.b64encode(hmac.new(b"sec:ret", to_sign.encode(), hashlib.sha1).digest()).decode()
    assert code(Authorization=f"MNS key-1:{signature}", Date=old) == (408, b"TimeExpired")


# Beyond loopback


def test_an_address_that_others_reach_needs_an_access_key_and_keeps_local_pages_to_this_machine() -> None:
    with pytest.raises(ArgumentError, match="--access-key"):
        LocalServer(host="0.0.0.0")  # noqa: S104
    with LocalServer(host="0.0.0.0", clock=ManualClock(), workers=0, access_key="key-1:sec:ret") as local:  # noqa: S104
        assert local.url.startswith("http://127.0.0.1:")
        assert request(local, "GET", PATH, None, headers(local))[0] == 200
        assert request(local, "GET", "/_local/health")[0] == 200
        foreign = request(local, "GET", "/_local/health", None, {"Host": "build-machine:9700"})
        assert error(foreign) == (403, "AccessDenied")


@pytest.mark.parametrize("text", ["", "id", "id:", ":secret", "id:sec ret", "i,d:secret", "id:名"])
def test_what_is_no_access_key_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(ArgumentError, match="ID:SECRET") as caught:
        read_access_key(text)
    assert "secret" not in str(caught.value).replace("ID:SECRET", "")
    assert "sec:ret" not in repr(read_access_key("key-1:sec:ret"))

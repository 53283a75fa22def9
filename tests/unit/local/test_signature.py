"""Signatures by the vectors of the clients that make them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from alibabacloud_tea_openapi.utils import Utils
from darabonba.request import DaraRequest
from multidict import CIMultiDict, CIMultiDictProxy

from fc_async.local.access_key import AccessKey
from fc_async.local.catalog.fc_errors import FcError
from fc_async.local.fc.signature import check_acs3, check_body
from fc_async.local.mailbox.errors import MailboxError
from fc_async.local.mns.signature import check_mns
from fc_async.local.times import ms_of_http_date, ms_of_rfc3339, rfc3339

DATE = "2026-01-02T03:04:05Z"
NOW_MS = 1_767_323_045_000


def proxied(*pairs: tuple[str, str]) -> CIMultiDictProxy[str]:
    return CIMultiDictProxy(CIMultiDict(pairs))


def test_the_official_signing_code_and_ours_agree_on_blanks_and_signs() -> None:
    request = DaraRequest()
    request.method, request.pathname = "GET", "/2023-03-30/functions/a%2Fb/async-tasks/t%201"
    request.query = {"prefix": "a b+c~*/=&名", "limit": "5", "empty": ""}
    body_hash = hashlib.sha256(b"").hexdigest()
    request.headers = {
        "host": "h",
        "x-acs-date": DATE,
        "x-acs-content-sha256": body_hash,
        "accept": "  application/json ",
        "user-agent": "名",
    }
    authorization = Utils.get_authorization(request, "ACS3-HMAC-SHA256", body_hash, "id", "secret")
    headers = proxied(*request.headers.items(), ("Authorization", authorization))
    target = request.pathname + "?limit=5&empty=&prefix=a+b%2Bc~%2A%2F%3D%26%E5%90%8D"
    assert check_acs3("GET", target, headers, AccessKey("id", "secret"), NOW_MS) == body_hash
    for wrong in (AccessKey("id", "other"), AccessKey("other", "secret")):
        with pytest.raises(FcError):
            check_acs3("GET", target, headers, wrong, NOW_MS)
    with pytest.raises(FcError, match="SignatureNotMatch"):
        check_acs3("POST", target, headers, AccessKey("id", "secret"), NOW_MS)


@pytest.mark.parametrize(
    ("method", "md5", "kind", "date", "path", "secret", "signature"),
    [
        (
            "PUT",
            "574683b3684e3cff610afa155cc2506d",
            "text/xml",
            "Tue, 11 Apr 2017 10:09:19 GMT",
            "/",
            "ACCESS_KEY_SECRET",
            "A9zehggaYHHujmuRMxGIDrhWwx8=",
        ),
        (
            "GET",
            "",
            "",
            "Thu, 09 Jul 2015 03:01:34 GMT",
            "/MyQueue",
            "TestAccessSecret",
            "uwx3yeWoILzgmvesW0BQSgfM7b8=",
        ),
    ],
)
def test_the_vectors_of_other_mns_clients(
    method: str, md5: str, kind: str, date: str, path: str, secret: str, signature: str
) -> None:
    pairs = [("Date", date), ("x-mns-version", "2015-06-06"), ("Authorization", f"MNS id:{signature}")]
    pairs += [("Content-MD5", md5)] * bool(md5) + [("Content-Type", kind)] * bool(kind)
    now_ms = ms_of_http_date(date)
    assert now_ms is not None
    check_mns(method, path, proxied(*pairs), AccessKey("id", secret), now_ms + 15 * 60 * 1000)
    with pytest.raises(MailboxError, match="TimeExpired"):
        check_mns(method, path, proxied(*pairs), AccessKey("id", secret), now_ms + 15 * 60 * 1000 + 1)
    with pytest.raises(MailboxError, match="SignatureDoesNotMatch"):
        check_mns(method, path + "?a", proxied(*pairs), AccessKey("id", secret), now_ms)


def signed_by_node() -> dict[str, Any]:
    golden = Path(__file__).parents[2] / "golden" / "signed" / "npm-invoke-async.json"
    told: dict[str, Any] = json.loads(golden.read_text())
    return told


def test_what_the_official_client_for_node_signs_is_let_in_though_it_leaves_x_fc_headers_out() -> None:
    told = signed_by_node()
    headers = proxied(*map(tuple, told["headers"]))
    now_ms = ms_of_rfc3339(headers["x-acs-date"])
    assert now_ms is not None
    assert "x-fc-invocation-type" in headers
    assert "x-fc-" not in headers["Authorization"]
    key = AccessKey(**told["access_key"])
    signed_hash = check_acs3(told["method"], told["target"], headers, key, now_ms)
    check_body(told["body"].encode(), signed_hash)
    with pytest.raises(FcError, match="SignatureNotMatch"):
        check_acs3(told["method"], told["target"], headers, AccessKey("key-1", "other"), now_ms)


@pytest.mark.parametrize("name", ["host", "content-type", "x-acs-action", "x-acs-date"])
def test_what_that_client_signed_cannot_be_changed(name: str) -> None:
    told = signed_by_node()
    now_ms = ms_of_rfc3339(dict(told["headers"])["x-acs-date"])
    assert now_ms is not None
    headers = proxied(*((key, f"{value[:-2]}8Z" if key == name else value) for key, value in told["headers"]))
    with pytest.raises(FcError, match="SignatureNotMatch"):
        check_acs3(told["method"], told["target"], headers, AccessKey(**told["access_key"]), now_ms)


def test_a_body_is_held_to_its_hash() -> None:
    check_body(b"a", hashlib.sha256(b"a").hexdigest())
    for wrong in (hashlib.sha256(b"b").hexdigest(), "", "\udcff"):
        with pytest.raises(FcError, match="SignatureNotMatch"):
            check_body(b"a", wrong)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-01-02 03:04:05", "2026-13-02T03:04:05Z", "\udcff"])
def test_what_is_no_time_is_none(text: str) -> None:
    assert ms_of_rfc3339(text) is None
    assert ms_of_http_date(text) is None


def test_a_time_comes_back_as_it_was_written() -> None:
    assert ms_of_rfc3339(DATE) == NOW_MS
    assert rfc3339(NOW_MS) == DATE

"""Whose account, and with which keys: STS, the ARNs that come along, profiles, keys that change."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from fc_async import (
    AsyncInvokeConfig,
    DestinationConfig,
    FunctionArn,
    FunctionsClient,
    QueueClient,
    ServiceError,
    SettingsError,
)
from fc_async.functions.calls import Calls
from fc_async.functions.catalog import Catalog
from fc_async.functions.configs import Configs
from fc_async.settings.access_key import AccessKey, Credentials
from fc_async.settings.credentials import given_credentials
from fc_async.settings.endpoint import Endpoint
from fc_async.settings.search import find_settings
from fc_async.transport.account import ask_account_id, sts_endpoint
from fc_async.transport.repeat import Repeats
from tests.peer import Drop, Peer, Reply

ID = {"X-Fc-Request-Id": "1-a"}
KEY = AccessKey("the-access-key-id", "the-access-key-secret", "the-security-token")
WHO = {"AccountId": "1987", "UserId": "2", "Arn": "acs:ram::1987:user/x", "RequestId": "R-1"}
QUEUE = AsyncInvokeConfig(destination_config=DestinationConfig(on_failure="queue:dead"))


def ask(*script: Reply | Drop, sleeps: list[float] | None = None) -> tuple[str, Peer]:
    waits = [] if sleeps is None else sleeps
    with Peer(*script) as peer:
        endpoint = Endpoint("http", "127.0.0.1", peer.port, "the test")
        repeats = Repeats(waits.append, lambda: 0.0, lambda: 1.0)
        return ask_account_id(endpoint, given_credentials(KEY), repeats), peer


def test_sts_tells_the_account_and_no_secret_is_in_the_url() -> None:
    account, peer = ask(Reply(200, WHO))
    assert account == "1987"
    request = peer.requests[0]
    assert (request.method, request.target) == ("POST", "/")
    assert request.headers["x-acs-action"] == "GetCallerIdentity"
    assert request.headers["x-acs-version"] == "2015-04-01"
    assert request.headers["x-acs-security-token"] == KEY.security_token


def test_sts_is_asked_again_after_a_failure() -> None:
    sleeps: list[float] = []
    account, peer = ask(Reply(503), Drop(), Reply(429), Reply(200, WHO), sleeps=sleeps)
    assert account == "1987"
    assert len(peer.requests) == 4
    assert sleeps == [0.5, 1, 2]


def test_a_refusal_of_sts_is_told_with_its_code_and_what_spares_it() -> None:
    refusal = {"Code": "InvalidAccessKeyId.NotFound", "Message": "the-access-key-id is unknown", "RequestId": "R-2"}
    with pytest.raises(ServiceError) as caught:
        ask(Reply(404, refusal))
    assert (caught.value.status, caught.value.code, caught.value.request_id) == (
        404,
        "InvalidAccessKeyId.NotFound",
        "R-2",
    )
    assert "--account-id" in str(caught.value)
    assert "the-access-key-id" not in str(caught.value)


@pytest.mark.parametrize(
    "body", ["<html>", "[]", {}, {"AccountId": 7}, {"AccountId": "1.example.com"}, {"AccountId": ""}]
)
def test_an_answer_without_an_account_is_no_answer(body: Any) -> None:
    with pytest.raises(ServiceError, match="cannot be read"):
        ask(Reply(200, body))


@pytest.mark.parametrize(
    ("region", "internal", "host"),
    [
        ("cn-beijing", False, "sts.cn-beijing.aliyuncs.com"),
        ("cn-beijing", True, "sts-vpc.cn-beijing.aliyuncs.com"),
        (None, False, "sts.aliyuncs.com"),
    ],
)
def test_sts_is_asked_in_the_region(region: str | None, internal: bool, host: str) -> None:
    assert sts_endpoint(region, internal).url == f"https://{host}"


class Sts:
    """What STS would say is at hand, after a moment if told so; it counts how often it is asked."""

    def __init__(self, seconds: float = 0) -> None:
        self.asked = 0
        self._seconds = seconds

    def __call__(self, region: str | None, internal: bool, credentials: Credentials) -> str:
        self.asked += 1
        threading.Event().wait(self._seconds)
        return "1987"


def calls_of_nobody(peer: Peer, sts: Callable[[str | None, bool, Credentials], str]) -> Calls:
    """Return the calls of a client whose account nobody named."""
    found = find_settings("fc", endpoint=peer.url, environment={}, home=None)
    unnamed = replace(found, account_id=None)
    return Calls(unnamed, connect_timeout_seconds=5, read_timeout_seconds=30, ask_account=sts)


def test_a_short_destination_gets_the_account_that_sts_tells_and_it_is_asked_once() -> None:
    sts = Sts()
    with Peer(Reply(200, {}, ID)) as peer, closing(calls_of_nobody(peer, sts)) as calls:
        Configs(calls).put_config("main", QUEUE)
        Configs(calls).put_config("main", QUEUE)
        assert sts.asked == 1
        sent = json.loads(peer.requests[0].body)["destinationConfig"]["onFailure"]["destination"]
        assert sent == "acs:mns:cn-hangzhou:1987:/queues/dead/messages"
        assert str((calls.settings.account_id or ("", ""))[1]) == "STS GetCallerIdentity"


def test_an_account_that_was_learnt_while_sts_was_asked_stays() -> None:
    answer = {"functionArn": "acs:fc:cn-hangzhou:2024:functions/main"}
    with Peer(Reply(200, answer, ID)) as peer:

        def slow(*_: object) -> str:
            Configs(calls).get_config("main")
            return "1987"

        with closing(calls_of_nobody(peer, slow)) as calls:
            assert calls.account_id == "2024"


def test_many_threads_ask_sts_once() -> None:
    barrier, sts = threading.Barrier(32, timeout=60), Sts(seconds=0.05)  # every thread has the time to ask, too
    with Peer() as peer, closing(calls_of_nobody(peer, sts)) as calls, ThreadPoolExecutor(32) as pool:

        def account(_: int) -> str:
            barrier.wait()
            return calls.account_id

        assert set(pool.map(account, range(32))) == {"1987"}
        assert sts.asked == 1


READS: list[Callable[[Calls], object]] = [
    lambda calls: Configs(calls).get_config("main"),
    lambda calls: Catalog(calls).get_function("main"),
]


@pytest.mark.parametrize("read", READS, ids=["get_config", "get_function"])
def test_the_arn_of_a_function_spares_asking(read: Callable[[Calls], object]) -> None:
    arn, sts = {"functionArn": "acs:fc:cn-hangzhou:2024:functions/main"}, Sts()
    with Peer(Reply(200, arn, ID)) as peer, closing(calls_of_nobody(peer, sts)) as calls:
        read(calls)
        assert calls.account_id == "2024"
        assert sts.asked == 0


def test_nothing_is_asked_while_no_destination_needs_it() -> None:
    sts = Sts()
    with Peer(Reply(200, {}, ID)) as peer, closing(calls_of_nobody(peer, sts)) as calls:
        Configs(calls).put_config("main", AsyncInvokeConfig(max_async_retry_attempts=0))
        assert sts.asked == 0


def test_an_account_that_is_known_is_kept_whatever_an_arn_says() -> None:
    sts = Sts()
    with Peer() as peer, closing(calls_of_nobody(peer, sts)) as calls:
        assert calls.account_id == "1987"
        calls.learn_from(FunctionArn("main", "cn-hangzhou", "2024"))
        assert calls.account_id == "1987"


@pytest.mark.parametrize(
    ("service", "arguments", "url"),
    [
        ("mns", {}, "https://1987.mns.cn-hangzhou.aliyuncs.com"),
        ("mns", {"internal": True}, "https://1987.mns.cn-hangzhou-internal.aliyuncs.com"),
        ("fc", {"internal": True}, "https://1987.cn-hangzhou-internal.fc.aliyuncs.com"),
        ("fc", {}, "https://fcv3.cn-hangzhou.aliyuncs.com"),
        ("mns", {"endpoint": "https://elsewhere"}, "https://elsewhere"),
    ],
)
def test_the_account_is_asked_for_when_a_host_needs_it(
    tmp_path: Path, service: Any, arguments: dict[str, Any], url: str
) -> None:
    asked: list[tuple[str | None, bool, str]] = []

    def ask_account(region: str | None, internal: bool, credentials: Credentials) -> str:
        asked.append((region, internal, credentials.access_key().access_key_id))
        return "1987"

    found = find_settings(
        service,
        region="cn-hangzhou",
        credentials=KEY,
        ask_account=ask_account,
        environment={},
        home=tmp_path,
        **arguments,
    )
    assert found.endpoint.url == url
    needed = "1987" in url
    assert asked == ([("cn-hangzhou", "internal" in arguments, "the-access-key-id")] if needed else [])


def in_an_hour() -> str:
    return (datetime.now(timezone.utc) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


def profile(home: Path, **content: Any) -> None:
    (home / ".aliyun").mkdir(exist_ok=True)
    entry = {"name": "work", "region_id": "cn-hangzhou", **content}
    (home / ".aliyun" / "config.json").write_text(json.dumps({"current": "work", "profiles": [entry]}))


@pytest.mark.parametrize("named", ["work", None])
def test_a_profile_may_hold_a_credentials_uri(tmp_path: Path, named: str | None) -> None:
    keys = {
        "Code": "Success",
        "AccessKeyId": "uri-id",
        "AccessKeySecret": "uri-secret",
        "SecurityToken": "uri-token",
        "Expiration": in_an_hour(),
    }
    with Peer(Reply(200, keys)) as peer:
        profile(tmp_path, mode="CredentialsURI", credentials_uri=f"{peer.url}/keys?a=b")
        found = find_settings("fc", profile=named, environment={}, home=tmp_path).credentials
        assert found.access_key() == AccessKey("uri-id", "uri-secret", "uri-token")
        assert found.access_key().access_key_id == "uri-id"
        assert [request.target for request in peer.requests] == ["/keys?a=b"]


def test_a_credentials_uri_that_answers_nonsense_is_named_and_not_quoted(tmp_path: Path) -> None:
    with Peer(Reply(200, "secret-word")) as peer:
        profile(tmp_path, mode="CredentialsURI", credentials_uri=f"{peer.url}/keys")
        with pytest.raises(SettingsError, match="'work'") as caught:
            find_settings("fc", environment={}, home=tmp_path).credentials.access_key()
    assert "secret-word" not in str(caught.value)
    assert caught.value.__context__ is None


def test_the_credentials_uri_of_the_environment_beats_the_current_profile(tmp_path: Path) -> None:
    keys = {
        "Code": "Success",
        "AccessKeyId": "uri-id",
        "AccessKeySecret": "uri-secret",
        "SecurityToken": "uri-token",
        "Expiration": in_an_hour(),
    }
    profile(tmp_path, mode="AK", access_key_id="profile-id", access_key_secret="profile-secret")
    with Peer(Reply(200, keys)) as peer:
        environment = {"ALIBABA_CLOUD_CREDENTIALS_URI": f"{peer.url}/keys"}
        found = find_settings("fc", environment=environment, home=tmp_path).credentials
        assert found.access_key() == AccessKey("uri-id", "uri-secret", "uri-token")


def test_a_credentials_uri_that_does_not_answer_is_told_by_host_and_port(tmp_path: Path) -> None:
    with Peer() as gone:
        port = gone.port
    environment = {"ALIBABA_CLOUD_CREDENTIALS_URI": f"http://127.0.0.1:{port}/keys?token=secret-word"}
    found = find_settings("fc", region="cn-hangzhou", environment=environment, home=tmp_path).credentials
    with pytest.raises(
        SettingsError, match=rf"ALIBABA_CLOUD_CREDENTIALS_URI, which names 127\.0\.0\.1:{port} "
    ) as caught:
        found.access_key()
    assert "secret-word" not in str(caught.value)


def test_keys_that_change_reach_both_services() -> None:
    class Rotating:
        count = 0

        def get_credentials(self) -> Any:
            self.count += 1
            return _Found(f"id-{self.count}")

    message = Reply(404, "<Error><Code>MessageNotExist</Code></Error>")
    with Peer(Reply(202, b"", ID)) as fc, Peer(message) as mns:
        keys = Rotating()
        with (
            FunctionsClient(endpoint=fc.url, mns_endpoint=mns.url, credentials=keys) as functions,
            QueueClient("dead", mns_endpoint=functions.mns_endpoint, credentials=keys) as queue,
        ):
            functions.invoke_async("main", None)
            queue.receive()
            functions.invoke_async("main", None)
            queue.receive()
        assert ["Credential=id-1," in fc.requests[0].headers["authorization"], "id-3" in str(fc.requests[1])] == [
            True
        ] * 2
        assert [request.headers["authorization"].partition(":")[0] for request in mns.requests] == [
            "MNS id-2",
            "MNS id-4",
        ]
        assert [request.headers["security-token"] for request in mns.requests] == ["token", "token"]


class _Found:
    def __init__(self, key_id: str) -> None:
        self._key_id = key_id

    def get_access_key_id(self) -> str:
        return self._key_id

    def get_access_key_secret(self) -> str:
        return "secret"

    def get_security_token(self) -> str:
        return "token"

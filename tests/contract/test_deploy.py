"""deploy_function: created or brought to the asked state, waited for, published."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fc_async import ArgumentError, DeployedFunction, FunctionsClient, ServiceError, TransportError
from fc_async.local.server import LocalServer
from tests.peer import Drop, Peer, Reply

ARN = "acs:fc:cn-hangzhou:1234567890123456:functions/main"
ID = {"x-fc-request-id": "1-64e70cf1"}
MISSING = Reply(404, {"Code": "FunctionNotFound", "Message": "no"}, ID)
EXISTS = Reply(409, {"Code": "FunctionAlreadyExists", "Message": "no"}, ID)
RUNTIME = {"runtime": "python3.10", "handler": "index.handler"}
ROLE = "acs:ram::1234567890123456:role/worker"


def function(state: str | None = "Active", **fields: Any) -> Reply:
    return Reply(200, {"functionName": "main", "functionArn": ARN, "state": state, **fields}, ID)


@pytest.fixture
def code(tmp_path: Path) -> Path:
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "index.py").write_text(
        "import os\ndef handler(event, context):\n    return os.environ.get('A', 'none')\n"
    )
    return folder


class FakeTime:
    """A clock that only the sleeper moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def clock(self) -> float:
        return self.now


class Deployed:
    """A scripted service, a client of it, and what was sent."""

    def __init__(self, *script: Reply | Drop) -> None:
        self.peer, self.time = Peer(*script), FakeTime()
        self.client = FunctionsClient(endpoint=self.peer.url, sleep=self.time.sleep, clock=self.time.clock)

    def __enter__(self) -> Deployed:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self.peer.__exit__()

    @property
    def sent(self) -> list[tuple[str, str]]:
        return [(one.method, one.target.removeprefix("/2023-03-30/functions")) for one in self.peer.requests]


@pytest.fixture
def local_client() -> Iterator[FunctionsClient]:
    with LocalServer(workers=1) as server, FunctionsClient(endpoint=server.url) as client:
        yield client


def test_a_folder_becomes_a_function_that_runs_and_a_second_deployment_changes_what_is_given_alone(
    local_client: FunctionsClient, code: Path
) -> None:
    first = local_client.deploy_function(
        "main",
        code,
        **RUNTIME,
        timeout_seconds=timedelta(seconds=10),
        memory_mb=128,
        role=ROLE,
        environment={"A": "1"},
        description="d",
    )
    assert first == DeployedFunction(ARN, True, None)
    assert local_client.invoke("main", None).payload == b"1"
    second = local_client.deploy_function("main", code, **RUNTIME, memory_mb=256)
    assert second == DeployedFunction(ARN, False, None)
    found = local_client.get_function("main")
    assert (found.timeout, found.memory_size, found.role, found.description) == (10, 256, ROLE, "d")
    assert found.environment_variables == {"A": "1"}
    (code / "index.py").write_text("def handler(event, context):\n    return 'new'\n")
    local_client.deploy_function("main", code, **RUNTIME, environment={})
    assert local_client.invoke("main", None).payload == b"new"
    assert local_client.get_function("main").environment_variables == {}


def test_publish_gives_the_version_that_holds_what_was_deployed(local_client: FunctionsClient, code: Path) -> None:
    assert local_client.deploy_function("main", code, **RUNTIME, publish=True).version == "1"
    assert local_client.deploy_function("main", code, **RUNTIME, publish=True).version == "1"  # nothing has changed
    (code / "index.py").write_text("def handler(event, context):\n    return 'new'\n")
    assert local_client.deploy_function("main", code, **RUNTIME, publish=True).version == "2"
    assert local_client.invoke("main", None, qualifier="2").payload == b"new"
    assert list(local_client.iter_qualifiers("main")) == ["2", "1"]


def test_where_nothing_changed_since_the_last_version_that_one_is_the_version() -> None:
    refused = Reply(400, {"Code": "VersionPublishError", "Message": "No changes were made since last publish"}, ID)
    listed = Reply(200, {"versions": [{"versionId": "7"}], "nextToken": "x"}, ID)
    with Deployed(function(), Reply(200, {}, ID), function(), refused, listed) as peer:
        assert peer.client.deploy_function("main", b"zip", **RUNTIME, publish=True).version == "7"
    with (
        Deployed(function(), Reply(200, {}, ID), function(), refused, Reply(200, {}, ID)) as peer,
        pytest.raises(ServiceError, match="VersionPublishError"),
    ):
        peer.client.deploy_function("main", b"zip", **RUNTIME, publish=True)


def test_what_is_none_is_not_sent_and_the_zip_is_sent_as_it_is() -> None:
    with Deployed(function(), Reply(200, {}, ID), function()) as peer:
        peer.client.deploy_function("main", b"zip", **RUNTIME)
        assert peer.sent == [("GET", "/main"), ("PUT", "/main"), ("GET", "/main")]
        assert json.loads(peer.peer.requests[1].body) == {
            "runtime": "python3.10",
            "handler": "index.handler",
            "code": {"zipFile": base64.b64encode(b"zip").decode()},
        }


def test_it_returns_when_the_service_says_that_the_function_is_active_and_its_update_done() -> None:
    going = [function("Pending"), function("Active", lastUpdateStatus="InProgress")]
    with Deployed(MISSING, Reply(200, {}, ID), *going, function(lastUpdateStatus="Successful")) as peer:
        assert peer.client.deploy_function("main", b"zip", **RUNTIME) == DeployedFunction(ARN, True, None)
        assert peer.time.now == 2
    with Deployed(MISSING, Reply(200, {}, ID), function(None)) as peer:
        peer.client.deploy_function("main", b"zip", **RUNTIME)
        assert peer.time.now == 0


def test_after_two_minutes_it_is_an_error_that_names_the_state() -> None:
    with Deployed(MISSING, Reply(200, {}, ID), function("Pending", stateReason="pulling the image")) as peer:
        with pytest.raises(ServiceError, match=r"state is Pending.*after 120 s.*pulling the image"):
            peer.client.deploy_function("main", b"zip", **RUNTIME)
        assert peer.time.now == 120


def test_a_function_that_failed_is_not_waited_for() -> None:
    failed = function("Failed", stateReasonCode="ImagePullFailed")
    with Deployed(MISSING, Reply(200, {}, ID), failed) as peer:
        with pytest.raises(ServiceError, match=r"state is Failed") as caught:
            peer.client.deploy_function("main", b"zip", **RUNTIME)
        assert (caught.value.code, peer.time.now) == ("ImagePullFailed", 0)


def test_a_creation_whose_answer_was_lost_is_made_again_and_its_conflict_is_no_error() -> None:
    with Deployed(MISSING, Drop(), EXISTS, function()) as peer:
        assert peer.client.deploy_function("main", b"zip", **RUNTIME).created
        assert [one for one, _ in peer.sent] == ["GET", "POST", "POST", "GET"]


def test_a_function_that_somebody_else_created_meanwhile_is_updated() -> None:
    with Deployed(MISSING, EXISTS, Reply(200, {}, ID), function()) as peer:
        assert not peer.client.deploy_function("main", b"zip", **RUNTIME).created
        assert [one for one, _ in peer.sent] == ["GET", "POST", "PUT", "GET"]


def test_a_version_whose_answer_was_lost_is_not_published_twice() -> None:
    with Deployed(function(), Reply(200, {}, ID), function(), Drop()) as peer:
        with pytest.raises(TransportError) as caught:
            peer.client.deploy_function("main", b"zip", **RUNTIME, publish=True)
        assert caught.value.sent
        assert len(peer.sent) == 4


def test_no_message_quotes_a_variable() -> None:
    refused = Reply(400, {"Code": "InvalidArgument", "Message": "bad value hunter2-secret"}, ID)
    with Deployed(MISSING, refused) as peer, pytest.raises(ServiceError) as caught:
        peer.client.deploy_function("main", b"zip", **RUNTIME, environment={"KEY": "hunter2-secret"})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"role": "worker"}, "role: expected a role's ARN .*got 'worker'"),
        ({"role": "acs:ram::1:user/x"}, "role: expected"),
        ({"role": ""}, "role: expected"),
        ({"runtime": ""}, "runtime: expected text, got nothing"),
        ({"handler": None}, "handler: expected text, got NoneType"),
        ({"timeout_seconds": 0}, "timeout_seconds: expected a whole number from 1 to 86400, got 0"),
        ({"timeout_seconds": timedelta(seconds=0.5)}, "timeout_seconds"),
        ({"memory_mb": 127}, "memory_mb: expected a whole number from 128 to 32768, got 127"),
        ({"environment": [("A", "1")]}, "environment: expected names with texts, got list"),
        ({"environment": {"A": 1}}, "environment: expected names with texts, got 'A' with a int"),
        ({"description": 1}, "description"),
        ({"function": "a/b"}, "FC 3.0"),
        ({"code": bytes(51 * 1024 * 1024)}, "OSS"),
    ],
)
def test_an_argument_that_cannot_be_right_is_refused_before_anything_is_sent(wrong: dict[str, Any], said: str) -> None:
    with Deployed(MISSING) as peer:
        with pytest.raises(ArgumentError, match=said):
            peer.client.deploy_function(**{"function": "main", "code": b"zip", **RUNTIME, **wrong})
        assert peer.sent == []

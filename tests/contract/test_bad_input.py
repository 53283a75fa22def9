"""Whatever is sent, the answer is an error in the service's shape, no defect is logged, and the service goes on."""

from __future__ import annotations

import itertools

import pytest

from fc_async.local.server import LocalServer
from tests.contract.fc_sdk import create_function, error, fc_client, request

ECHOES = "def handler(event, context):\n    return event\n"
ROOT = "/2023-03-30/functions"
STRANGE = ["%ff", "%00", "a" * 4000, "..%2f..%2fetc", "%E5%90%8D", "a%20b", "%22%3E", "-", "0", "9" * 400, "%0d%0aX:y"]
OF_A_FUNCTION = ["", "/async-invoke-config", "/versions", "/aliases", "/async-tasks", "/invocations"]
OF_AN_ITEM = [
    ("DELETE", "versions/{}"),
    ("GET", "aliases/{}"),
    ("PUT", "aliases/{}"),
    ("DELETE", "aliases/{}"),
    ("GET", "async-tasks/{}"),
    ("PUT", "async-tasks/{}/stop"),
]


@pytest.fixture
def quiet(local: LocalServer, caplog: pytest.LogCaptureFixture) -> LocalServer:
    create_function(fc_client(local), "main", ECHOES)
    return local


def expect_refusal(local: LocalServer, method: str, path: str, body: bytes = b"{}", **headers: str) -> None:
    status, code = error(request(local, method, path, body, headers))
    assert 400 <= status < 500 or (status, code) == (501, "NotImplemented"), (method, path, status, code)


def expect_health(local: LocalServer, caplog: pytest.LogCaptureFixture) -> None:
    assert request(local, "GET", "/_local/health")[0] == 200
    assert "defect" not in caplog.text
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_function_name(quiet: LocalServer, name: str, caplog: pytest.LogCaptureFixture) -> None:
    for part, method in itertools.product(OF_A_FUNCTION, ("GET", "PUT", "POST", "DELETE", "PATCH")):
        expect_refusal(quiet, method, f"{ROOT}/{name}{part}")
    expect_refusal(quiet, "PUT", f"/_local/functions/{name}/limit", b'{"instances": 1}')
    expect_health(quiet, caplog)


@pytest.mark.parametrize("item", STRANGE)
def test_a_strange_version_alias_or_task(quiet: LocalServer, item: str, caplog: pytest.LogCaptureFixture) -> None:
    for method, path in OF_AN_ITEM:
        expect_refusal(quiet, method, f"{ROOT}/main/{path.format(item)}")
    expect_health(quiet, caplog)


@pytest.mark.parametrize("qualifier", STRANGE)
def test_a_strange_qualifier(quiet: LocalServer, qualifier: str, caplog: pytest.LogCaptureFixture) -> None:
    for method, path in (
        ("POST", "invocations"),
        ("PUT", "async-invoke-config"),
        ("GET", "async-invoke-config"),
        ("DELETE", "async-invoke-config"),
        ("GET", "async-tasks"),
        ("GET", "async-tasks/t"),
    ):
        expect_refusal(quiet, method, f"{ROOT}/main/{path}?qualifier={qualifier}")
    expect_health(quiet, caplog)


BODIES = [
    b"{",
    b"[]",
    b"null",
    b"1",
    b'"x"',
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b"{}" * 2,
    b'{"versionId": {}, "aliasName": [], "description": 1, "asyncTask": 1}',
    b'{"maxAsyncRetryAttempts": 1e999, "destinationConfig": 7}',
    b'{"maxAsyncRetryAttempts": NaN}',
    b'{"maxAsyncEventAgeInSeconds": 99999999999999999999999999}',
    b'{"destinationConfig": {"onSuccess": {"destination": "\\ud800"}}, "asyncTask": "x"}',
]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_a_malformed_body(quiet: LocalServer, body: bytes, caplog: pytest.LogCaptureFixture) -> None:
    for method, path in (
        ("POST", ROOT),
        ("PUT", f"{ROOT}/main/async-invoke-config"),
        ("POST", f"{ROOT}/main/aliases"),
        ("PUT", "/_local/functions/main/limit"),
    ):
        expect_refusal(quiet, method, path, body)
    expect_health(quiet, caplog)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Fc-Invocation-Type": "Later"},
        {"X-Fc-Invocation-Type": "Async", "x-fc-async-delay": "٣"},
        {"X-Fc-Invocation-Type": "Async", "x-fc-async-task-id": "a" * 129},
        {"X-Fc-Invocation-Type": "Async", "x-fc-async-task-id": "é"},
    ],
)
def test_a_strange_header(quiet: LocalServer, headers: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    encoded = {name: value.encode().decode("latin-1") for name, value in headers.items()}
    expect_refusal(quiet, "POST", f"{ROOT}/main/invocations", b"{}", **encoded)
    expect_health(quiet, caplog)


def test_a_destination_that_json_can_hold_and_utf8_cannot_is_lost_and_not_a_defect(
    quiet: LocalServer, caplog: pytest.LogCaptureFixture
) -> None:
    body = b'{"destinationConfig": {"onSuccess": {"destination": "acs:mns:::/queues/\\ud800/messages"}}}'
    answered = request(quiet, "PUT", f"{ROOT}/main/async-invoke-config", body)[0]
    assert answered in (200, 400)
    request(quiet, "POST", f"{ROOT}/main/invocations", b"{}", {"X-Fc-Invocation-Type": "Async"})
    quiet.advance(60)
    assert request(quiet, "GET", "/_local/invocations")[0] == 200
    expect_health(quiet, caplog)

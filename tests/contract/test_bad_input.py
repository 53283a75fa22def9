"""Whatever is sent, the answer is an error in the service's shape, no defect is logged, and the service goes on."""

from __future__ import annotations

import base64
import itertools
import json
import resource
import subprocess
import sys

import pytest
from alibabacloud_fc20230330 import models

from fc_async.local import LocalServer
from fc_async.local.fc.checksum import code_checksum
from tests.contract.fc_sdk import create_function, error, fc_client, raw, request, zipped

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
        {"X-Fc-Log-Type": "Head"},
        {"X-Fc-Invocation-Type": "Async", "x-fc-async-delay": "٣"},
        {"X-Fc-Invocation-Type": "Async", "x-fc-async-task-id": "a" * 129},
        {"X-Fc-Invocation-Type": "Async", "x-fc-async-task-id": "é"},
    ],
)
def test_a_strange_header(quiet: LocalServer, headers: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    fc_client(quiet).put_async_invoke_config(
        "main", models.PutAsyncInvokeConfigRequest(body=models.PutAsyncInvokeConfigInput(async_task=True))
    )
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


CUT_SHORT = [
    b"Content-Length: 100\r\n\r\n",
    b"Content-Length: 100\r\n\r\n{",
    b"Transfer-Encoding: chunked\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
    b"Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n",
]


@pytest.mark.parametrize("rest", CUT_SHORT)
@pytest.mark.parametrize("call", ["POST {}", "POST {}/main/invocations", "PUT {}/main/async-invoke-config"])
def test_a_body_cut_short_is_refused_and_never_taken_for_a_whole_one(
    quiet: LocalServer, call: str, rest: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    head = f"{call.format(ROOT)} HTTP/1.1\r\nHost: localhost\r\nX-Fc-Invocation-Type: Async\r\n".encode()
    answer = raw(quiet, head + rest, hang_up=True)
    assert answer.split()[1] == b"400"
    assert b'"InvalidArgument"' in answer
    assert json.loads(request(quiet, "GET", "/_local/health")[2])["metrics"]["FunctionEnqueueCount"] == 0
    expect_health(quiet, caplog)


# What is large, and what is left open


@pytest.mark.slow
def test_a_body_of_70_mb_that_is_no_code_is_refused(local: LocalServer, caplog: pytest.LogCaptureFixture) -> None:
    size = 69 * 1024 * 1024
    head = b'{"functionName": "f", "runtime": "python3.10", "handler": "index.handler", '
    for body in (
        head + b'"description": "' + b"x" * size + '😀"}'.encode(),
        head + b'"code": {"zipFile": "' + b"A" * size + '😀"}}'.encode(),
        head + b'"code": {"zipFile": "' + b"!" * size + b'"}}',
        head + b'"code": {"zipFile": "' + b"A" * size + b'"}, "description": "\xf0\x9f\x98\x80"}',
        head + b'"environmentVariables": {"zipFile": "' + b"A" * size + b'"}}',
        b"[" * size,
    ):
        assert error(request(local, "POST", ROOT, body)) == (400, "InvalidArgument")
    assert error(request(local, "POST", ROOT, b"x" * (71 * 1024 * 1024))) == (400, "EntityTooLarge")
    expect_health(local, caplog)


def test_code_in_base64_of_every_spelling_is_taken(local: LocalServer) -> None:
    noise = "".join(chr(33 + (number * 7919) % 90) for number in range(20_000))
    code = zipped({"index.py": ECHOES, "data.txt": noise})
    assert "/" in code
    for name, text in (("plain", code), ("escaped", code.replace("/", "\\/"))):
        body = (
            f'{{"functionName": "{name}", "runtime": "python3.10", "handler": "index.handler", "description": "死信 😀"'
        )
        checksum = code_checksum(base64.b64decode(code))
        body += f', "code": {{"checksum": "{checksum}", "zipFile" : "{text}"}}}}'
        status, _, answered = request(local, "POST", ROOT, body.encode())
        assert status == 200, answered
        assert request(local, "POST", f"{ROOT}/{name}/invocations", b"hello")[2] == b"hello"


OPENS_AND_LEAVES = """
import resource, socket, sys, urllib.request
from urllib.parse import urlsplit
from fc_async.local import LocalServer

_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, hard), hard))  # the service raises it; client and service share it
with LocalServer(workers=1) as local:
    port = urlsplit(local.url).port
    cut = b"POST /2023-03-30/functions HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Length: 9\\r\\n\\r\\n{"
    begun = (b"", b"GET / HT", cut)
    left = []
    for number in range(int(sys.argv[1])):
        left.append(socket.create_connection(("127.0.0.1", port), 20))
        left[-1].sendall(begun[number % 3])
    with urllib.request.urlopen(local.url + "/_local/health", timeout=60) as answer:
        print(len(left), "left,", answer.status)
    for connection in left:
        connection.close()
"""


def test_connections_that_are_opened_and_left_do_not_stop_the_service() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    left = min(5000, hard // 3)
    done = subprocess.run(
        [sys.executable, "-c", OPENS_AND_LEAVES, str(left)], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout) == (0, f"{left} left, 200\n"), done.stderr

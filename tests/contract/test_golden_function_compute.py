"""Exchanges with Function Compute whose origin is written beside them: keys, their order, words and status."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from alibabacloud_fc20230330.client import Client

from fc_async.local import LocalServer
from tests.contract.fc_sdk import QUEUE, create_function, invoke_async, put_config, request

GOLDEN = sorted((Path(__file__).parents[1] / "golden" / "function_compute").glob("*.json"))
FAILS = "class MyError(Exception): pass\ndef handler(event, context):\n    raise MyError('My unhandled exception')\n"
ECHOES = "def handler(event, context):\n    return event\n"


def read(path: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(path.read_text())
    assert told["origin"]
    return told


def assert_same(answered: Any, golden: Any) -> None:
    """Compare in value, type and order of keys; `{"matches": PATTERN}` stands for what differs each time."""
    if isinstance(golden, dict) and set(golden) == {"matches"}:
        assert re.fullmatch(golden["matches"], str(answered)), answered
    elif isinstance(golden, dict):
        assert isinstance(answered, dict)
        assert list(answered) == list(golden)
        for key, value in golden.items():
            assert_same(answered[key], value)
    else:
        assert (type(answered), answered) == (type(golden), golden)


@pytest.mark.parametrize(
    "path", [path for path in GOLDEN if not path.stem.startswith("record_")], ids=lambda path: path.stem
)
def test_an_exchange_is_the_one_of_its_origin(local: LocalServer, fc: Client, path: Path) -> None:
    told = read(path)
    create_function(fc, "main", ECHOES)
    asked, golden = told["request"], told["response"]
    body = asked["body"]
    text = body if isinstance(body, str) else body["repeat"] * body["times"]
    status, headers, answered = request(local, asked["method"], asked["path"], text.encode(), asked["headers"])
    assert status == golden["status"]
    for name, value in golden.get("headers", {}).items():
        assert_same(headers[name.lower()], value)
    if "json" in golden:
        assert_same(json.loads(answered), golden["json"])
    else:
        assert answered.decode() == golden["body"]


def test_the_record_of_a_failure_is_the_one_of_its_origin(local: LocalServer, fc: Client) -> None:
    told = read(next(path for path in GOLDEN if path.stem == "record_of_a_failure"))
    create_function(fc, "main", FAILS)
    request(local, "PUT", "/queues/dead", "<Queue/>", {"x-mns-version": "2015-06-06"})
    put_config(fc, "main", on_failure=QUEUE.format("dead"), max_async_retry_attempts=0)
    invoke_async(fc, "main", b'{"failure":true}')
    local.settle()
    (shown,) = json.loads(request(local, "GET", "/_local/invocations")[2])
    assert_same(shown["deliveries"][0]["record"], told["record"])

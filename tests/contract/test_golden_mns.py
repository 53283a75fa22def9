"""Exchanges with MNS whose origin is written beside them: status, headers, and the body byte for byte."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.contract.mns_server import MnsServer, running_mns

GOLDEN = sorted((Path(__file__).parents[1] / "golden" / "mns").glob("*.json"))
DIFFERS_EACH_TIME = {
    "@ID": "[0-9A-F]{32}",
    "@REQUEST": "[0-9A-F]{24}",
    "@HANDLE": "[0-9A-F]{32}-[A-Za-z0-9+/=]+",
    "@MS": "[0-9]{13}",
    "@S": "[0-9]{10}",
}


def is_as_told(answered: str, told: str, server: MnsServer) -> bool:
    told = told.replace("@BASE", server.base_url).replace("@HOST", server.base_url.removeprefix("http://"))
    pattern = re.sub("@[A-Z]+", lambda found: DIFFERS_EACH_TIME[found.group()], re.escape(told))
    return re.fullmatch(pattern, answered) is not None


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_an_exchange_is_the_one_of_its_origin(path: Path) -> None:
    told: dict[str, Any] = json.loads(path.read_text())
    assert told["origin"]
    with running_mns() as server:
        for step in told["before"]:
            assert server.request(step["method"], step["path"], step["body"])[0] < 300
        asked, golden = told["request"], told["response"]
        status, headers, body = server.request(asked["method"], asked["path"], asked["body"], asked["headers"])
        assert status == golden["status"]
        for name, value in golden["headers"].items():
            assert is_as_told(headers[name], value, server), headers[name]
        assert is_as_told(body.decode(), "\n".join(golden["body"]), server), body.decode()

"""What `config set` says of roles: in a cloud, where nothing is delivered without one; on this machine not a word."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from fc_async import AsyncInvokeConfig, DestinationConfig
from fc_async.checks import FunctionName
from fc_async.cli.config.warnings import warnings

NAMED = {"on_success": None, "on_failure": None}
CONFIG = AsyncInvokeConfig(
    destination_config=DestinationConfig(on_failure="acs:mns:cn-hangzhou:1234567890123456:/queues/dead/messages")
)


class FakeClient:
    """A client of a function with or without a role, somewhere."""

    def __init__(self, *, is_loopback: bool, role: str | None) -> None:
        self.settings = SimpleNamespace(endpoint=SimpleNamespace(is_loopback=is_loopback))
        self._role = role

    def get_function(self, function: str, *, qualifier: str | None = None) -> Any:
        return SimpleNamespace(role=self._role)


@pytest.mark.parametrize(
    ("is_loopback", "role", "count"), [(False, None, 1), (False, "acs:ram::1:role/r", 0), (True, None, 0)]
)
def test_a_function_without_a_role_is_warned_of_where_it_needs_one(
    is_loopback: bool, role: str | None, count: int
) -> None:
    client: Any = FakeClient(is_loopback=is_loopback, role=role)
    said = warnings(client, FunctionName("orders"), CONFIG, NAMED)
    assert len(said) == count
    for sentence in said:
        start, policy = sentence.split("\n")
        assert start.startswith("orders has no role, so nothing would be delivered")
        assert json.loads(policy) == {
            "Version": "1",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["mns:SendMessage"],
                    "Resource": ["acs:mns:cn-hangzhou:1234567890123456:/queues/dead/messages"],
                }
            ],
        }

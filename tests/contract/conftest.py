"""A local service for each test, on a port of its own, with a clock that the test moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from alibabacloud_fc20230330.client import Client
from mns.account import Account
from mns.queue import Queue, QueueMeta

from fc_async.local.clock import ManualClock
from fc_async.local.server import LocalServer
from tests.contract.fc_sdk import fc_client


@pytest.fixture
def local() -> Iterator[LocalServer]:
    with LocalServer(clock=ManualClock(), workers=2, seed=1) as server:
        yield server


@pytest.fixture
def fc(local: LocalServer) -> Client:
    return fc_client(local)


class Silence:
    """A logger for the MNS SDK, whose own writes a file next to its code."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: None


@pytest.fixture
def mns_queue(local: LocalServer) -> Iterator[Callable[[str], Queue]]:
    """Makes a queue on the local service, and gives it as the official SDK's object."""
    account = Account(local.url, "id", "secret", logger=Silence())

    def make(name: str) -> Queue:
        queue = account.get_queue(name)
        queue.set_encoding(False)
        queue.create(QueueMeta())
        return queue

    yield make
    account.mns_client.http.conn.close()

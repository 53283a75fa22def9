"""A local service for each test, on a port of its own, with a clock that the test moves."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from alibabacloud_fc20230330.client import Client
from mns.account import Account
from mns.queue import Queue

from fc_async.local import LocalServer, ManualClock
from tests.contract.fc_sdk import DEADLINE_SECONDS, fc_client
from tests.contract.service import IS_REAL, AccountService, LocalService, Service, Silence, made_queue


@pytest.fixture
def local() -> Iterator[LocalServer]:
    with LocalServer(clock=ManualClock(), workers=2, seed=1) as server:
        yield server


@pytest.fixture
def fc(local: LocalServer) -> Client:
    return fc_client(local)


@pytest.fixture
def service() -> Iterator[Service]:
    """The service at its default assumptions; the real account where that is asked for."""
    asked: Service = AccountService() if IS_REAL else LocalService()
    with closing(asked):
        yield asked


@pytest.fixture
def assuming() -> Iterator[Callable[..., LocalService]]:
    """Starts a local service that assumes something: `assuming(put_merges=False)`."""
    with ExitStack() as stack:
        yield lambda **values: stack.enter_context(closing(LocalService(**values)))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On a real account only what is asked of `service` can be run."""
    if IS_REAL:
        here = Path(__file__).parent
        asked = [item for item in items if item.path.parent == here]
        chosen = [item for item in asked if "service" in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = chosen


@pytest.fixture
def mns_queue(local: LocalServer) -> Iterator[Callable[[str], Queue]]:
    """Makes a queue on the local service, and gives it as the official SDK's object."""
    account = Account(local.url, "id", "secret", logger=Silence())

    yield lambda name: made_queue(account, name)
    account.mns_client.http.conn.close()


class Gate:
    """Holds a handler for as long as a test wants: `handler` is its source."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        port = listener.getsockname()[1]
        self.handler = (
            "import socket\n"
            "def handler(event, context):\n"
            f"    with socket.create_connection(('127.0.0.1', {port})) as gate:\n"
            "        return gate.recv(1)\n"
        )

    @contextmanager
    def holding(self, call: Callable[[], object]) -> Iterator[None]:
        """Run `call` in a thread; the body runs while its handler is held, then the call ends."""
        thread = threading.Thread(target=call)
        thread.start()
        held, _ = self._listener.accept()
        with held:
            yield
        thread.join()


class OneWorker(NamedTuple):
    local: LocalServer
    fc: Client
    gate: Gate


@pytest.fixture
def fc_of_one_worker() -> Iterator[OneWorker]:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        LocalServer(clock=ManualClock(), workers=1) as server,
    ):
        listener.settimeout(DEADLINE_SECONDS)
        yield OneWorker(server, fc_client(server), Gate(listener))

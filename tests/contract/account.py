"""The service that promises are held against: a local one at every value of an assumption, or a real account.

A real account is used only when FC_ASYNC_REAL_ACCOUNT=1 asks for it, with the settings of the environment. What is
created there begins with `fc-async-test-`, is named as it is created, and is deleted at the end.
"""

from __future__ import annotations

import itertools
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from fc_async import FunctionsClient, ServiceError
from fc_async.local import LocalServer
from tests.contract.fc_sdk import create_function

IS_REAL = os.environ.get("FC_ASYNC_REAL_ACCOUNT") == "1"

HANDLER = """
def handler(event, context):
    if b"failure" in event:
        raise ValueError("no")
    return event
"""


def at_every(**assumptions: list[Any]) -> pytest.MarkDecorator:
    """Run the test at every combination of these values, and once on a real account, which has its own."""
    combinations = [dict(zip(assumptions, values, strict=True)) for values in itertools.product(*assumptions.values())]
    ids = [",".join(f"{name}={value}" for name, value in one.items()) for one in combinations]
    if IS_REAL:
        combinations, ids = [{}], ["real account"]
    return pytest.mark.parametrize("account", combinations, ids=ids, indirect=True)


class Account:
    """One account of a service, with one client.

    Args:
        client: calls it.
        say: tells the reader what is created and deleted.
        server: the service, when it is on this machine.
    """

    def __init__(self, client: FunctionsClient, say: Callable[[str], None], server: LocalServer | None = None) -> None:
        self.client = client
        self.server = server
        self._say = say
        self._created: list[str] = []

    def create_function(self, source: str = HANDLER) -> str:
        """Create a function, which is deleted with the account, and return its name."""
        name = f"fc-async-test-{uuid.uuid4().hex[:8]}"
        create_function(self.client.sdk, name, source, runtime="python3.10")
        self._created.append(name)
        self._say(f"created the function {name} in {self.client.settings.place}")
        return name

    def delete_all(self) -> None:
        """Delete what was created."""
        for name in self._created:
            for config in list(self.client.iter_configs(name)):
                self.client.delete_config(name, qualifier=config.function.qualifier)
            self.client.sdk.delete_function(name)
            self._say(f"deleted the function {name}")


@contextmanager
def real_account(say: Callable[[str], None]) -> Iterator[Account]:
    """Give the account that the environment names."""
    with FunctionsClient() as client:
        account = Account(client, say)
        try:
            yield account
        finally:
            account.delete_all()


@contextmanager
def local_account(server: LocalServer) -> Iterator[Account]:
    """Give the account of a local service with a ManualClock, whose time moves when its client sleeps."""
    with local_client(server) as client:
        yield Account(client, lambda _: None, server)


def local_client(server: LocalServer, url: str | None = None) -> FunctionsClient:
    """Return a client that lives in the service's time, and reaches it at `url`."""
    time = _Time(server)
    return FunctionsClient(endpoint=url or server.url, sleep=time.sleep, clock=lambda: time.now, random=lambda: 1.0)


class _Time:
    def __init__(self, server: LocalServer) -> None:
        self._server = server
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self._server.advance(seconds)
        self.now += seconds


def refused(code_or_status: str | int, call: Callable[[], object]) -> ServiceError:
    """Return the refusal, which has this code or status."""
    with pytest.raises(ServiceError) as caught:
        call()
    assert code_or_status in (caught.value.code, caught.value.status)
    return caught.value

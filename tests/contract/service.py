"""The service that a promise is asked of: the local one with time that is moved, or a real account (slow, and billed).

A test says `later(seconds, look)`: on the local service time moves on by that much and `look` is asked once; on a real
account `look` is asked again and again until it finds something or a deadline passes. FC_ASYNC_REAL_ACCOUNT=1 chooses
the account that the environment names, with the role of FC_ROLE_ARN for the functions.
"""

from __future__ import annotations

import json
import os
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from alibabacloud_fc20230330 import models
from alibabacloud_fc20230330.client import Client
from mns.account import Account
from mns.mns_exception import MNSServerException
from mns.queue import Queue, QueueMeta

from fc_async.functions.client import FunctionsClient
from fc_async.local import LocalServer, ManualClock
from tests.contract.fc_sdk import create_function, fc_client

IS_REAL = os.environ.get("FC_ASYNC_REAL_ACCOUNT") == "1"
SLACK_SECONDS = 60

_Found = TypeVar("_Found")


class Silence:
    """A logger for the MNS SDK, whose own writes a file next to its code."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: None


@dataclass(frozen=True)
class Destination:
    """A queue for records: its ARN goes into a config, `take` empties it."""

    arn: str
    queue: Queue

    def take(self) -> list[dict[str, Any]]:
        """Return the records that are there now, and delete them."""
        return [json.loads(body) for body in self.bodies()]

    def bodies(self) -> list[str]:
        """Return the messages as they are, and delete them."""
        found: list[str] = []
        while True:
            try:
                message = self.queue.receive_message(0)
            except MNSServerException as refused:
                if refused.type != "MessageNotExist":
                    raise
                return found
            self.queue.delete_message(message.receipt_handle)
            found.append(message.message_body)


class Service(Protocol):
    """What a promise needs."""

    fc: Client

    def arn(self, function: str) -> str:
        """Return a function's ARN."""

    def function(self, source: str, **fields: Any) -> str:
        """Create a function and return its name."""

    def queue(self) -> Destination:
        """Create a queue."""

    def later(self, seconds: float, look: Callable[[], _Found]) -> _Found:
        """Return what is found after this time."""

    def close(self) -> None:
        """Remove everything."""


class LocalService:
    """The local service, in this process, at a time of its own."""

    def __init__(self, **assume: Any) -> None:
        self.server = LocalServer(clock=ManualClock(), workers=2, assume=assume)
        self.server.__enter__()
        self.fc = fc_client(self.server)
        self._account = Account(self.server.url, "id", "secret", logger=Silence())
        self._made = 0

    def arn(self, function: str) -> str:
        return f"acs:fc:{self.server.region}:{self.server.account_id}:functions/{function}"

    def function(self, source: str, **fields: Any) -> str:
        self._made += 1
        name = f"function-{self._made}"
        create_function(self.fc, name, source, **fields)
        return name

    def queue(self) -> Destination:
        self._made += 1
        name = f"queue-{self._made}"
        return Destination(
            f"acs:mns:{self.server.region}:{self.server.account_id}:/queues/{name}/messages",
            made_queue(self._account, name),
        )

    def later(self, seconds: float, look: Callable[[], _Found]) -> _Found:
        self.server.advance(seconds)
        return look()

    def close(self) -> None:
        self._account.mns_client.http.conn.close()
        self.server.__exit__()


class AccountService:
    """A real account."""

    def __init__(self) -> None:
        client = FunctionsClient()
        self.fc = client.sdk
        self._region, self._account_id = client.settings.region, client.settings.account_id
        self._account = Account(
            f"https://{self._account_id}.mns.{self._region}.aliyuncs.com",
            os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"],
            os.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"],
            logger=Silence(),
        )
        self._functions: list[str] = []
        self._queues: list[Queue] = []

    def arn(self, function: str) -> str:
        return f"acs:fc:{self._region}:{self._account_id}:functions/{function}"

    def function(self, source: str, **fields: Any) -> str:
        name = f"fc-async-{uuid.uuid4().hex[:12]}"
        fields = {"runtime": "python3.10", "role": os.environ["FC_ROLE_ARN"], **fields}
        create_function(self.fc, name, source, **fields)
        self._functions.append(name)
        return name

    def queue(self) -> Destination:
        name = f"fc-async-{uuid.uuid4().hex[:12]}"
        queue = made_queue(self._account, name)
        self._queues.append(queue)
        return Destination(f"acs:mns:{self._region}:{self._account_id}:/queues/{name}/messages", queue)

    def later(self, seconds: float, look: Callable[[], _Found]) -> _Found:
        deadline = time.monotonic() + seconds + SLACK_SECONDS
        while not (found := look()) and time.monotonic() < deadline:
            threading.Event().wait(1)
        return found

    def close(self) -> None:
        for name in self._functions:
            for alias in self.fc.list_aliases(name, models.ListAliasesRequest()).body.aliases or []:
                self.fc.delete_alias(name, alias.alias_name)
            for version in (
                self.fc.list_function_versions(name, models.ListFunctionVersionsRequest()).body.versions or []
            ):
                self.fc.delete_function_version(name, version.version_id)
            self.fc.delete_function(name)
        for queue in self._queues:
            queue.delete()


def made_queue(account: Account, name: str) -> Queue:
    """Create a queue whose messages the SDK leaves as they are."""
    queue = account.get_queue(name)
    queue.set_encoding(False)
    queue.create(QueueMeta())
    return queue

"""Dead letters on a local service, and redrives of them whose spools lie in a folder of the test.

Handlers are callables of this process. Time stands still but where a test moves it; what is sent with `dead` is a
minute old.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from mns.account import Account
from mns.queue import Message

from fc_async import AsyncInvokeConfig, DestinationConfig, QueueClient, ServiceError
from fc_async.dlq.redrive import Redrive
from fc_async.dlq.redrive_summary import RedriveSummary
from fc_async.dlq.spool import Spool
from fc_async.dlq.spool_place import place_of
from fc_async.testing import record
from fc_async.testing.local_fc import LocalFC
from tests.contract.service import Silence

VISIBILITY_SECONDS = 30


def letter(number: object, **changes: Any) -> str:
    """Return the body of a letter of `orders` whose payload names it; changes are those of `record`."""
    given = {"payload": payload(number).decode(), "function": "orders", "error": "no", "request_id": f"r-{number}"}
    return record(**{**given, **changes}).text


class Scene:
    """A service, its functions, and who redrives.

    Args:
        fc: the service.
        folder: where spools lie.
    """

    def __init__(self, fc: LocalFC, folder: Path) -> None:
        self.fc = fc
        self.folder = folder
        self.ran: Counter[bytes] = Counter()
        self._lock = threading.Lock()
        self._queues: dict[str, QueueClient] = {}

    def function(
        self,
        name: str = "orders",
        *,
        net: str | None = "queue:failed",
        is_task: bool = True,
        fails: Callable[[bytes], bool] = lambda _: False,
        **config: Any,
    ) -> None:
        """Make a function that counts what it was given, and fails where that says so, without a second attempt."""

        def handler(event: bytes, _: object) -> bytes:
            with self._lock:
                self.ran[event] += 1
            if fails(event):
                raise ValueError("again")
            return event

        self.fc.function(
            name,
            handler,
            config=AsyncInvokeConfig(
                destination_config=DestinationConfig(on_failure=net) if net else None,
                async_task=is_task,
                max_async_retry_attempts=0,
                **config,
            ),
        )

    def dead(self, *bodies: str, queue: str = "dead") -> QueueClient:
        """Make a queue, if it is not there, with these letters, and let a minute pass."""
        client = self.queue(queue)
        for body in bodies:
            client.send(body)
        self.fc.advance(60)
        return client

    def queue(self, name: str) -> QueueClient:
        """Return a client of a queue, which is made if it is not there; as a failure destination is made."""
        if name not in self._queues:
            self._queues[name] = QueueClient(name, endpoint=self.fc.endpoint)
            with suppress(ServiceError):
                self._queues[name].create(message_retention_period=604800)
        return self._queues[name]

    def spool(self, *bodies: str, name: str = "mine") -> Spool:
        """Take custody of these letters."""
        queue = self.dead(*bodies)
        spool = Spool.create(self.folder / f"{name}.spool", place_of(queue))
        while messages := queue.receive(16):
            spool.take(messages)
            queue.delete([one.receipt_handle for one in messages])
        return spool

    def redrive(self, source: QueueClient | Spool | str = "dead", **options: Any) -> RedriveSummary:
        """Redrive, and wait until what was accepted has run."""
        summary = self.made(source, **options).run()
        self.fc.settle()
        return summary

    def made(self, source: QueueClient | Spool | str = "dead", **options: Any) -> Redrive:
        """Return a redrive that waits for nobody."""
        found = self.queue(source) if isinstance(source, str) else source
        given = {"folder": self.folder, "wait_seconds": 0, **options}
        return Redrive(found, self.fc.functions, **given)

    def depth(self, queue: str = "dead") -> int:
        """Return how many messages are in a queue, hidden or not."""
        found = self.queue(queue).get_attributes()
        return (found.active_messages or 0) + (found.inactive_messages or 0) + (found.delay_messages or 0)

    def accepted(self, function: str | None = None) -> list[dict[str, Any]]:
        """Return the invocations that were accepted, 1,000 at most."""
        return self.fc.invocations(function)


def payload(number: object) -> bytes:
    """Return the payload of `letter(number)`, as a handler is given it."""
    return json.dumps({"n": number}, separators=(",", ":")).encode()


def once(*numbers: object) -> dict[bytes, int]:
    """Return what has run where each of these letters was accepted once."""
    return {payload(number): 1 for number in numbers}


def send(queue: QueueClient, body: str, priority: int) -> None:
    """Send as the official SDK does, which knows priorities: 1 comes first, 16 last, and 8 is anybody's."""
    account = Account(queue.settings.endpoint.url, "id", "secret", logger=Silence())
    one = account.get_queue(queue.queue)
    one.set_encoding(False)
    try:
        one.send_message(Message(body, priority=priority))
    finally:
        account.mns_client.http.conn.close()

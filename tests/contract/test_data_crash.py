"""A local service that keeps its state and is killed under load from the official SDKs: what it has answered holds.

`make test` kills it five times, `make crash` fifty times (FC_ASYNC_CRASHES).
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import urllib.request
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
from alibabacloud_fc20230330 import models
from alibabacloud_fc20230330.client import Client
from mns.account import Account
from mns.queue import Message, QueueMeta
from mns.subscription import SubscriptionMeta
from mns.topic import TopicMeta

from fc_async import QueueClient
from tests.contract.fc_sdk import QUEUE, create_alias, create_function, fc_client, invoke_async, publish, put_config
from tests.contract.service import Silence

KILLS = int(os.environ.get("FC_ASYNC_CRASHES", "5"))
RETRIES = 2
HANDLER = """
import json
def handler(event, context):
    if json.loads(event)["n"] % 3 == 0:
        raise ValueError("not this one")
    return "done"
"""


class Service:
    """`fc-async local up --data DIR`, at the same port after each kill."""

    def __init__(self, data: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self._data = data
        self.url = f"http://127.0.0.1:{self._port}"
        self.process = self._start()

    def _start(self) -> subprocess.Popen[str]:
        options = ("--port", str(self._port), "--data", str(self._data), "--clock", "manual", "--quiet")
        command = (sys.executable, "-c", "from fc_async.cli.root import run; run()", "local", "up", *options)
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert process.stdout is not None
        assert process.stdout.readline().strip() == self.url
        return process

    def kill_and_start(self) -> None:
        self.end()
        self.process = self._start()

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def advance(self, seconds: int) -> None:
        self.asked("/_local/clock/advance", {"seconds": seconds})

    def asked(self, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.url + path, data), timeout=60) as answer:
            return json.loads(answer.read() or b"null")


class Load:
    """What clients ask at the same time, and what they were answered."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._numbers = iter(range(10**9))
        self.answered = threading.Semaphore(0)
        self._is_over = threading.Event()
        self.invoked: dict[str, int] = {}
        self.sent: list[str] = []
        self.made: list[str] = []

    @contextmanager
    def running(self) -> Iterator[None]:
        """Ask until the service is killed, at the end of the block."""
        self._is_over.clear()
        clients = [self._invokes, self._invokes, self._sends, self._makes]
        threads = [threading.Thread(target=self._until_killed, args=(client,)) for client in clients]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._is_over.set()
            self._service.process.kill()
            for thread in threads:
                thread.join()

    def _until_killed(self, client: Callable[[], Iterator[None]]) -> None:
        try:
            for _ in client():
                self.answered.release()
        except Exception:
            if not self._is_over.is_set():
                raise

    def _invokes(self) -> Iterator[None]:
        fc = fc_client(self._service)
        for n in self._numbers:
            name = "late" if n % 10 == 0 else "work"
            answer = invoke_async(fc, name, json.dumps({"n": n}).encode())
            self.invoked[answer.headers["x-fc-request-id"]] = n
            yield

    def _sends(self) -> Iterator[None]:
        with account(self._service) as mns:
            for n in self._numbers:
                mns.get_queue("plain").send_message(Message(f"message {n}"))
                self.sent.append(f"message {n}")
                yield

    def _makes(self) -> Iterator[None]:
        fc = fc_client(self._service)
        with account(self._service) as mns:
            for n in self._numbers:
                for kind, make in MADE.items():
                    make(fc, mns, n)
                    self.made.append(f"{kind} {n}")
                    yield


def make_topic(mns: Account, n: int) -> None:
    mns.get_topic(f"t-{n}").create(TopicMeta())


def make_subscription(mns: Account, n: int) -> None:
    subscription = mns.get_subscription(f"t-{n}", "s")
    subscription.subscribe(SubscriptionMeta("acs:mns:cn-hangzhou:1234567890123456:queues/plain"))


MADE: dict[str, Callable[[Client, Account, int], object]] = {
    "function": lambda fc, _, n: create_function(fc, f"f{n}", HANDLER.replace("done", f"done {n}")),
    "version": lambda fc, _, n: publish(fc, f"f{n}"),
    "alias": lambda fc, _, n: create_alias(fc, f"f{n}", "prod", "1"),
    "config": lambda fc, _, n: put_config(fc, f"f{n}", "prod", max_async_retry_attempts=n % 9),
    "queue": lambda _, mns, n: mns.get_queue(f"q-{n}").create(QueueMeta()),
    "topic": lambda _, mns, n: make_topic(mns, n),
    "subscription": lambda _, mns, n: make_subscription(mns, n),
}
FOUND: dict[str, Callable[[Client, Account, int], object]] = {
    "function": lambda fc, _, n: fc.get_function(f"f{n}", models.GetFunctionRequest()),
    "version": lambda fc, _, n: answered_by_version(fc, n),
    "alias": lambda fc, _, n: fc.get_alias(f"f{n}", "prod"),
    "config": lambda fc, _, n: config_of(fc, n),
    "queue": lambda _, mns, n: mns.get_queue(f"q-{n}").send_message(Message("there")),
    "topic": lambda _, mns, n: mns.get_topic(f"t-{n}").get_attributes(),
    "subscription": lambda _, mns, n: mns.get_subscription(f"t-{n}", "s").get_attributes(),
}


def answered_by_version(fc: Client, n: int) -> None:
    """The code of a version is there, and runs."""
    request = models.InvokeFunctionRequest(body=b'{"n": 1}', qualifier="1")
    assert fc.invoke_function(f"f{n}", request).body.read() == f"done {n}".encode()


def config_of(fc: Client, n: int) -> None:
    config = fc.get_async_invoke_config(f"f{n}", models.GetAsyncInvokeConfigRequest(qualifier="prod")).body
    assert config.max_async_retry_attempts == n % 9


@contextmanager
def account(service: Service) -> Iterator[Account]:
    account = Account(service.url, "id", "secret", logger=Silence())
    try:
        yield account
    finally:
        account.mns_client.http.conn.close()


def taken(service: Service, *queues: str) -> list[str]:
    """Return the bodies in some queues; the official SDK loses batches."""
    bodies: list[str] = []
    for name in queues:
        with QueueClient(name, endpoint=service.url) as queue:
            while messages := queue.receive(16, wait_seconds=0):
                bodies += [message.message_body for message in messages]
    return bodies


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service(tmp_path / "data")
    try:
        yield service
    finally:
        service.end()


@pytest.mark.crash
def test_what_was_answered_outlives_a_service_that_is_killed_under_load(service: Service) -> None:
    fc = fc_client(service)
    load, random = Load(service), Random(KILLS)  # noqa: S311 - moments, not secrets
    with account(service) as mns:
        prepare(fc, mns)
    for _ in range(KILLS):
        with load.running():
            for _ in range(random.randint(5, 120)):
                assert load.answered.acquire(timeout=60)
        service.kill_and_start()

    with account(service) as mns:
        service.advance(0)
        mns.get_queue("not-there-yet").create(QueueMeta())
        service.advance(6 * 3600)
        check_invocations(service, load, taken(service, "done", "dead", "not-there-yet"))
        # The SDK encodes what it sends.
        assert set(load.sent) <= {b64decode(body).decode() for body in taken(service, "plain")}
        for made in load.made:
            kind, n = made.split()
            FOUND[kind](fc, mns, int(n))


def prepare(fc: Client, mns: Account) -> None:
    for name in ("plain", "done", "dead"):
        mns.get_queue(name).create(QueueMeta())
    for name, on_failure in (("work", "dead"), ("late", "not-there-yet")):
        create_function(fc, name, HANDLER)
        destinations = {"on_success": QUEUE.format("done"), "on_failure": QUEUE.format(on_failure)}
        put_config(fc, name, max_async_retry_attempts=RETRIES, **destinations)


def check_invocations(service: Service, load: Load, bodies: list[str]) -> None:
    records = [json.loads(body) for body in bodies]
    told = Counter(record["requestContext"]["requestId"] for record in records)
    # An end and what it does to a local queue are one commit: not only at least once.
    assert {request_id: told[request_id] for request_id in load.invoked} == dict.fromkeys(load.invoked, 1)
    for record in records:
        fails = json.loads(record["requestPayload"])["n"] % 3 == 0
        assert record["requestContext"]["approximateInvokeCount"] == (1 + RETRIES if fails else 1)
        assert record["requestContext"]["condition"] == ("UnhandledInvocationError" if fails else "")
    for request_id, n in load.invoked.items():
        known = service.asked(f"/_local/invocations/{request_id}")
        assert known["status"] == ("Failed" if n % 3 == 0 else "Succeeded")

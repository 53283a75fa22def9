"""Commands of the night that are killed at random and typed again: nothing is lost; tasks are accepted once.

`make crash` kills each fifty times over 5,000 letters (FC_ASYNC_CRASHES).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from fc_async import QueueClient, parse_record
from fc_async.local import LocalServer
from fc_async.testing import record
from tests.contract.fc_sdk import QUEUE, create_function, fc_client, put_config

KILLS = int(os.environ.get("FC_ASYNC_CRASHES", "3"))
LETTERS = 150 if KILLS <= 3 else 5000
pytestmark = [pytest.mark.slow, pytest.mark.crash]
COMMAND = (sys.executable, "-c", "from fc_async.cli.root import run; run()", "dlq")


@pytest.fixture
def local() -> Iterator[LocalServer]:
    with LocalServer(workers=2) as server:
        yield server


@pytest.fixture
def environment(local: LocalServer, tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "FC_ASYNC_ENDPOINT": local.url, "XDG_STATE_HOME": str(tmp_path / "state")}


def prepare(local: LocalServer, *, is_task_mode: bool) -> set[str]:
    """Make a function with a net and a queue of letters; return their payloads."""
    fc = fc_client(local)
    create_function(fc, "orders", "def handler(event, context): return event")
    payloads = {json.dumps({"n": number}) for number in range(LETTERS)}
    with QueueClient("ended", endpoint=local.url) as ends, QueueClient("dead", endpoint=local.url) as dead:
        ends.create()
        dead.create(visibility_timeout=2)  # what a killed run holds is back soon
        for number, payload in enumerate(sorted(payloads)):
            dead.send(record(payload, function="orders", error="no", request_id=f"r-{number}").text)
    put_config(
        fc, "orders", async_task=is_task_mode, on_failure=QUEUE.format("ended"), on_success=QUEUE.format("ended")
    )
    return payloads


def killed(arguments: list[str], environment: dict[str, str], random: Random) -> None:
    """Run a command, and kill it after so many lines of its progress as chance says, or let it come to its end."""
    with subprocess.Popen(
        [*COMMAND, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as run:
        try:
            run.communicate(timeout=random.uniform(0.3, 1.5))
        except subprocess.TimeoutExpired:
            run.kill()
            run.communicate()


def to_its_end(arguments: list[str], environment: dict[str, str]) -> None:
    """Run a command until it says that all is done."""
    for _ in range(20):
        done = subprocess.run([*COMMAND, *arguments], env=environment, capture_output=True, text=True, timeout=300)
        assert "Traceback" not in done.stderr
        if done.returncode == 0:
            return
    raise AssertionError(done.stdout + done.stderr)


def accepted(local: LocalServer) -> Counter[str]:
    """Return how often each payload was accepted, by the records of the ends."""
    local.settle()
    counts: Counter[str] = Counter()
    with QueueClient("ended", endpoint=local.url) as queue:
        while messages := queue.receive(16):
            counts.update(str(parse_record(one).request_payload) for one in messages)
            queue.delete([one.receipt_handle for one in messages])
    return counts


def check(local: LocalServer, payloads: set[str], *, is_task_mode: bool) -> None:
    counts = accepted(local)
    assert set(counts) == payloads
    if is_task_mode:
        assert set(counts.values()) == {1}
    with QueueClient("dead", endpoint=local.url) as dead:
        found = dead.get_attributes()
        assert (found.active_messages, found.inactive_messages) == (0, 0)


@pytest.mark.parametrize("is_task_mode", [True, False], ids=["tasks", "no tasks"])
def test_a_queue_whose_redrive_is_killed_again_and_again_is_sent_whole(
    local: LocalServer, environment: dict[str, str], *, is_task_mode: bool
) -> None:
    payloads = prepare(local, is_task_mode=is_task_mode)
    random = Random(1)  # noqa: S311 - moments, not secrets
    for _ in range(KILLS):
        killed(["redrive", "dead", "--yes"], environment, random)
    to_its_end(["redrive", "dead", "--yes"], environment)
    check(local, payloads, is_task_mode=is_task_mode)


@pytest.mark.parametrize("is_task_mode", [True, False], ids=["tasks", "no tasks"])
def test_a_pull_and_a_redrive_of_its_spool_that_are_killed_again_and_again_lose_nothing(
    local: LocalServer, environment: dict[str, str], tmp_path: Path, *, is_task_mode: bool
) -> None:
    payloads = prepare(local, is_task_mode=is_task_mode)
    random = Random(2)  # noqa: S311 - moments, not secrets
    spool = str(tmp_path / "night.spool")
    pull = ["pull", "dead", "--yes", "--spool", spool, "--wait", "10"]
    for _ in range(KILLS):
        killed(pull, environment, random)
    to_its_end(pull, environment)
    for _ in range(KILLS):
        killed(["redrive", spool, "--yes"], environment, random)
    to_its_end(["redrive", spool, "--yes"], environment)
    check(local, payloads, is_task_mode=is_task_mode)

"""A push that is killed at random and typed again: no letter is missing, and none is there twice without a word."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from fc_async import QueueClient, parse_record
from fc_async.dlq.custody import pull
from fc_async.dlq.entry import State
from fc_async.dlq.spool import Spool
from fc_async.local import LocalServer
from fc_async.mns.message import QueueMessage
from fc_async.testing import record

KILLS = int(os.environ.get("FC_ASYNC_CRASHES", "20"))
LETTERS = 250 * KILLS
BATCH = 16
COMMAND = (sys.executable, "-c", "from fc_async.cli.root import run; run()", "dlq", "push")


@pytest.mark.slow
@pytest.mark.crash
def test_a_push_that_is_killed_again_and_again_returns_every_letter_and_twice_only_what_was_under_way(
    tmp_path: Path,
) -> None:
    """Each is killed a moment of chance after its first letters are back; what was journalled stays once."""
    random = Random(3)  # noqa: S311 - moments, not secrets
    with LocalServer() as server, QueueClient("dead", endpoint=server.url) as dead:
        dead.create()
        ids = [f"r-{number}" for number in range(LETTERS)]
        for start in range(0, LETTERS, BATCH):
            dead.send_batch([QueueMessage("", record(request_id=one).text) for one in ids[start : start + BATCH]])
        path = tmp_path / "a.spool"
        pull(dead, path, folder=tmp_path).close()
        environment = {**os.environ, "FC_ASYNC_ENDPOINT": server.url, "XDG_STATE_HOME": str(tmp_path)}
        for _ in range(KILLS):
            before = active(dead)
            with subprocess.Popen([*COMMAND, str(path)], env=environment, stderr=subprocess.PIPE) as run:
                while run.poll() is None and active(dead) == before:
                    pass
                threading.Event().wait(random.uniform(0, 0.05))
                run.kill()
            with Spool(path, read_only=True) as spool:
                assert spool.counts().get("held", 0) + active(dead) >= LETTERS
                assert spool.counts().get("returned", 0) < LETTERS
        last = subprocess.run([*COMMAND, str(path)], env=environment, capture_output=True, text=True, timeout=120)
        assert last.returncode == 0
        again = subprocess.run([*COMMAND, str(path)], env=environment, capture_output=True, text=True, timeout=120)
        assert again.stdout == "put back 0 into dead\n"
        with Spool(path, read_only=True) as spool:
            assert spool.counts() == {State.RETURNED.value: LETTERS}
        seen = received(dead)
    assert set(seen) == set(ids)
    twice = seen.total() - LETTERS
    assert 0 <= twice <= BATCH * KILLS
    assert set(seen.values()) <= {1, 2, 3}
    told = re.search(r"(\d+) may be in dead twice", last.stderr)
    assert (told is None) or int(told[1]) <= BATCH


def active(queue: QueueClient) -> int:
    return queue.get_attributes().active_messages or 0


def received(queue: QueueClient) -> Counter[str]:
    """Return how often each request id is in a queue."""
    counts: Counter[str] = Counter()
    while messages := queue.receive(BATCH):
        counts.update(parse_record(one).request_id for one in messages)
        queue.delete([one.receipt_handle for one in messages])
    return counts

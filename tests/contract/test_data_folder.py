"""The folder of a local service that keeps its state: whose files it leaves alone, and that each start can use it."""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from fc_async import QueueClient
from fc_async.errors import LocalError, ServiceError
from fc_async.local import LocalServer, ManualClock
from tests.contract.fc_sdk import (
    create_function,
    fc_client,
    request,
)
from tests.contract.test_data import FAILS, Serve
from tests.forked import exit_code, forked
from tests.full_disk import room_for


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """A service that keeps its state in one folder, to be started again and again."""
    return lambda **options: LocalServer(data=tmp_path / "data", clock=ManualClock(), **options)


# folders with files of somebody else


@pytest.mark.parametrize("name", ["code", "packages"])
def test_a_folder_in_which_somebody_keeps_code_is_refused_and_left(tmp_path: Path, name: str) -> None:
    mine = tmp_path / name / "lib/mine.py"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    with pytest.raises(LocalError, match=f"expected nothing in {name}"):
        LocalServer(data=tmp_path).__enter__()
    assert mine.read_text() == "mine"


def test_a_lock_of_somebody_else_is_refused_and_left(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("mine")
    with pytest.raises(LocalError, match="lock in it is none of ours"):
        LocalServer(data=tmp_path).__enter__()
    assert (tmp_path / "lock").read_text() == "mine"


def test_a_lock_that_is_a_link_is_refused_and_what_it_leads_to_left(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("7\n")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/lock").symlink_to(tmp_path / "mine")
    with pytest.raises(LocalError, match="cannot be written"):
        LocalServer(data=tmp_path / "data").__enter__()
    assert (tmp_path / "mine").read_text() == "7\n"


def test_a_child_that_was_forked_does_not_keep_the_folder(serve: Serve) -> None:
    with serve():
        child = forked(lambda: time.sleep(60))
    try:
        with serve():
            pass
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)


@dataclass
class Up:
    """A service in another process."""

    url: str


FULL = (
    "import resource, sys; sys.dont_write_bytecode = True; "
    "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), -1)); "
    "from fc_async.cli.root import run; run(sys.argv[2:])"
)


@pytest.mark.parametrize("most", [0, 10_000], ids=["nothing", "little"])
def test_a_disk_that_is_full_at_the_start_is_said_in_a_sentence(tmp_path: Path, most: int) -> None:
    command = [sys.executable, "-c", FULL, str(most), "local", "up", "--port", "0", "--data", str(tmp_path / "data")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    assert "defect" not in done.stderr
    assert str(tmp_path / "data") in done.stderr


def test_whatever_cannot_be_kept_is_answered_500_without_a_traceback(tmp_path: Path) -> None:
    options = ("--port", "0", "--clock", "manual", "--data", str(tmp_path / "data"))
    command = (sys.executable, "-B", "-c", "from fc_async.cli.root import run; run()", "local", "up", *options)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        up = Up(process.stdout.readline().strip())
        create_function(fc_client(up), "f", FAILS)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0, -1))
        asked = [("DELETE", "/2023-03-30/functions/f", None), ("POST", "/_local/clock/advance", '{"seconds": 5}')]
        answers = [request(up, *one)[0] for one in (*asked, ("POST", "/_local/reset", None))]
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (-1, -1))
        process.terminate()
        said = process.communicate(timeout=60)[1]
    assert answers == [500, 500, 500]
    assert "defect" not in said
    assert said.count("nothing can be kept") == 1


def test_a_reset_that_cannot_be_kept_is_a_local_error(serve: Serve) -> None:
    def reset() -> None:
        with serve() as local, room_for(0), pytest.raises(LocalError, match="--data"):
            local.reset()

    assert exit_code(forked(reset)) == 0


# killed at the start


def started_and_killed(data: Path, statements: int) -> None:
    """Start a service, and kill this process after so many statements of SQL."""
    left = iter(range(statements))

    def after_each(_: object, event: str, what: object) -> None:
        if event == "c_return" and getattr(what, "__name__", "") == "execute" and next(left, None) is None:
            os.kill(os.getpid(), 9)

    sys.setprofile(after_each)
    asyncio.run(LocalServer(data=data).start())


def test_a_start_that_is_killed_at_any_statement_leaves_a_folder_that_can_be_used(tmp_path: Path) -> None:
    for statements in range(18):
        data = tmp_path / str(statements)
        assert exit_code(forked(lambda: started_and_killed(data, statements))) == -9  # noqa: B023 - forked at once
        with LocalServer(data=data):
            pass


def test_a_database_that_was_taken_away_does_not_come_back(serve: Serve, tmp_path: Path) -> None:
    with serve() as local, QueueClient("q", endpoint=local.url) as queue:
        queue.create()
        log = (tmp_path / "data/state.sqlite3-wal").read_bytes()
    (tmp_path / "data/state.sqlite3").unlink()
    (tmp_path / "data/state.sqlite3-wal").write_bytes(log)
    refused = pytest.raises(ServiceError, match="QueueNotExist")
    with serve() as local, QueueClient("q", endpoint=local.url) as queue, refused:
        queue.receive()

"""A local service that keeps its state, in the corners: what must not be destroyed, lost, or come back."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fc_async.errors import LocalError
from fc_async.local import LocalServer, ManualClock
from tests.contract.test_data import Serve
from tests.forked import forked


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


FULL = (
    "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), -1)); "
    "from fc_async.cli.root import run; run(sys.argv[2:])"
)


@pytest.mark.parametrize("most", [0, 10_000], ids=["nothing", "little"])
def test_a_disk_that_is_full_at_the_start_is_said_in_a_sentence(tmp_path: Path, most: int) -> None:
    command = [sys.executable, "-c", FULL, str(most), "local", "up", "--port", "0", "--data", str(tmp_path / "data")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    assert "defect" not in done.stderr
    assert str(tmp_path / "data") in done.stderr

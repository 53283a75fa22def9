"""What the local service leaves on disk: nothing, and what a killed one left is removed by the next."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from fc_async.local.workers.scratch import Scratch

MAKE_AND_DIE = (
    "import os, sys, pathlib, fc_async.local.workers.scratch as s;"
    "(s.Scratch(pathlib.Path(sys.argv[1])).code / 'left').mkdir(); os._exit(9)"
)


def test_it_is_gone_after_it_was_removed_also_twice(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path)
    (scratch.code / "index.py").write_text("x")
    assert scratch.home.is_dir()
    scratch.remove()
    scratch.remove()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_service_left_is_removed_by_the_next_one(tmp_path: Path) -> None:
    assert subprocess.run([sys.executable, "-c", MAKE_AND_DIE, str(tmp_path)], check=False).returncode == 9
    assert len(list(tmp_path.glob("*/code/left"))) == 1
    Scratch(tmp_path).remove()
    assert list(tmp_path.iterdir()) == []


def test_what_a_running_service_uses_and_what_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    running = Scratch(tmp_path)
    (tmp_path / "fc-async-local-without-a-lock").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "fc-async-local-link").symlink_to(tmp_path / "other")
    Scratch(tmp_path).remove()
    assert running.code.is_dir()
    assert len(list(tmp_path.iterdir())) == 4
    running.remove()

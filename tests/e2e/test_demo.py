"""The story of the README, as processes: by `make demo`'s file, and by the installed command."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "dlq"
COMMAND = [sys.executable, "-c", "from fc_async.cli.root import run; run()", "demo"]


# What a reader may have set for the cloud: the demo must not look at any of it.
FOREIGN = {
    "FC_REGION": "cn-shanghai",
    "ALIBABA_CLOUD_REGION_ID": "cn-beijing",
    "FC_ACCOUNT_ID": "999",
    "FC_ASYNC_FC_ENDPOINT": "http://127.0.0.1:1",
    "FC_ASYNC_MNS_ENDPOINT": "http://127.0.0.1:1",
}


@pytest.mark.slow
def test_the_demo_tells_the_whole_story_and_exits_0():
    demo = [sys.executable, EXAMPLE / "demo.py"]
    done = subprocess.run(demo, capture_output=True, text=True, timeout=300, env={**os.environ, **FOREIGN})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "it was run twice: once, and one retry" in done.stdout
    assert done.stdout.rstrip().endswith("Done: every step happened.")


@pytest.mark.slow
def test_the_command_tells_the_same_story_in_any_terminal_and_leaves_nothing(tmp_path):
    narrow = {"COLUMNS": "60", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "NO_COLOR": "1"}
    environment = {**os.environ, **FOREIGN, **narrow, "TMPDIR": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(COMMAND, capture_output=True, text=True, timeout=300, env=environment, cwd="/")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.rstrip().endswith("Done: every step happened.")
    assert "fc-async init" in done.stderr
    assert list(tmp_path.iterdir()) == []

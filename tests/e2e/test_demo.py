"""The story of the README, as processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "dlq"


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

"""The story of the README, as processes."""

import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "dlq"


def test_the_demo_tells_the_whole_story_and_exits_0():
    done = subprocess.run([sys.executable, EXAMPLE / "demo.py"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "it was run twice: once, and one retry" in done.stdout
    assert done.stdout.rstrip().endswith("Done: every step happened.")

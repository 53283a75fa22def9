"""The promises of the announcement, told by the example's functions, as processes."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "dlq"


@pytest.mark.slow
def test_every_promise_is_kept():
    done = subprocess.run([sys.executable, EXAMPLE / "stories.py"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.rstrip().endswith("Done: every promise was kept.")

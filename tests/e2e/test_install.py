"""What `make` says while it installs: a line for each stage, and a sentence where a package is not to be had."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": ""}, "no version of it that fits is to be had"),
        ({"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_EXTRA_INDEX_URL": "", "PIP_FIND_LINKS": ""}, "offline?"),
    ],
    ids=["without", "offline"],
)
def test_what_could_not_be_installed_is_one_sentence(tmp_path, variables, said):
    environment = {**os.environ, "PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "1", **variables}
    done = subprocess.run(
        [sys.executable, ".ci/install.py", tmp_path / "venv"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 1
    assert done.stdout.splitlines()[0].startswith("1 of 3")
    (sentence,) = done.stderr.splitlines()
    assert sentence.startswith("Could not install")
    assert said in sentence
    assert str(tmp_path / "venv" / "install.log") in sentence

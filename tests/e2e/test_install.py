"""What `make` says while it installs: a line for each stage, and a sentence where a package is not to be had."""

import os
import signal
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


VENV = """
import os, pathlib, sys
bin_dir = pathlib.Path(sys.argv[1], "bin")
bin_dir.mkdir(parents=True)
(bin_dir / "python").write_text("#!/bin/sh\\n" + os.environ["PIP"])
(bin_dir / "python").chmod(0o755)
"""


@pytest.fixture
def install(tmp_path):
    """Start the script beside a module `venv` that makes a pip of these lines of shell."""
    (tmp_path / "venv.py").write_text(VENV)

    def call(pip):
        environment = {**os.environ, "PIP": pip, "PYTHONPATH": str(tmp_path)}
        command = [sys.executable, ROOT / ".ci" / "install.py", "made"]
        pipe = subprocess.PIPE
        return subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdout=pipe, stderr=pipe, text=True, start_new_session=True
        )

    return call


def test_what_is_no_text_does_not_break_off_the_installation(install):
    with install("printf 'Collecting a\\n\\377\\376\\n'") as process:
        said, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert "installed in" in said


def test_ctrl_c_while_packages_are_installed_is_one_sentence(install):
    with install("echo Collecting a; exec sleep 60") as process:
        assert [process.stdout.readline()[:6], process.stdout.readline()[:6]] == ["1 of 3", "2 of 3"]
        assert process.stdout.read(9) == "        a"  # the name of a package: pip runs
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err.split()[0], len(err.splitlines())) == (130, "Stopped;", 2)


def test_an_installation_whose_reader_has_gone_ends_without_a_traceback(install):
    with install("echo Collecting a") as process:
        process.stdout.close()
        assert process.stderr.read() == ""

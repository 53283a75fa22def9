"""A handler's bundle is fc_async alone: built and run the way the README says, without a network."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.records import missing_peers
from tests.roads import queue_trigger, record, to_base64

REPO = Path(__file__).parents[3]

INDEX = '''
from fc_async import on_failure

@on_failure
def handler(record, context):
    """Tell what failed."""
    return f"{record.function.name}: {record.error.type} after {record.approximate_invoke_count}"
'''
RUN = "import sys; sys.path.insert(0, sys.argv[1]); import index; print(index.handler(sys.stdin.buffer.read(), None))"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `pip install --no-deps . -t code/` makes, plus the handler."""
    code = tmp_path_factory.mktemp("bundle") / "code"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    offline = {**os.environ, "PIP_NO_INDEX": "1", "PIP_ROOT_USER_ACTION": "ignore", "PIP_CONFIG_FILE": os.devnull}
    command = [*pip, "--no-deps", "--no-build-isolation", ".", "-t", str(code)]
    subprocess.run(command, cwd=REPO, check=True, env=offline, timeout=120)
    (code / "index.py").write_text(INDEX)
    return code


def test_a_destination_handler_runs_with_nothing_but_its_bundle(bundle: Path) -> None:
    event = queue_trigger(to_base64(json.dumps(record())))
    # -I and -S: neither this repository nor any site-packages can be imported.
    command = [sys.executable, "-I", "-S", "-c", RUN, str(bundle)]
    done = subprocess.run(command, input=event.encode(), capture_output=True, check=True, timeout=60)
    assert done.stdout.decode().strip() == "main: MyError after 4"


def test_the_bundle_holds_fc_async_alone(bundle: Path) -> None:
    names = {path.name for path in bundle.iterdir()} - {"index.py", "__pycache__", "bin"}
    assert {name for name in names if not name.endswith(".dist-info")} == {"fc_async"}


def test_the_measurements_name_the_bundles_size(bundle: Path) -> None:
    named = re.search(r"the bundle of the guide is about ([0-9]+) KB", (REPO / "docs" / "measurements.md").read_text())
    assert named is not None
    measured = sum(map(_blocks_kb, [bundle, *bundle.rglob("*")]))
    assert int(named[1]) == pytest.approx(measured, rel=0.2)


def test_a_bench_without_its_peers_misses_its_limits_unless_told_that_it_may() -> None:
    assert len(missing_peers({}, lambda name: "Powertools" not in name)) == 2
    assert missing_peers({"BENCH_WITHOUT_PEERS": "1"}, lambda _: False) == []


def _blocks_kb(path: Path) -> int:
    """What `du --exclude=__pycache__` counts: whole blocks of 4 KB, one at least for a folder."""
    if "__pycache__" in path.parts or path.name == "index.py":
        return 0
    return max(4, -(-path.stat().st_size // 4096) * 4) if path.is_dir() else -(-path.stat().st_size // 4096) * 4

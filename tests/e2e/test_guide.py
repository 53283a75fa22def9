"""The guide for the night, typed as it stands there: every command runs, and shows what the guide shows."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fc_async import QueueClient
from fc_async.local import LocalServer

EXAMPLE = Path(__file__).parents[2] / "examples" / "dlq"
ORDERS = 5


def console_blocks() -> list[tuple[str, str]]:
    """Return each command of the guide with what is shown for it."""
    text = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    section = re.split(r"^## ", text, flags=re.MULTILINE)
    (night,) = [one for one in section if one.startswith("The night shift")]
    typed: list[tuple[str, str]] = []
    for block in re.findall(r"^```console\n(.*?)^```", night, re.DOTALL | re.MULTILINE):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            typed.append((command, shown))
    return typed


def matches(shown: str, out: str) -> bool:
    """Whether the output is what is shown; … stands for anything."""
    pattern = ".*".join(map(re.escape, shown.rstrip("\n").split("…")))
    return re.fullmatch(pattern, out.rstrip("\n"), re.DOTALL) is not None


@pytest.fixture
def local() -> Iterator[LocalServer]:
    with LocalServer(workers=2) as server:
        yield server


def wait_for_letters(url: str) -> None:
    """Have the orders fail, be retried and become letters; the queue of successes stays empty meanwhile."""
    with QueueClient("dlq-dead-letters", endpoint=url) as dead, QueueClient("dlq-done", endpoint=url) as done:
        while (dead.get_attributes().active_messages or 0) < ORDERS:
            done.receive(1, wait_seconds=1)


@pytest.mark.slow
def test_the_guide_for_the_night_runs_as_it_stands_there(local: LocalServer, tmp_path: Path) -> None:
    folder = shutil.copytree(EXAMPLE, tmp_path / "dlq")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("FC_", "ALIBABA_CLOUD_"))},
        "PATH": path,
        "FC_ASYNC_ENDPOINT": local.url,
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "COLUMNS": "80",
        "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true",
    }
    typed = console_blocks()
    assert len(typed) >= 9
    for command, shown in typed:
        if command.startswith("fc-async dlq queues"):
            wait_for_letters(local.url)
        ended = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
        )
        assert ended.returncode == 0, f"$ {command}\n{ended.stdout}"
        assert matches(shown, ended.stdout), f"$ {command}\n{ended.stdout}\n--- the guide shows\n{shown}"

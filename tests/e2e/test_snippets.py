"""Every code block of the README, of docs/ and of the example's guide runs as it is typed, and prints what is shown.

Each block has a process of its own. A section, which is all under one `##`, has one fresh folder with the examples of a
clone in it and one fresh local service; what its blocks need, its earlier blocks have made.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from fc_async.local import LocalServer
from tests.snippets import DATA, EXAMPLE, ROOT, RUN, Block, Section, documents, is_shown, sections

PORT = "9700"  # what is typed; the service of a test has another
DEADLINE_SECONDS = 120
SERVE = "fc-async local up"

# Why a block cannot run here, and the words in it that show that it cannot.
INDEX = (r"\bpip install\b", "it installs from a package index, which tests do not reach")
ACCOUNT = (r"\bs deploy\b|\bYOUR_\w+", "it names an account or a role of the reader's")
# Each block that is not run: its file, words that only it has, and why.
NOT_RUN = {
    ("README.md", "pip install ."): INDEX,
    ("docs/guide/records.md", "pip install --no-deps"): INDEX,
    (EXAMPLE, "cd redriver && s deploy"): ACCOUNT,
    (EXAMPLE, "ALIBABA_CLOUD_ACCOUNT_ID=YOUR_ACCOUNT_ID"): ACCOUNT,
    (EXAMPLE, "FC_ROLE_ARN=acs:ram::YOUR_ACCOUNT_ID:role/YOUR_ROLE"): ACCOUNT,
}

DEV_GROUP = re.compile(r"^from (opentelemetry)\b", re.MULTILINE)  # a block with it is run where it is installed
QUICK = (("README.md", 2), ("docs/guide/records.md", 1), ("docs/guide/records.md", 2), ("docs/guide/deploy.md", 1))
SECTIONS = [section for file in documents() for section in sections(file)]


def quick_or_slow(section: Section) -> Any:
    """Name a section; those of QUICK run with every test, the others with the slow ones."""
    marks = () if (section.file, section.number) in QUICK else (pytest.mark.slow,)
    name = re.sub(r"[^a-z0-9]+", "-", f"{Path(section.file).with_suffix('')} {section.number} {section.title}".lower())
    return pytest.param(section, id=name.strip("-"), marks=marks)


@pytest.mark.parametrize("section", [quick_or_slow(section) for section in SECTIONS])
def test_every_block_of_a_section_runs_as_typed_and_prints_what_is_shown(section: Section, tmp_path: Path) -> None:
    with Desk.at(tmp_path, section) as desk:
        for block in section.blocks:
            if why_not(section, block) is None and all(map(find_spec, DEV_GROUP.findall(block.text))):
                desk.do(block)


@dataclass
class Desk:
    """Where a reader of one section sits: a folder, a local service, and shells that know where it is."""

    folder: Path
    url: str
    stack: ExitStack
    where: str

    @classmethod
    @contextmanager
    def at(cls, path: Path, section: Section) -> Iterator[Desk]:
        with ExitStack() as stack:
            ignore = shutil.ignore_patterns("__pycache__", ".pytest_cache")
            if section.file == EXAMPLE:
                folder = shutil.copytree((ROOT / EXAMPLE).parent, path / "dlq", ignore=ignore)
            else:
                folder = path / "clone"
                shutil.copytree(ROOT / "examples", folder / "examples", ignore=ignore)
            url = ""
            if not any(block.text.startswith(SERVE) for block in section.blocks):
                url = stack.enter_context(LocalServer(workers=1)).url
            yield cls(folder, url, stack, f"{section.file}:{section.title}")

    def do(self, block: Block) -> None:
        """Do what a reader does with a block, and look at what comes."""
        if block.name:
            (self.folder / block.name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / block.name).write_text(block.text, encoding="utf-8")
        if block.language == "console":
            for command, shown in block.typed:
                self.run(block, ["/bin/sh", "-c", command], shown)
        elif block.text.startswith(SERVE):
            self.serve(block.text)
        elif block.language == "python":
            self.run(block, [sys.executable, *([block.name] if block.name else ["-c", block.text])], block.shown)
        elif block.language in ("sh", "bash"):
            self.run(block, [f"/bin/{block.language}", "-e", "-c", block.text], block.shown)
        elif block.language == "json":
            json.loads(block.text)
        elif block.language == "yaml":
            yaml.safe_load(block.text)

    def run(self, block: Block, words: list[str], shown: str | None) -> None:
        """Run one thing to its end, and then let the service do what was asked of it, as a reader's pace does."""
        ended = subprocess.run(
            [word.replace(f":{PORT}", f":{self.url.rpartition(':')[2]}") for word in words],
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=DEADLINE_SECONDS,
            check=False,
        )
        told = f"{self.where}, line {block.line}: {words[-1]}\n{ended.stdout}"
        assert ended.returncode == 0, told
        if shown is not None:
            assert is_shown(shown, ended.stdout), f"{told}--- it shows\n{shown}"
        self.wait()

    def wait(self) -> None:
        """Wait, as a reader's pace does, until nothing runs and nothing waits for its retry."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while self.url and any(self.under_way()) and time.monotonic() < deadline:
            threading.Event().wait(0.05)

    def under_way(self) -> list[int]:
        """Return how many invocations wait and run."""
        with urllib.request.urlopen(f"{self.url}/_local/health", timeout=DEADLINE_SECONDS) as answer:
            metrics = json.load(answer)["metrics"]
        return [metrics["FunctionAsyncMessagesBacklogV2"], metrics["FunctionAsyncMessagesInProcess"]]

    def serve(self, typed: str) -> None:
        """Have the command of a block serve for the rest of the section, on a port of its own."""
        words = typed.partition("#")[0].split()
        process = self.stack.enter_context(
            subprocess.Popen(
                [*words, "--port", "0"],
                cwd=self.folder,
                env=self.environment(),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        )
        self.stack.callback(process.terminate)
        assert process.stdout is not None
        self.url = process.stdout.readline().strip()

    def environment(self) -> dict[str, str]:
        """Return what a reader's shell has set: the local service, and nothing else that is ours."""
        ours = ("FC_", "ALIBABA_CLOUD_", "PYTEST_", "COV_", "HYPOTHESIS_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        return {
            **kept,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self.folder.parent),
            "XDG_STATE_HOME": str(self.folder.parent / "state"),
            "COLUMNS": "80",
            "FC_ASYNC_ENDPOINT": self.url,
            "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true",
        }


def why_not(section: Section, block: Block) -> tuple[str, str] | None:
    """Return why a block is not run, or None."""
    return next((why for (file, words), why in NOT_RUN.items() if file == section.file and words in block.text), None)


def test_the_reader_of_these_tests_finds_what_it_runs() -> None:
    blocks = [block for one in SECTIONS for block in one.blocks]
    assert {one.file for one in SECTIONS} >= {"README.md", "docs/guide/night-shift.md", EXAMPLE}
    assert sum(len(block.typed) for block in blocks if block.language == "console") > 20
    assert sum(block.shown is not None for block in blocks) > 5
    assert not is_shown("one\n…\nthree", "one\ntwo\nfour")
    assert is_shown("id 1-63f2c1d2-0123456789abcdef01234567", "id 1-73f2c1d2-0123456789abcdef01234567")


def test_every_block_is_of_a_kind_that_is_run_or_read() -> None:
    languages = {(block.language, f"{one.file}:{block.line}") for one in SECTIONS for block in one.blocks}
    assert [where for language, where in sorted(languages) if language not in (*RUN, *DATA)] == []


@pytest.mark.parametrize("mark", NOT_RUN, ids=lambda mark: re.sub(r"\W+", "-", " ".join(mark)))
def test_what_is_not_run_is_one_block_and_needs_what_is_not_here(mark: tuple[str, str]) -> None:
    file, words = mark
    (block,) = [block for one in SECTIONS if one.file == file for block in one.blocks if words in block.text]
    assert re.search(NOT_RUN[mark][0], block.text)

"""fc-async init: the example's files in a folder of the reader's, or nothing at all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fc_async.cli.root import run
from tests.full_disk import room_for

EXAMPLE = Path(__file__).parents[3] / "examples" / "dlq"


def files_of(folder):
    return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def init(capsys):
    def call(*words):
        with pytest.raises(SystemExit) as ended:
            run(["init", *map(str, words)])
        return ended.value.code, capsys.readouterr().err

    return call


def test_init_takes_every_file_away_but_the_examples_own_tests_and_what_python_compiled(init, tmp_path):
    folder = tmp_path / "new" / "my dlq"
    code, said = init(folder)
    wanted = {one for one in files_of(EXAMPLE) if not {"tests", "__pycache__"} & set(one.parts)}
    assert (code, files_of(folder)) == (0, wanted)
    assert all((folder / one).read_bytes() == (EXAMPLE / one).read_bytes() for one in wanted)
    assert f"fc-async local up -f '{folder}/s.yaml'" in said


def test_init_fills_a_folder_that_is_there_and_empty(init, tmp_path):
    assert init(tmp_path)[0] == 0
    assert (tmp_path / "s.yaml").is_file()


def test_files_that_init_writes_have_the_mode_of_new_files(init, tmp_path):
    before = os.umask(0o027)
    try:
        init(tmp_path / "new")
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "new").rglob("*") if path.is_file()} == {0o640}


def test_init_writes_nothing_over(init, tmp_path):
    (tmp_path / "s.yaml").write_text("mine")
    code, said = init(tmp_path)
    assert (code, len(said.splitlines())) == (1, 1)
    assert "there and not empty" in said
    assert (files_of(tmp_path), (tmp_path / "s.yaml").read_text()) == ({Path("s.yaml")}, "mine")


@pytest.mark.parametrize("name", ["file", "file/new"])
def test_init_tells_in_one_sentence_where_it_cannot_write(init, tmp_path, name):
    (tmp_path / "file").write_text("mine")
    code, said = init(tmp_path / name)
    assert (code, len(said.splitlines())) == (1, 1)
    assert "cannot write to" in said
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_init_tells_in_one_sentence_that_a_folder_is_not_for_writing(init, tmp_path):
    (tmp_path / "closed").mkdir(mode=0o500)
    code, said = init(tmp_path / "closed" / "new")
    assert (code, len(said.splitlines())) == (1, 1)
    assert "Permission denied" in said


MEANWHILE = """
import os, resource, sys
folder, name, most_bytes = sys.argv[1], sys.argv[2], int(sys.argv[3])
first = os.path.join(folder, "README.md")

def look(event, arguments):
    global first
    if event == "open" and first and str(arguments[0]) == first:
        first = None
        with open(os.path.join(folder, name), "w") as file:
            file.write("mine")
        sys.dont_write_bytecode = True
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, -1))

sys.addaudithook(look)
from fc_async.cli.root import run
run(["init", folder])
"""


@pytest.mark.parametrize(("name", "most_bytes"), [("README.md", -1), ("notes", 0)], ids=["same", "full"])
def test_what_appears_in_the_folder_meanwhile_is_not_written_over_nor_deleted(tmp_path, name, most_bytes):
    command = [sys.executable, "-c", MEANWHILE, tmp_path / "new", name, str(most_bytes)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert files_of(tmp_path) == {Path("new", name)}
    assert (tmp_path / "new" / name).read_text() == "mine"


def test_init_that_cannot_write_leaves_nothing_behind(init, tmp_path):
    with room_for(8_000):
        code, said = init(tmp_path / "new" / "inner")
    assert (code, "File too large" in said, list(tmp_path.iterdir())) == (1, True, [])

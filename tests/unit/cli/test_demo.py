"""fc-async demo where the story cannot be told."""

import tempfile

import pytest

from fc_async.cli.root import run
from tests.full_disk import room_for


@pytest.fixture
def full(tmp_path):
    """A temporary folder in which there is no room for a byte."""
    before = tempfile.tempdir
    tempfile.tempdir = str(tmp_path)
    with room_for(0):
        yield tmp_path
    tempfile.tempdir = before


def test_a_temporary_folder_that_is_full_is_one_sentence_and_nothing_stays(capsys, full):
    with pytest.raises(SystemExit) as ended:
        run(["demo"])
    (said,) = capsys.readouterr().err.splitlines()
    assert (ended.value.code, list(full.iterdir())) == (1, [])
    assert said.startswith(f"Error: cannot write to {full}")
    assert said.endswith("File too large; TMPDIR names another place for it")

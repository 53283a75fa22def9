"""What is given to a command from a file, a device, a FIFO or stdin: bounded, and refused in a sentence."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest
from click.testing import CliRunner, Result

from fc_async.cli.options import CommonOptions
from fc_async.cli.root import cli, run
from fc_async.deploy.fleet_document import read_document
from fc_async.errors import DocumentError

Call = Callable[..., tuple[int, str]]
LOCAL = ("--endpoint", "http://127.0.0.1:1", "--dry-run")


@pytest.fixture
def fc_async(capsys: pytest.CaptureFixture[str]) -> Call:
    def call(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            run(list(arguments))
        return int(ended.value.code or 0), capsys.readouterr().err

    return call


def given(stdin: IO[bytes], *arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments, input=stdin, obj=CommonOptions())


@pytest.mark.parametrize(
    ("sync", "limit"), [((), 131072), (("--sync",), 32 * 1024 * 1024), (("--max-payload", "10"), 10)]
)
def test_a_payload_without_an_end_is_refused_at_its_limit(fc_async: Call, sync: tuple[str, ...], limit: int) -> None:
    code, said = fc_async("invoke", "orders", "-d", "@/dev/zero", *sync, *LOCAL)
    assert code == 2
    assert f"the payload has at least {limit + 1} bytes" in said
    assert f"takes {limit}" in said


def test_a_payload_of_exactly_the_limit_is_taken(fc_async: Call, tmp_path: Path) -> None:
    (tmp_path / "payload").write_bytes(bytes(131072))
    code, err = fc_async("invoke", "orders", "-d", f"@{tmp_path}/payload", *LOCAL)
    assert (code, err.splitlines()[1:]) == (
        0,
        ["dry run: orders would be invoked asynchronously with a payload of 131072 bytes"],
    )


def test_a_record_without_an_end_is_refused(fc_async: Call) -> None:
    said = "expected an input of at most 33554432 bytes, got more"
    assert fc_async("record", "/dev/zero") == (1, f"Error: {said}\n")


def test_a_fifo_to_which_nobody_writes_ends_the_command(fc_async: Call, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    document = _Reading(tmp_path / "fifo")  # at the same time, because each waits 3 seconds
    code, err = fc_async("invoke", "orders", "-d", f"@{tmp_path}/fifo", *LOCAL)
    assert (code, "nobody writes to this FIFO" in err, len(err.splitlines())) == (1, True, 1)
    assert "nobody writes to this FIFO" in document.refusal()


class _Reading(threading.Thread):
    """Reads a document."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self._path, self._said = path, "no end"
        self.start()

    def run(self) -> None:
        try:
            read_document(self._path)
        except DocumentError as error:
            self._said = str(error)

    def refusal(self) -> str:
        self.join(60)
        return self._said


def test_the_output_of_another_command_is_a_payload() -> None:
    program = "import sys; from fc_async.cli.root import run; run(sys.argv[1:])"
    line = 'exec "$0" -c "$1" invoke orders --endpoint http://127.0.0.1:1 --dry-run -d @<(echo -n abc)'
    done = subprocess.run(["bash", "-c", line, sys.executable, program], capture_output=True, timeout=60, check=True)
    assert b"with a payload of 3 bytes" in done.stderr


@pytest.mark.parametrize("name", ["missing", "", "a\0b"])
def test_a_file_that_cannot_be_read_is_one_sentence(fc_async: Call, tmp_path: Path, name: str) -> None:
    for arguments in (("invoke", "orders", "-d", f"@{tmp_path}/{name}", *LOCAL), ("record", f"{tmp_path}/{name}")):
        code, err = fc_async(*arguments)
        assert (code, len(err.splitlines())) == (1, 1)
        assert err.startswith("Error: cannot read ")


def test_stdin_is_read_as_it_is() -> None:
    assert "a payload of 3 bytes" in given(io.BytesIO(b"\xff\r\n"), "invoke", "orders", "-d", "-", *LOCAL).output

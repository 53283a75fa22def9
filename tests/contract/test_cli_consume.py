"""fc-async dlq consume: a process for each letter, whose exit code decides; or each record as a line."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fc_async.cli.root import run
from fc_async.testing import LocalFC, record

Command = Callable[..., tuple[object, str, str]]
ENDS = ("--max-messages", "1")


@pytest.fixture
def consume(fc_local: LocalFC, capfd: pytest.CaptureFixture[str]) -> Command:
    def call(*arguments: str) -> tuple[object, str, str]:
        with pytest.raises(SystemExit) as ended:
            run(["dlq", "consume", *arguments, "--endpoint", fc_local.endpoint])
        said = capfd.readouterr()
        return ended.value.code, said.out, said.err

    return call


def script(folder: Path, text: str) -> str:
    path = folder / "handle.py"
    path.write_text(text)
    return f"{sys.executable} {path}"


def test_a_record_is_on_stdin_and_0_acknowledges(fc_local: LocalFC, consume: Command, tmp_path: Path) -> None:
    queue = fc_local.queue("dead")
    queue.send(record({"id": "é"}, error="no").text)
    seen = tmp_path / "seen"
    command = script(tmp_path, f"import sys\nopen({str(seen)!r}, 'wb').write(sys.stdin.buffer.read())\n")
    code, out, err = consume("dead", "--exec", command, *ENDS)
    assert (code, out) == (0, "")
    assert err.splitlines() == [
        f"local {fc_local.endpoint} queue dead",
        "received 1, acknowledged 1, released 0, unreadable 0",
    ]
    assert json.loads(json.loads(seen.read_text())["requestPayload"]) == {"id": "é"}
    assert fc_local.records("dead") == []


@pytest.mark.parametrize(("code", "seconds"), [(75, 60), (1, 1), (3, 1)])
def test_any_other_code_releases_the_letter(
    fc_local: LocalFC, consume: Command, tmp_path: Path, code: int, seconds: int
) -> None:
    queue = fc_local.queue("dead")
    queue.send(record().text)
    ended, _, err = consume("dead", "--exec", script(tmp_path, f"raise SystemExit({code})"), *ENDS)
    assert (ended, "released 1" in err) == (0, True)
    fc_local.advance(seconds - 1)
    assert queue.peek() == []
    fc_local.advance(1)
    assert len(queue.peek()) == 1


def test_print_writes_a_line_for_each_record_that_a_terminal_obeys_in_nothing(
    fc_local: LocalFC, consume: Command
) -> None:
    fc_local.queue("dead").send(record("\x1b[31m\u202e").text)
    code, out, _ = consume("dead", "--print", *ENDS)
    assert (code, json.loads(out)["requestPayload"]) == (0, "\x1b[31m\u202e")
    assert out.isascii()
    assert "\x1b" not in out
    assert fc_local.records("dead") == []


def test_what_is_no_record_is_hidden_and_told(fc_local: LocalFC, consume: Command) -> None:
    queue = fc_local.queue("dead")
    queue.send("no record")
    code, out, err = consume("dead", "--print", *ENDS)
    assert (code, out) == (0, "")
    assert "unreadable 1" in err
    assert "the first of the unreadable ones expires at" in err
    fc_local.advance(3599)
    assert queue.peek() == []
    fc_local.advance(1)
    assert len(queue.peek()) == 1


@pytest.mark.parametrize(
    "arguments",
    [(), ("--exec", "true", "--print"), ("--exec", ""), ("--exec", "'"), ("--print", "--concurrency", "0")],
    ids=["neither", "both", "empty", "quotes", "concurrency"],
)
def test_what_was_typed_wrong_is_exit_2(consume: Command, arguments: tuple[str, ...]) -> None:
    assert consume("dead", *arguments)[0] == 2


def test_a_program_that_is_not_there_and_a_queue_that_is_not_there_are_exit_1(
    fc_local: LocalFC, consume: Command
) -> None:
    code, _, err = consume("dead", "--exec", "no-such-program --x")
    assert (code, "there is no program 'no-such-program'" in err) == (1, True)
    code, _, err = consume("dead", "--print")
    assert (code, "QueueNotExist" in err) == (1, True)

"""`fc-async dlq pull`, `push`, `restore`, `drop`, `export` and `spools`: what they print, and how they end."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from fc_async import QueueClient
from fc_async.cli.root import run
from fc_async.dlq.spool import Spool
from fc_async.mns.message import QueueMessage
from fc_async.testing import record
from fc_async.testing.local_fc import LocalFC

SECONDS = 60
Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def dlq(
    fc_local: LocalFC, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Command:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            run(["dlq", *map(str, arguments)])
        said = capsys.readouterr()
        return int(str(ended.value.code)), said.out, said.err

    return call


@pytest.fixture
def dead(fc_local: LocalFC) -> QueueClient:
    queue = fc_local.queue("dead")
    queue.send_batch([QueueMessage("", record(request_id=f"r-{number}").text) for number in range(5)])
    return queue


def test_pull_prints_the_path_alone_and_says_where_the_only_copy_is(
    fc_local: LocalFC, dlq: Command, dead: QueueClient, tmp_path: Path
) -> None:
    code, out, err = dlq("pull", "dead", "--yes")
    path = Path(out.strip())
    assert (code, out) == (0, f"{path}\n")
    assert path.parent == tmp_path / "state" / "fc-async" / "spools"
    assert err.startswith(f"local {fc_local.endpoint} queue dead\n")
    assert f"took 5; {path} holds 5, and is the only copy of them" in err
    assert dead.get_attributes().active_messages == 0


def test_pull_asks_first_and_without_a_terminal_does_nothing(dlq: Command, dead: QueueClient) -> None:
    code, out, err = dlq("pull", "dead")
    assert (code, out) == (2, "")
    assert "--yes" in err
    assert dead.get_attributes().active_messages == 5


def test_pull_into_a_named_file_is_found_among_the_spools(dlq: Command, dead: QueueClient, tmp_path: Path) -> None:
    path = tmp_path / "night.spool"
    assert dlq("pull", "dead", "--spool", path, "--limit", "2", "--yes")[:2] == (0, f"{path}\n")
    (tmp_path / "state/fc-async/spools/foreign.spool").write_text("x" * 2000)
    (tmp_path / "state/fc-async/spools/gone.spool").symlink_to(tmp_path / "gone.spool")
    code, out, _ = dlq("spools", "-o", "json")
    rows = {Path(row["spool"]).name: row for row in json.loads(out)}
    assert code == 0
    assert (rows["night.spool"]["queue"], rows["night.spool"]["held"], rows["night.spool"]["problem"]) == (
        "dead",
        2,
        None,
    )
    assert "not there any more" in rows["gone.spool"]["problem"]
    assert rows["foreign.spool"]["queue"] is None
    assert rows["foreign.spool"]["problem"]
    assert "night.spool" in dlq("spools")[1]
    assert f"{path} holds 2 letters of dead already" in dlq("pull", "dead", "--limit", "1", "--yes")[2]


def test_what_others_hold_is_exit_1(dlq: Command, dead: QueueClient) -> None:
    dead.receive(2)
    code, out, err = dlq("pull", "dead", "--wait", "0", "--yes")
    assert code == 1
    assert out.endswith(".spool\n")
    assert "2 are hidden by someone else until about" in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_pull_with_its_counts_and_its_path(
    fc_local: LocalFC, dlq: Command, dead: QueueClient, number: signal.Signals
) -> None:
    fc_local.fault("ReceiveMessage", status=503)

    def when_it_is_under_way() -> None:
        while not fc_local.faults()[0]["happened"]:
            pass
        os.kill(os.getpid(), number)

    thread = threading.Thread(target=when_it_is_under_way)
    thread.start()
    code, out, err = dlq("pull", "dead", "--yes")
    thread.join(SECONDS)
    assert code == 128 + number
    assert out.endswith(".spool\n")
    assert "took 0;" in err
    assert "it was stopped" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ("pull", "dead", "--where", "error=X", "--yes"),
        ("pull", "dead", "--limit", "0", "--yes"),
        ("pull", "dead", "--spool", "night", "--yes"),
        ("push", "dead"),
        ("push", "./a.spool", "--where", "nonsense=1"),
        ("drop", "./a.spool", "--yes"),
        ("export", "./a.spool", "out.jsonl", "--redact", "a..b"),
    ],
    ids=["where of a queue", "limit", "spool", "a queue's name", "condition", "drop without where", "redact"],
)
def test_what_was_typed_wrong_is_exit_2(
    dlq: Command, dead: QueueClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    dlq("pull", "dead", "--spool", "a.spool", "--limit", "1", "--yes")
    code, out, err = dlq(*arguments)
    assert (code, out) == (2, "")
    assert "Error" in err
    assert not Path("out.jsonl").exists()


def test_letters_are_dropped_exported_and_pushed(dlq: Command, dead: QueueClient, tmp_path: Path) -> None:
    path, file = tmp_path / "a.spool", tmp_path / "a.jsonl"
    dlq("pull", "dead", "--spool", path, "--limit", "5", "--yes")
    assert dlq("drop", path, "--where", "id=r-0", "--yes")[:2] == (0, "dropped 1\n")
    assert dlq("drop", path, "--where", "id=r-1", "--forget", "--yes")[:2] == (0, "dropped 1\n")
    code, out, err = dlq("export", path, file, "--where", "id=r-2")
    assert (code, out, "wrote 1 letter to" in err) == (0, "", True)
    assert file.stat().st_mode & 0o777 == 0o600
    (line,) = map(json.loads, file.read_text().splitlines())
    assert list(line) == ["messageId", "enqueueTime", "priority", "properties", "body", "record"]
    assert line["record"]["requestContext"]["requestId"] == "r-2"
    assert dlq("export", path, file)[0] == 1
    code, _, err = dlq("export", path, tmp_path / "b.jsonl", "--redact", "requestPayload, requestpayload")
    assert (code, "--redact requestpayload names nothing in any of them" in err) == (0, True)
    code, out, err = dlq("push", path)
    assert (code, out) == (0, "put back 3 into dead\n")
    assert "new message id" in err
    assert dlq("push", path)[1] == "put back 0 into dead\n"
    assert dead.get_attributes().active_messages == 3


def test_a_letter_that_was_forgotten_is_shown_as_that(dlq: Command, dead: QueueClient, tmp_path: Path) -> None:
    path = tmp_path / "a.spool"
    dlq("pull", "dead", "--spool", path, "--limit", "5", "--yes")
    dlq("drop", path, "--where", "id=r-1", "--yes")
    code, out, err = dlq("drop", path, "--where", "id=r-1", "--forget", "--yes")
    assert (code, out, "the raw letters of 1 are gone for good" in err) == (0, "dropped 0\n", True)
    code, out, _ = dlq("show", path, "r-1")
    assert (code, "its raw letter was forgotten" in out, "not a record" in out) == (0, True, False)
    assert json.loads(dlq("show", path, "r-1", "-o", "json")[1])["problem"].startswith("its raw letter was forgotten")
    code, out, err = dlq("show", path, "r-1", "--raw")
    assert (code, out) == (1, "")
    assert "was forgotten" in err


def test_restore_brings_back_what_was_dropped_only_where_all_is_asked_for(
    dlq: Command, dead: QueueClient, tmp_path: Path
) -> None:
    path = tmp_path / "a.spool"
    dlq("pull", "dead", "--spool", path, "--limit", "5", "--yes")
    dlq("drop", path, "--where", "id=r-0", "--yes")
    code, out, err = dlq("restore", path)
    assert (code, out) == (1, "put back 4 into dead\n")
    assert "1 stays in the spool: dropped (--all)" in err
    assert dlq("restore", path, "--all")[:2] == (0, "put back 1 into dead\n")
    assert dead.get_attributes().active_messages == 5


@pytest.mark.parametrize("command", ["push", "restore", "export", "drop"])
def test_a_spool_that_cannot_be_used_is_one_sentence_and_exit_1(
    dlq: Command, dead: QueueClient, tmp_path: Path, command: str
) -> None:
    more = {"export": (tmp_path / "out",), "drop": ("--where", "id=1", "--yes")}.get(command, ())
    path = tmp_path / "a.spool"
    code, out, err = dlq(command, path, *more)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "there is no such spool" in err
    path.write_bytes(b"x" * 5000)
    code, out, err = dlq(command, path, *more)
    assert (code, out, err.count("\n")) == (1, "", 1)
    path.unlink()
    dlq("pull", "dead", "--spool", path, "--limit", "5", "--yes")
    with Spool(path):
        code, out, err = dlq(command, path, *more)
        assert (code, "is open elsewhere" in err) == ((0, False) if command == "export" else (1, True))


@pytest.mark.parametrize("command", ["push", "restore"])
def test_what_went_back_before_an_error_is_told(
    fc_local: LocalFC, dlq: Command, dead: QueueClient, tmp_path: Path, command: str
) -> None:
    for start in range(0, 32, 16):
        dead.send_batch([QueueMessage("", record(request_id=f"n-{start}").text) for _ in range(16)])
    path = tmp_path / "a.spool"
    dlq("pull", "dead", "--spool", path, "--limit", "37", "--yes")
    fc_local.fault("SendMessage", after=2, status=403)
    code, out, err = dlq(command, path)
    assert (code, out) == (1, "")
    assert "put back 32 before this:\nError: " in err


@pytest.mark.parametrize("command", ["push", "restore", "export", "drop"])
def test_a_damaged_spool_is_not_worked_in_part(dlq: Command, dead: QueueClient, tmp_path: Path, command: str) -> None:
    more = {"export": (tmp_path / "out",), "drop": ("--where", "since=1970-01-01", "--yes")}.get(command, ())
    for start in range(0, 160, 16):
        dead.send_batch([QueueMessage("", record("x" * 1500, request_id=f"n-{start}").text) for _ in range(16)])
    path = tmp_path / "a.spool"
    dlq("pull", "dead", "--spool", path, "--limit", "165", "--yes")
    pages = bytearray(path.read_bytes())
    for start in range(20000, len(pages), 4096):
        pages[start : start + 300] = b"Z" * 300
    path.write_bytes(pages)
    code, out, err = dlq(command, path, *more)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert dead.get_attributes().active_messages == 0
    assert not (tmp_path / "out").exists()

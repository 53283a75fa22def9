"""fc-async dlq redrive: what it says, what it asks, and how it ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fc_async import AsyncInvokeConfig, DestinationConfig, QueueClient
from fc_async.cli.root import run
from fc_async.testing import record
from fc_async.testing.local_fc import LocalFC

Command = Callable[..., tuple[object, str, str]]


@pytest.fixture
def fc_async(
    fc_local: LocalFC, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Command:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[object, str, str]:
        with pytest.raises(SystemExit) as ended:
            run(["dlq", *arguments])
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return call


@pytest.fixture
def dead(fc_local: LocalFC) -> QueueClient:
    """Three letters of a function that works now, one of a function that is gone, and what is no record."""
    config = AsyncInvokeConfig(destination_config=DestinationConfig(on_failure="queue:failed"), async_task=True)
    fc_local.queue("failed")
    fc_local.function("orders", lambda event, _: event, config=config)
    queue = fc_local.queue("dead")
    for number in range(3):
        queue.send(record({"n": number}, function="orders", error="no", request_id=f"r-{number}").text)
    queue.send(record({"n": 3}, function="gone", error="no", request_id="r-3").text)
    queue.send("no record \x1b[31m".replace("\x1b", "\\x1b"))
    fc_local.advance(60)
    return queue


def test_a_dry_run_gives_every_letter_of_the_head_its_verdict_and_changes_nothing(
    fc_async: Command, dead: QueueClient, tmp_path: Path
) -> None:
    code, out, err = fc_async("redrive", "dead", "--dry-run", "-o", "json")
    found = json.loads(out)
    assert (code, found["send"]) == (0, {"orders": 3})
    assert sorted(found["leave"].values()) == [1, 1]
    assert "dry run: nothing was sent" in err
    assert dead.get_attributes().active_messages == 5
    assert list(tmp_path.rglob("*.spool")) == []


def test_it_says_where_it_acts_what_it_would_do_and_what_it_did(fc_async: Command, dead: QueueClient) -> None:
    code, out, err = fc_async("redrive", "dead", "--yes", "--wait", "0")
    assert code == 1  # two letters are left
    assert err.startswith("local http://127.0.0.1:")
    assert "send 3 of the first 5 to orders, once" in err
    assert out.startswith("sent 3, done 3, came back 0, left 2\n")
    assert "gone is not there (FunctionNotFound); --to sends its letters to another function" in out
    assert "request r-3" in out
    assert "the same command goes on" in out


def test_json_has_every_letter_that_is_left_and_the_journal(fc_async: Command, dead: QueueClient) -> None:
    code, out, _ = fc_async("redrive", "dead", "--yes", "--wait", "0", "-o", "json")
    found = json.loads(out)
    assert code == 1
    assert set(found) == {"sent", "done", "cameBack", "left", "inQueueNow", "drained", "spool"}
    assert (found["sent"], found["done"], found["cameBack"], found["inQueueNow"]) == (3, 3, 0, 2)
    ids = [one["requestId"] for letters in found["left"].values() for one in letters]
    assert sorted(map(str, ids)) == ["None", "r-3"]
    assert Path(found["spool"]).stat().st_mode & 0o777 == 0o600


def test_a_limit_that_is_reached_ends_with_0(fc_async: Command, fc_local: LocalFC, dead: QueueClient) -> None:
    good = fc_local.queue("good")
    for number in range(3):
        good.send(record({"n": number}, function="orders", error="no", request_id=f"good-{number}").text)
    fc_local.advance(60)
    code, out, _ = fc_async("redrive", "good", "--yes", "--limit", "2", "--wait", "0")
    assert (code, out.splitlines()[0]) == (0, "sent 2, done 2, came back 0, left 0")


def test_without_a_terminal_and_without_yes_nothing_is_sent(
    fc_async: Command, dead: QueueClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _, err = fc_async("redrive", "dead")
    assert code == 2
    assert "nothing was done" in err
    assert dead.get_attributes().active_messages == 5


@pytest.mark.parametrize("output", ["table", "json"])
def test_of_an_empty_queue_nothing_is_asked(fc_async: Command, fc_local: LocalFC, output: str) -> None:
    fc_local.queue("empty")
    code, out, err = fc_async("redrive", "empty", "-o", output)
    assert code == 0
    assert "there is no letter to send" in err
    assert "Send" not in err
    assert '"drained": true' in out or out == "sent 0, done 0, came back 0, left 0\nthe queue has 0 now\n"


def test_a_canary_waits_for_the_ends_of_a_few_and_the_rest_follows(
    fc_async: Command, dead: QueueClient, tmp_path: Path
) -> None:
    spool = str(tmp_path / "night.spool")
    fc_async("pull", "dead", "--yes", "--spool", spool, "--wait", "0")
    code, out, err = fc_async("redrive", spool, "--yes", "--canary", "1", "--where", "function=orders")
    assert "sent 1, done 1, came back 0, left 0\n" in err
    assert "1 Succeeded" in err
    assert (code, out.splitlines()[0]) == (0, "sent 3, done 3, came back 0, left 0")


def test_a_spool_is_filtered_and_worked_to_its_end(fc_async: Command, dead: QueueClient, tmp_path: Path) -> None:
    spool = str(tmp_path / "night.spool")
    assert fc_async("pull", "dead", "--yes", "--spool", spool, "--wait", "0")[0] == 0
    code, out, _ = fc_async("redrive", spool, "--yes", "--where", "function=orders")
    assert (code, out.splitlines()[0]) == (0, "sent 3, done 3, came back 0, left 0")
    code, out, _ = fc_async("redrive", spool, "--yes")
    assert (code, out.splitlines()[0]) == (1, "sent 0, done 0, came back 0, left 2")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("dead", "--where", "error=X"), "MNS cannot select letters of a queue; take them into a spool first"),
        (("dead", "--rate", "0/s"), "expected 20/s, 100/m or a number a second"),
        (("dead", "--stop-at", "120%"), "expected a percentage"),
        (("dead", "--map", "f=g"), "expected SERVICE/FUNCTION=NAME"),
        (("dead", "--transform", "nothing"), "expected MODULE:FUNCTION"),
        (("dead", "--transform", "no_such_module:f"), "cannot be loaded (ModuleNotFoundError)"),
        (("dead", "--limit", "0"), "--limit"),
        (("./none.spool", "--spool", "x"), "name the journal of a QUEUE"),
    ],
    ids=["where", "rate", "part", "map", "transform", "module", "limit", "journal"],
)
def test_what_was_typed_wrong_ends_with_2_before_anything_is_sent(
    fc_async: Command, dead: QueueClient, arguments: tuple[str, ...], said: str
) -> None:
    code, _, err = fc_async("redrive", *arguments)
    assert code == 2
    assert said in err
    assert dead.get_attributes().active_messages == 5


def test_a_where_that_does_not_parse_shows_the_place(fc_async: Command, dead: QueueClient, tmp_path: Path) -> None:
    spool = str(tmp_path / "night.spool")
    fc_async("pull", "dead", "--yes", "--spool", spool, "--wait", "0")
    code, _, err = fc_async("redrive", spool, "--where", "attempts>=many")
    assert code == 2
    assert "^" in err


def test_a_transform_makes_each_payload(
    fc_async: Command, fc_local: LocalFC, dead: QueueClient, tmp_path: Path
) -> None:
    (tmp_path / "night_transform.py").write_text("def double(payload):\n    return {'n': 2 * payload['n']}\n")
    code, out, _ = fc_async("redrive", "dead", "--yes", "--transform", "night_transform:double", "--wait", "0")
    assert out.startswith("sent 3, ")
    assert code == 1


def test_a_spool_that_is_not_there_or_open_elsewhere_is_a_sentence(
    fc_async: Command, dead: QueueClient, tmp_path: Path
) -> None:
    assert fc_async("redrive", "./none.spool", "--yes")[::2] == (
        1,
        "Error: none.spool: there is no such spool; `fc-async dlq spools` lists those that there are\n",
    )


def test_it_shows_how_often_letters_were_sent_again_before(fc_async: Command, fc_local: LocalFC) -> None:
    config = AsyncInvokeConfig(
        destination_config=DestinationConfig(on_failure="queue:dead"), max_async_retry_attempts=0, async_task=True
    )

    def fails(event: object, _: object) -> None:
        raise ValueError("again")

    queue = fc_local.queue("dead")
    fc_local.function("orders", fails, config=config)
    for number in range(2):
        queue.send(record({"n": number}, function="orders", error="no", request_id=f"r-{number}").text)
    fc_local.advance(60)
    _, _, err = fc_async("redrive", "dead", "--yes", "--wait", "0")
    assert "before" not in err
    fc_local.advance(60)
    _, out, _ = fc_async("redrive", "dead", "--dry-run")
    assert "2 letters were sent again before, 1 time\n" in out
    _, out, _ = fc_async("redrive", "dead", "--dry-run", "-o", "json")
    assert json.loads(out)["sentBefore"] == {"1": 2}

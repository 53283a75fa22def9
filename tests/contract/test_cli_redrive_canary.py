"""fc-async dlq redrive --canary: a few first, counted with the rest; and what a command line can break."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fc_async import AsyncInvokeConfig, DestinationConfig
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


def dead(fc: LocalFC, *, fails: bool = False, is_task: bool = True, count: int = 6) -> None:
    """Make a queue of letters of one function."""

    def handler(event: object, _: object) -> object:
        if fails:
            raise ValueError("again")
        return event

    fc.queue("failed")
    net = DestinationConfig(on_failure="queue:failed")
    config = AsyncInvokeConfig(destination_config=net, async_task=is_task, max_async_retry_attempts=0)
    fc.function("orders", handler, config=config)
    for number in range(count):
        fc.queue("dead").send(record({"n": number}, function="orders", error="no", request_id=f"r-{number}").text)
    fc.advance(60)


def pulled(fc_async: Command) -> str:
    assert fc_async("pull", "dead", "--yes", "--spool", "./night.spool", "--wait", "0")[0] == 0
    return "./night.spool"


@pytest.mark.parametrize(("canary", "limit", "sent"), [("2", "4", 4), ("4", "2", 2), ("2", "2", 2)], ids=str)
def test_a_canary_is_part_of_the_limit(
    fc_async: Command, fc_local: LocalFC, canary: str, limit: str, sent: int
) -> None:
    dead(fc_local)
    spool = pulled(fc_async)
    code, out, _ = fc_async("redrive", spool, "--yes", "--canary", canary, "--limit", limit, "-o", "json")
    found = json.loads(out)
    assert (code, found["sent"], found["done"]) == (0, sent, sent)
    assert len(fc_local.invocations("orders")) == sent


def test_a_canary_that_failed_lets_nothing_follow_where_nobody_is_asked(fc_async: Command, fc_local: LocalFC) -> None:
    dead(fc_local, fails=True)
    code, out, err = fc_async("redrive", "dead", "--yes", "--canary", "2", "-o", "json")
    assert (code, json.loads(out)["sent"], len(fc_local.invocations("orders"))) == (1, 2, 2)
    assert "2 Failed\n" in err
    assert "the canary did not go well: nothing more is sent" in err


def test_a_canary_whose_ends_cannot_be_seen_says_so(fc_async: Command, fc_local: LocalFC) -> None:
    dead(fc_local, is_task=False)
    code, out, err = fc_async("redrive", pulled(fc_async), "--yes", "--canary", "2")
    assert (code, out.splitlines()[0]) == (0, "sent 6, done 6, came back 0, left 0")
    assert "asyncTask is off: look at the function before you go on" in err


def test_a_transform_whose_module_ends_the_program_is_a_usage_error(
    fc_async: Command, fc_local: LocalFC, tmp_path: Path
) -> None:
    dead(fc_local)
    (tmp_path / "ends_the_program.py").write_text("raise SystemExit(0)\n")
    code, _, err = fc_async("redrive", "dead", "--yes", "--transform", "ends_the_program:f")
    assert code == 2
    assert "cannot be loaded (SystemExit)" in err

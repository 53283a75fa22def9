"""Restore, drop and export: which letters go back, which stay, and what leaves the machine."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from fc_async import AsyncInvokeConfig, QueueClient, SpoolError
from fc_async.dlq.drop import KEPT_SECONDS, drop, droppable, forget_what_is_due
from fc_async.dlq.entry import State
from fc_async.dlq.export import Exported, export
from fc_async.dlq.push import push
from fc_async.dlq.restore import restore
from fc_async.dlq.spool import Spool
from fc_async.dlq.spool_place import SpoolPlace
from fc_async.dlq.where import parse_where
from fc_async.mns.letter import Letter
from fc_async.mns.message import QueueMessage
from fc_async.testing import record
from fc_async.testing.local_fc import LocalFC

NOW = 1_700_000_000.0


@pytest.fixture
def dead(fc_local: LocalFC) -> QueueClient:
    return fc_local.queue("dead")


class Clock:
    def __init__(self) -> None:
        self.seconds = NOW

    def __call__(self) -> float:
        return self.seconds


def spool_of(path: Path, clock: Clock, *names: str) -> Spool:
    """A spool that has custody of a letter of each name."""
    place = SpoolPlace("1234567890123456", "cn-hangzhou", "dead", "http://127.0.0.1:1")
    spool = Spool.create(path, place, clock=clock)
    spool.take([message(name) for name in names])
    return spool


def message(name: str) -> QueueMessage:
    return QueueMessage(f"m-{name}", record(request_id=name).text, priority=2)


def sent(spool: Spool, name: str, state: State, task_id: str | None = None) -> None:
    """Have a letter stand there as sent."""
    entry = spool.plan(Letter.of(message(name)), "main", task_id)
    if state is not State.PLANNED:
        spool.note(entry.number, state, new_request_id=f"new-{name}")


def back(fc_local: LocalFC) -> list[str]:
    return sorted(one.request_id for one in fc_local.records("dead"))


def test_what_was_not_done_goes_back_and_what_may_have_succeeded_stays(
    fc_local: LocalFC, dead: QueueClient, tmp_path: Path
) -> None:
    names = ("held", "left", "came-back", "planned", "accepted", "done", "dropped", "returned")
    clock = Clock()
    with spool_of(tmp_path / "a.spool", clock, *names) as spool:
        for name in ("planned", "accepted", "done"):
            sent(spool, name, State(name))
        for name in ("left", "came-back", "dropped", "returned"):
            found = spool.find_message(f"m-{name}")
            assert found is not None
            spool.note(found.number, State(name.replace("-", "_")))
        result = restore(spool, dead, clock=clock)
        assert back(fc_local) == ["came-back", "held", "left"]
        assert sorted(one for ids in result.samples.values() for one in ids) == [
            "m-accepted",
            "m-done",
            "m-dropped",
            "m-planned",
        ]
        restore(spool, dead, accepted=True, clock=clock)
        assert back(fc_local) == ["accepted", "came-back", "held", "left", "planned"]
        assert restore(spool, dead, everything=True, clock=clock).stayed == {}
        assert back(fc_local) == ["accepted", "came-back", "done", "dropped", "held", "left", "planned"]
        assert restore(spool, dead, everything=True, clock=clock).returned == 0


def test_of_a_queues_redrive_only_what_has_left_the_queue_goes_back(
    fc_local: LocalFC, dead: QueueClient, tmp_path: Path
) -> None:
    clock = Clock()
    with spool_of(tmp_path / "a.spool", clock) as spool:
        sent(spool, "planned", State.PLANNED)
        sent(spool, "accepted", State.ACCEPTED)
        spool.leave(Letter.of(message("left")), State.LEFT, "why")
        assert push(spool, dead).returned == 0
        result = restore(spool, dead, everything=True, clock=clock)
        assert (result.returned, result.stayed) == (1, {})
    assert back(fc_local) == ["accepted"]


def test_in_task_mode_the_task_of_each_accepted_letter_decides(
    fc_local: LocalFC, dead: QueueClient, tmp_path: Path
) -> None:
    def handler(event: bytes, context: object) -> None:
        if b"fails" in event:
            raise ValueError

    config = AsyncInvokeConfig(async_task=True, max_async_retry_attempts=0)
    fc_local.function("main", handler, config=config)
    for name in ("fails", "works"):
        fc_local.functions.invoke_async("main", name, task_id=name)
    fc_local.settle()
    clock = Clock()
    with spool_of(tmp_path / "a.spool", clock, "fails", "works", "never", "young") as spool:
        for name in ("fails", "works"):
            sent(spool, name, State.ACCEPTED, name)
        sent(spool, "never", State.PLANNED, "never")
        clock.seconds += 90
        sent(spool, "young", State.PLANNED, "young")
        result = restore(spool, dead, functions=fc_local.functions, clock=clock)
        assert back(fc_local) == ["fails", "never"]
        assert list(result.samples.items()) == [
            ("its task: Succeeded", ["m-works"]),
            ("its task is not known yet; ask again in a minute", ["m-young"]),
        ]
        clock.seconds += 8 * 86400
        assert restore(spool, dead, clock=clock).returned == 0
        assert restore(spool, dead, accepted=True, clock=clock).returned == 1


def test_a_task_that_cannot_be_asked_for_keeps_its_letter(fc_local: LocalFC, dead: QueueClient, tmp_path: Path) -> None:
    clock = Clock()
    with spool_of(tmp_path / "a.spool", clock, "one") as spool:
        sent(spool, "one", State.ACCEPTED, "task")
        fc_local.fault("GetAsyncTask", status=403)
        (reason,) = restore(spool, dead, accepted=True, clock=clock).stayed
        assert "cannot be asked for" in reason
    assert back(fc_local) == []


def test_what_is_dropped_keeps_its_raw_letter_for_7_days_unless_it_is_forgotten(
    fc_local: LocalFC, dead: QueueClient, tmp_path: Path
) -> None:
    clock = Clock()
    path = tmp_path / "a.spool"
    with spool_of(path, clock, "kept", "forgotten", "other") as spool:
        assert drop(spool, parse_where(["id=kept"], 0), clock=clock) == 1
        assert drop(spool, parse_where(["id=forgotten"], 0), forget=True, clock=clock) == 1
        assert spool.counts() == {"dropped": 2, "held": 1}
        assert [bool(letter.message.message_body) for letter in spool.letters()] == [True, False, True]
        assert [entry.number for entry in droppable(spool)] == [3]
        assert [entry.number for entry in droppable(spool, forget=True)] == [1, 2, 3]
        clock.seconds += KEPT_SECONDS - 1
        forget_what_is_due(spool, clock=clock)
        assert spool.letter(1).message.message_body
        clock.seconds += 1
        forget_what_is_due(spool, clock=clock)
        assert not spool.letter(1).message.message_body
        assert push(spool, dead).returned == 1
        assert list(restore(spool, dead, everything=True, clock=clock).stayed) == ["its raw letter was forgotten"]


def test_a_forgotten_body_is_not_in_the_file(tmp_path: Path) -> None:
    path, secret = tmp_path / "a.spool", "a-secret-of-the-body"
    with spool_of(path, Clock()) as spool:
        spool.take([QueueMessage("m-1", secret * 1000)])
    assert secret.encode() in path.read_bytes()
    with Spool(path) as spool:
        drop(spool, forget=True)
    assert secret.encode() not in path.read_bytes()


def test_a_forgotten_body_is_nowhere_beside_the_file_while_another_process_looks(tmp_path: Path) -> None:
    path, secret = tmp_path / "a.spool", "a-secret-of-the-body"
    with spool_of(path, Clock()) as spool:
        spool.take([QueueMessage("m-1", secret * 1000), QueueMessage("m-2", "other")])
    with Spool(path, read_only=True) as looking:
        next(looking.entries())
        with Spool(path) as spool:
            drop(spool, forget=True)
        assert [one.name for one in tmp_path.iterdir() if secret.encode() in one.read_bytes()] == []


def test_what_cannot_be_taken_out_of_the_file_yet_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.spool"
    with spool_of(path, Clock(), "one", "two") as spool:
        with closing(sqlite3.connect(path)) as reading:
            reading.execute("BEGIN")
            reading.execute("SELECT * FROM letter").fetchone()
            with pytest.raises(SpoolError, match="forget them again"):
                drop(spool, forget=True, busy_seconds=0)
        assert drop(spool, forget=True) == 0


def test_a_redacted_export_holds_nothing_of_what_its_paths_name(tmp_path: Path) -> None:
    payload = json.dumps({"customer": {"email": "secret-1", "id": 7}, "lines": [{"note": "secret-2"}, {"n": 1}]})
    bodies = [record(payload=payload).text, record(payload="secret-3, no JSON").text, "secret-4, no record"]
    file = tmp_path / "a.jsonl"
    with spool_of(tmp_path / "a.spool", Clock()) as spool:
        spool.take([QueueMessage(f"m-{number}", body) for number, body in enumerate(bodies)])
        assert export(spool, file, redact=["requestPayload.customer.email", " requestPayload.lines.note"]) == Exported(
            3
        )
    text = file.read_text()
    assert "secret" not in text
    first, second, third = map(json.loads, text.splitlines())
    assert first["record"]["requestPayload"] == {
        "customer": {"email": "[redacted]", "id": 7},
        "lines": [{"note": "[redacted]"}, {"n": 1}],
    }
    assert second["record"]["requestPayload"] == "[redacted]"
    assert (third["record"], "body" in third) == (None, False)


HOSTILE = {
    "deep": "[" * 600 + "]" * 600,
    "not finite": '{"n": 1e999, "email": "secret"}',
    "no number": '{"n": NaN, "email": "secret"}',
    "long": "1" * 5000,
    "half a character": '{"email": "secret", "n": "\\ud800"}',
}


@pytest.mark.parametrize("payload", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_payload_is_redacted_whole_and_its_line_is_json(tmp_path: Path, payload: str) -> None:
    file = tmp_path / "a.jsonl"
    paths = ["requestPayload.email", "requestPayload.n." + "9" * 5000]
    with spool_of(tmp_path / "a.spool", Clock()) as spool:
        spool.take([QueueMessage("m-1", record(payload=payload).text)])
        export(spool, file, redact=paths)
    (line,) = file.read_text().splitlines()
    assert "secret" not in line
    assert isinstance(json.loads(line, parse_constant=pytest.fail), dict)


def test_a_path_that_names_nothing_is_told_of(tmp_path: Path) -> None:
    with spool_of(tmp_path / "a.spool", Clock()) as spool:
        spool.take([QueueMessage("m-1", record(payload='{"\u4f60": {"a": "s"}, "b": [1]}').text)])
        paths = ["requestPayload.\u4f60.a", "requestpayload.b", "requestPayload.b.0", "requestPayload.b.1"]
        assert export(spool, tmp_path / "a.jsonl", redact=paths).unused == ("requestpayload.b", "requestPayload.b.1")


def test_an_export_that_cannot_be_written_leaves_no_file(tmp_path: Path) -> None:
    with spool_of(tmp_path / "a.spool", Clock(), "one") as spool:
        with pytest.raises(SpoolError, match="cannot be made"):
            export(spool, tmp_path / "none" / "a.jsonl")
        (tmp_path / "full").symlink_to("/dev/full")
        with pytest.raises(SpoolError, match="is there already"):
            export(spool, tmp_path / "full")

"""Custody: whatever happens, each letter is in the queue or in the spool, and it goes back as it was."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest

from fc_async import QueueClient, ServiceError, SpoolError
from fc_async.dlq.custody import Pull, pull
from fc_async.dlq.entry import State
from fc_async.dlq.pulled import Pulled, Pulling
from fc_async.dlq.push import BEGUN, push
from fc_async.dlq.spool import Spool
from fc_async.dlq.spool_mount import warning_of
from fc_async.dlq.spool_place import SpoolPlace
from fc_async.dlq.spools import list_spools
from fc_async.mns.letter import Letter
from fc_async.mns.message import QueueAttributes, QueueMessage
from fc_async.testing import record
from fc_async.testing.local_fc import LocalFC

FAULTS: dict[str, dict[str, Any]] = {
    "429": {"status": 429},
    "500": {"status": 500},
    "503": {"status": 503},
    "dropped before": {"drop": "before"},
    "dropped after": {"drop": "after"},
    "truncated": {"truncate": True},
    "none of a batch": {"partial": 0},
    "part of a batch": {"partial": 2},
}
LETTERS = 40


@pytest.fixture
def fc(fc_local: LocalFC) -> LocalFC:
    return fc_local


@pytest.fixture
def dead(fc: LocalFC) -> QueueClient:
    return fc.queue("dead")


def fill(queue: QueueClient, count: int = LETTERS) -> list[str]:
    """Send letters and return their request ids."""
    ids = [f"r-{number}" for number in range(count)]
    for start in range(0, count, 16):
        queue.send_batch([QueueMessage("", record(request_id=one).text) for one in ids[start : start + 16]])
    return ids


def held(spool: Spool) -> list[str]:
    return [entry.fields.request_id or "" for entry in spool.entries(states=(State.HELD,))]


def total(queue: QueueClient) -> int:
    found = queue.get_attributes()
    return (found.active_messages or 0) + (found.inactive_messages or 0)


def moving(fc: LocalFC) -> Callable[[Pulling], None]:
    """Let the service's time go on where a pull waits for what is hidden."""
    return lambda now: fc.advance(31) if now.waits_for else None


def quick(queue: QueueClient, spool: Spool, fc: LocalFC, **options: Any) -> Pulled:
    """Pull without waiting for letters that may still come."""
    options = {"wait_seconds": 60, "poll_seconds": 0, **options}
    return Pull(queue, spool, queue.get_attributes(), **options).run(moving(fc))


def new_spool(path: Path, **changes: str) -> Spool:
    place = {
        "account_id": "1234567890123456",
        "region": "cn-hangzhou",
        "queue": "dead",
        "endpoint": "http://127.0.0.1:1",
    }
    return Spool.create(path, SpoolPlace(**{**place, **changes}))


# taking


def test_every_letter_is_in_the_spool_and_the_queue_is_empty(fc: LocalFC, dead: QueueClient, tmp_path: Path) -> None:
    ids = fill(dead)
    with pull(dead, folder=tmp_path) as spool:
        assert sorted(held(spool)) == sorted(ids)
        assert spool.pulled == Pulled(LETTERS)
        assert spool.path.stat().st_mode & 0o777 == 0o600
    assert total(dead) == 0
    assert [path.suffix for path in tmp_path.iterdir() if path.suffix != ".spool-lock"] == [".spool"]


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("action", ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes"])
def test_a_fault_of_any_call_costs_no_letter_and_no_letter_is_taken_twice(
    fc: LocalFC, dead: QueueClient, tmp_path: Path, action: str, fault: dict[str, Any]
) -> None:
    if action == "GetQueueAttributes" and "partial" in fault:
        return
    ids = fill(dead)
    with new_spool(tmp_path / "a.spool") as spool:
        attributes = dead.get_attributes()
        fc.fault(action, times=1 if action == "GetQueueAttributes" else 2, **fault)
        pulled = Pull(dead, spool, attributes, wait_seconds=60, poll_seconds=0).run(moving(fc))
        assert sorted(held(spool)) == sorted(ids)
        assert (pulled.taken, pulled.reason) == (LETTERS, None)
    assert total(dead) == 0


def test_a_limit_is_kept_and_the_rest_stays_visible(fc: LocalFC, dead: QueueClient, tmp_path: Path) -> None:
    fill(dead)
    with pull(dead, tmp_path / "a.spool", limit=17, folder=tmp_path) as spool:
        assert spool.counts() == {"held": 17}
        assert spool.pulled == Pulled(17)
    assert dead.get_attributes().active_messages == LETTERS - 17


def test_what_others_hold_is_counted_and_dated_after_the_wait(fc: LocalFC, dead: QueueClient, tmp_path: Path) -> None:
    fill(dead)
    dead.receive(3)
    with pull(dead, tmp_path / "a.spool", wait_seconds=0, folder=tmp_path) as spool:
        pulled = spool.pulled
        assert pulled is not None
        assert (pulled.taken, pulled.hidden) == (LETTERS - 3, 3)
        assert "3 are hidden by someone else until about" in str(pulled.reason)
        assert quick(dead, spool, fc) == Pulled(3)


def test_a_stop_ends_it_with_every_letter_in_one_of_both_places(fc: LocalFC, dead: QueueClient, tmp_path: Path) -> None:
    stop = threading.Event()

    class Client(QueueClient):
        def delete_each(self, *arguments: Any) -> dict[str, str | None]:
            stop.set()
            return super().delete_each(*arguments)

    fill(dead, 600)
    with Client("dead", endpoint=fc.endpoint) as client, new_spool(tmp_path / "a.spool") as spool:
        pulled = Pull(client, spool, client.get_attributes(), stopping=stop, poll_seconds=0).run()
        assert pulled.reason == "it was stopped"
        assert spool.counts()["held"] + total(dead) == 600
        assert pulled.taken == spool.counts()["held"] < 600


def test_two_pulls_at_once_share_the_letters_and_both_end(fc: LocalFC, dead: QueueClient, tmp_path: Path) -> None:
    ids = fill(dead, 300)
    with ThreadPoolExecutor(2) as pool:
        spools = list(pool.map(lambda name: pull(dead, tmp_path / name, wait_seconds=60), ("a.spool", "b.spool")))
    assert sorted(one for spool in spools for one in held(spool)) == sorted(ids)
    for spool in spools:
        assert spool.pulled is not None
        assert spool.pulled.reason is None
        spool.close()


def test_a_queue_that_is_not_there_leaves_no_file(fc: LocalFC, tmp_path: Path) -> None:
    with QueueClient("none", endpoint=fc.endpoint) as queue, pytest.raises(ServiceError, match="QueueNotExist"):
        pull(queue, folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_delete_that_is_forbidden_ends_it_and_the_letter_is_not_in_custody(
    fc: LocalFC, dead: QueueClient, tmp_path: Path
) -> None:
    fill(dead, 5)
    fc.fault("DeleteMessage", status=403)
    with new_spool(tmp_path / "a.spool") as spool:
        with pytest.raises(ServiceError, match="403"):
            quick(dead, spool, fc)
        assert spool.counts() == {"returned": 5}
        fc.advance(1.1)
        assert dead.get_attributes().active_messages == 5


def test_a_delete_that_is_forbidden_leaves_no_letter_in_both_places_whatever_other_receivers_hold(
    fc: LocalFC, dead: QueueClient, tmp_path: Path
) -> None:
    fill(dead, 600)
    fc.fault("DeleteMessage", status=403)
    with new_spool(tmp_path / "a.spool") as spool:
        with pytest.raises(ServiceError, match="403"):
            quick(dead, spool, fc)
        assert list(spool.counts()) == ["returned"]
        assert push(spool, dead).returned == 0
    assert total(dead) == 600


def test_a_queue_that_goes_before_the_delete_leaves_its_letters_in_custody(
    fc: LocalFC, dead: QueueClient, tmp_path: Path
) -> None:
    class Client(QueueClient):
        def delete_each(self, *arguments: Any) -> dict[str, str | None]:
            with suppress(ServiceError):
                self.remove()
            return super().delete_each(*arguments)

    fill(dead, 5)
    with new_spool(tmp_path / "a.spool") as spool, Client("dead", endpoint=fc.endpoint) as client:
        with pytest.raises(ServiceError, match="QueueNotExist"):
            quick(client, spool, fc)
        assert spool.counts() == {"held": 5}


def test_what_was_accepted_and_came_again_stays_accepted_where_its_delete_is_forbidden(
    fc: LocalFC, dead: QueueClient, tmp_path: Path
) -> None:
    fill(dead, 1)
    (message,) = dead.peek()
    with new_spool(tmp_path / "a.spool") as spool:
        spool.take([message])
        spool.note(1, State.ACCEPTED, new_request_id="new")
        fc.fault("DeleteMessage", status=403)
        with pytest.raises(ServiceError, match="403"):
            quick(dead, spool, fc)
        assert spool.counts() == {"accepted": 1}


def test_letters_that_the_service_counts_and_never_hands_out_end_it(
    fc: LocalFC, dead: QueueClient, tmp_path: Path
) -> None:
    class Client(QueueClient):
        def get_attributes(self) -> QueueAttributes:
            return replace(super().get_attributes(), active_messages=5)

    fill(dead)
    with new_spool(tmp_path / "a.spool") as spool, Client("dead", endpoint=fc.endpoint) as client:
        pulled = Pull(client, spool, client.get_attributes(), wait_seconds=0, poll_seconds=0).run()
        assert pulled.taken == LETTERS
        assert "counts about 5 more, and hands out none" in str(pulled.reason)


def test_an_answer_that_can_never_be_read_leaves_only_its_own_letter_hidden(
    fc: LocalFC, dead: QueueClient, tmp_path: Path
) -> None:
    class Client(QueueClient):
        def receive(self, *arguments: Any, **options: Any) -> list[QueueMessage]:
            found = super().receive(*arguments, **options)
            if any(one.message_body == "poison" for one in found):
                raise ServiceError(200, None, None, message="an answer that cannot be read")
            return found

    fill(dead, 20)
    dead.send("poison")
    with new_spool(tmp_path / "a.spool") as spool, Client("dead", endpoint=fc.endpoint) as client:
        steps = count(step=0.1)
        pulled = quick(client, spool, fc, wait_seconds=5, clock=lambda: next(steps))
        assert (pulled.taken, total(dead)) == (20, 1)
        assert "could not be read" in str(pulled.reason)


def test_messages_without_an_id_are_each_kept(tmp_path: Path) -> None:
    with new_spool(tmp_path / "a.spool") as spool:
        assert spool.take([QueueMessage("", "same"), QueueMessage("", "same")]) == 2


# nowhere to store


def test_a_file_that_is_taken_away_ends_it_and_nothing_more_is_deleted(
    fc: LocalFC, dead: QueueClient, tmp_path: Path
) -> None:
    fill(dead)
    path = tmp_path / "a.spool"

    class Client(QueueClient):
        def receive(self, *arguments: Any, **options: Any) -> list[QueueMessage]:
            found = super().receive(*arguments, **options)
            path.unlink(missing_ok=True)
            return found

    with (
        new_spool(path) as spool,
        Client("dead", endpoint=fc.endpoint) as client,
        pytest.raises(SpoolError, match=r"cannot be opened|taken away"),
    ):
        quick(client, spool, fc)
    fc.advance(1.1)
    assert dead.get_attributes().active_messages == LETTERS


FULL_DISK = """
import resource, sys
from pathlib import Path
from fc_async import QueueClient, SpoolError
from fc_async.dlq.custody import pull
sys.dont_write_bytecode = True
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
try:
    pull(QueueClient("dead", endpoint=sys.argv[1]), Path(sys.argv[2]))
except SpoolError as error:
    print(error)
"""


def test_a_full_disk_ends_it_and_each_letter_is_in_one_of_both_places(
    fc: LocalFC, dead: QueueClient, tmp_path: Path
) -> None:
    ids = fill(dead, 600)
    path = tmp_path / "a.spool"
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path)}
    said = subprocess.run(
        [sys.executable, "-c", FULL_DISK, fc.endpoint, str(path)],
        capture_output=True,
        text=True,
        timeout=120,
        env=environment,
        check=True,
    )
    assert "cannot be written" in said.stdout
    assert said.stderr == ""
    fc.advance(31)
    assert dead.get_attributes().inactive_messages == 0
    there = {one["requestContext"]["requestId"] for one in wires(fc)}
    with Spool(path, read_only=True) as spool:
        assert there | set(held(spool)) == set(ids)
    assert there


def wires(fc: LocalFC) -> list[dict[str, Any]]:
    return [one.to_dict() for one in fc.records("dead")]


KILLED = """
import sys
from pathlib import Path
from fc_async import QueueClient
from fc_async.dlq.custody import pull
print("began", flush=True)
pull(QueueClient("dead", endpoint=sys.argv[1]), folder=Path(sys.argv[2])).close()
"""


@pytest.mark.parametrize(
    ("letters", "kills"), [(400, 2), pytest.param(5000, 50, marks=(pytest.mark.slow, pytest.mark.crash))], ids=str
)
def test_pulls_that_are_killed_lose_no_letter_and_the_next_one_goes_on(
    fc: LocalFC, dead: QueueClient, tmp_path: Path, letters: int, kills: int
) -> None:
    """Each is killed when the queue has fallen to a number of letters that chance chooses."""
    random = Random(1)  # noqa: S311 - chance that repeats
    ids = fill(dead, letters)
    for _ in range(kills):
        with subprocess.Popen(
            [sys.executable, "-c", KILLED, fc.endpoint, str(tmp_path)], stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            threading.Event().wait(random.uniform(0.0, 0.4))
            process.kill()
        fc.advance(31)
        rows = list_spools(tmp_path)
        assert sum(row.count("held") for row in rows) + total(dead) >= letters
    with pull(dead, folder=tmp_path) as spool:
        assert sorted(held(spool)) == sorted(ids)
    assert total(dead) == 0
    assert sum(1 for row in list_spools(tmp_path) if row.count("held")) == 1


# going back


BODIES = {
    "plain": "no record",
    "emoji": "\U0001f600 \u4f60\u597d",
    "line ends": "a\r\nb\rc\n\td ",
    "markup": "<a>&amp;]]></a>",
    "largest": "x" * 65536,
    "record": record().text,
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_what_goes_back_is_what_was_there(fc: LocalFC, dead: QueueClient, tmp_path: Path, body: str) -> None:
    sent = QueueMessage(
        "",
        body,
        priority=3,
        message_group_id="g-1",
        user_properties={"text": " a\r<b>", "number": "7", "raw": "AAEC"},
        user_property_types={"text": "STRING", "number": "NUMBER", "raw": "BINARY"},
    )
    dead.send_batch([sent])
    with new_spool(tmp_path / "a.spool") as spool:
        quick(dead, spool, fc)
        assert push(spool, dead).returned == 1
    (back,) = dead.peek()
    assert back.message_body == body
    assert (back.priority, back.message_group_id) == (3, "g-1")
    assert back.user_properties == sent.user_properties
    assert back.user_property_types == sent.user_property_types


def test_what_xml_cannot_carry_stays_with_the_reason(fc: LocalFC, dead: QueueClient, tmp_path: Path) -> None:
    with new_spool(tmp_path / "a.spool") as spool:
        spool.take([QueueMessage("m-1", "a\x01b"), QueueMessage("m-2", "fine"), QueueMessage("m-3", "")])
        result = push(spool, dead)
        assert result.returned == 1
        assert [ids for reason, ids in result.samples.items() if "XML cannot carry" in reason] == [["m-1"]]
        assert spool.counts() == {"held": 2, "returned": 1}


def test_two_pushes_return_nothing_twice(fc: LocalFC, dead: QueueClient, tmp_path: Path) -> None:
    ids = fill(dead)
    with new_spool(tmp_path / "a.spool") as spool:
        quick(dead, spool, fc)
        assert push(spool, dead).returned == LETTERS
        assert push(spool, dead).returned == 0
    assert Counter(one["requestContext"]["requestId"] for one in wires(fc)) == Counter(ids)


def test_what_goes_back_can_be_pulled_again_into_the_same_spool(fc: LocalFC, dead: QueueClient, tmp_path: Path) -> None:
    fill(dead)
    with new_spool(tmp_path / "a.spool") as spool:
        quick(dead, spool, fc)
        push(spool, dead)
        quick(dead, spool, fc)
        assert spool.counts() == {"held": LETTERS, "returned": LETTERS}


class Died(BaseException):
    """The process dies here."""


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_push_that_dies_around_a_send_is_gone_on_with_and_says_what_may_be_there_twice(
    fc: LocalFC, dead: QueueClient, tmp_path: Path, when: str
) -> None:
    ids = fill(dead)

    class Client(QueueClient):
        def send_batch(self, messages: Any) -> Any:
            if when == "after":
                super().send_batch(messages)
            raise Died

    with new_spool(tmp_path / "a.spool") as spool, Client("dead", endpoint=fc.endpoint) as client:
        quick(dead, spool, fc)
        with pytest.raises(Died):
            push(spool, client)
        assert sum(entry.reason == BEGUN for entry in spool.entries()) == 16
        result = push(spool, dead)
        assert (result.returned, result.twice) == (LETTERS, 16)
    seen = Counter(one["requestContext"]["requestId"] for one in wires(fc))
    assert set(seen) == set(ids)
    assert seen.total() == LETTERS + (16 if when == "after" else 0)


def test_what_may_be_there_is_told_of_also_where_the_push_was_refused_after_that(
    fc: LocalFC, dead: QueueClient, tmp_path: Path
) -> None:
    """The answer to the first call is lost; the second is refused for good."""
    fill(dead, 3)
    with new_spool(tmp_path / "a.spool") as spool:
        quick(dead, spool, fc)
        fc.fault("SendMessage", times=1, drop="after")
        fc.fault("SendMessage", times=1, after=1, status=403)
        with pytest.raises(ServiceError, match="403"):
            push(spool, dead)
        assert total(dead) == 3
        assert push(spool, dead).twice == 3
    assert total(dead) == 6


def test_a_push_that_is_stopped_while_the_last_letters_wait_says_so(
    fc: LocalFC, dead: QueueClient, tmp_path: Path
) -> None:
    stop = threading.Event()

    class Client(QueueClient):
        def send_batch(self, messages: Any) -> Any:
            stop.set()
            return super().send_batch(messages)

    fill(dead, 3)
    with new_spool(tmp_path / "a.spool") as spool, Client("dead", endpoint=fc.endpoint) as client:
        quick(dead, spool, fc)
        fc.fault("SendMessage", times=1, status=503)
        result = push(spool, client, stopping=stop)
        assert (result.returned, result.reason) == (0, "it was stopped")


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_of_a_send_costs_no_letter(
    fc: LocalFC, dead: QueueClient, tmp_path: Path, fault: dict[str, Any]
) -> None:
    ids = fill(dead)
    with new_spool(tmp_path / "a.spool") as spool:
        quick(dead, spool, fc)
        fc.fault("SendMessage", times=1, **fault)
        result = push(spool, dead)
        assert (result.returned, result.stayed, spool.counts()) == (LETTERS, {}, {"returned": LETTERS})
    seen = Counter(one["requestContext"]["requestId"] for one in wires(fc))
    assert set(seen) == set(ids)
    assert seen.total() - LETTERS <= result.twice


def test_a_letter_that_the_queue_does_not_take_costs_itself(fc: LocalFC, dead: QueueClient, tmp_path: Path) -> None:
    small = fc.queue("small")
    small.create(maximum_message_size=1024, update=True)
    fill(dead, 3)
    dead.send("x" * 2000)
    with new_spool(tmp_path / "a.spool") as spool:
        quick(dead, spool, fc)
        result = push(spool, small)
        assert result.returned == 3
        ((reason, count),) = result.stayed.items()
        assert ("the queue does not take it" in reason, count) == (True, 1)
        assert spool.counts() == {"held": 1, "returned": 3}


def test_what_is_planned_stays(fc: LocalFC, dead: QueueClient, tmp_path: Path) -> None:
    fill(dead, 2)
    with new_spool(tmp_path / "a.spool") as spool:
        quick(dead, spool, fc)
        first = next(spool.entries())
        spool.plan(spool.letter(first.number), "main", None)
        result = push(spool, dead)
        assert (result.returned, list(result.samples.values())) == (1, [[first.fields.message_id]])


def test_a_push_of_a_redrives_journal_counts_nothing_that_is_in_the_queue_still(
    fc: LocalFC, dead: QueueClient, tmp_path: Path
) -> None:
    with new_spool(tmp_path / "a.spool") as spool:
        spool.plan(Letter.of(QueueMessage("m-1", record().text)), "main", None)
        result = push(spool, dead)
        assert (result.returned, result.stayed) == (0, {})


# spools that cannot be used


def test_a_spool_of_another_account_region_or_kind_of_service_is_refused(
    fc: LocalFC, dead: QueueClient, tmp_path: Path
) -> None:
    places = ({"account_id": "9"}, {"region": "cn-shanghai"}, {"endpoint": "https://1.mns.cn-hangzhou.aliyuncs.com"})
    for number, changes in enumerate(places):
        with (
            new_spool(tmp_path / f"{number}.spool", **changes) as spool,
            pytest.raises(SpoolError, match="holds letters"),
        ):
            push(spool, dead)


def test_a_pull_refuses_a_file_that_is_no_spool_of_a_pull_of_this_queue(
    fc: LocalFC, dead: QueueClient, tmp_path: Path
) -> None:
    foreign, journal, elsewhere, damaged = (
        tmp_path / f"{name}.spool" for name in ("foreign", "journal", "open", "bad")
    )
    foreign.write_text("hello" * 1000)
    with new_spool(journal) as redriven:
        redriven.leave(Letter.of(QueueMessage("m-1", "left")), State.LEFT, "why")
    other = new_spool(tmp_path / "other.spool", queue="other")
    other.note_pull("ended")
    other.close()
    new_spool(damaged).close()
    damaged.write_bytes(damaged.read_bytes()[:2000])
    for path in (foreign, damaged):
        with pytest.raises(SpoolError):
            pull(dead, path)
    with pytest.raises(SpoolError, match="journal of a redrive"):
        pull(dead, journal)
    with pytest.raises(SpoolError, match="of the queue other"):
        pull(dead, tmp_path / "other.spool")
    with new_spool(elsewhere), pytest.raises(SpoolError, match="is open elsewhere"):
        pull(dead, elsewhere)


def test_a_file_of_a_pull_that_was_killed_before_its_first_letter_is_gone_on_with(
    fc: LocalFC, dead: QueueClient, tmp_path: Path
) -> None:
    new_spool(tmp_path / "a.spool").close()
    fill(dead, 3)
    with pull(dead, tmp_path / "a.spool", folder=tmp_path) as spool:
        assert spool.counts() == {"held": 3}


def test_a_folder_of_spools_that_cannot_be_used_is_said_before_anything_is_taken(
    fc: LocalFC, dead: QueueClient, tmp_path: Path
) -> None:
    fill(dead, 3)
    (tmp_path / "file").write_text("no folder")
    for path in (tmp_path / "a.spool", None):
        with pytest.raises(SpoolError, match=r"cannot be used \(Not a directory\); XDG_STATE_HOME|can be made here"):
            pull(dead, path, folder=tmp_path / "file" / "spools")
    assert not (tmp_path / "a.spool").exists()
    assert dead.get_attributes().active_messages == 3


def test_a_link_that_leads_to_itself_among_the_spools_costs_only_itself(
    fc: LocalFC, dead: QueueClient, tmp_path: Path
) -> None:
    (tmp_path / "loop.spool").symlink_to(tmp_path / "loop.spool")
    new_spool(tmp_path / "a.spool").close()
    bad, good = sorted(list_spools(tmp_path), key=lambda row: row.problem is None)
    assert (bad.problem is None, good.place is not None) == (False, True)
    assert warning_of(tmp_path / "loop.spool", tmp_path / "none") is None
    fill(dead, 3)
    with pull(dead, tmp_path / "b.spool", folder=tmp_path) as spool:
        assert spool.counts() == {"held": 3}


def test_a_folder_that_may_not_be_listed_is_said(tmp_path: Path) -> None:
    assert list_spools(tmp_path / "none") == []
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(SpoolError, match=r"cannot be listed \(Not a directory\)"):
        list_spools(tmp_path / "file")

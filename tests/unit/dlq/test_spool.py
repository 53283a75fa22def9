"""Spool: what was stored is there, once, in order, however many; what cannot be used is refused in a sentence."""

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from fc_async import SpoolError
from fc_async.dlq.entry import OPEN, SENT, State
from fc_async.dlq.identity import identity
from fc_async.dlq.spool import Spool
from fc_async.dlq.spool_place import SpoolPlace
from fc_async.dlq.where import parse_where
from fc_async.mns.letter import Letter
from fc_async.mns.message import QueueMessage
from fc_async.testing import record

PLACE = SpoolPlace("1", "cn-hangzhou", "dead", "https://mns.example")


def message(number, body=None, **fields):
    text = record({"n": number}, function="orders", error="no", request_id=f"r-{number}").text if body is None else body
    return QueueMessage(f"m-{number}", text, **fields)


def letter(number, body=None, **fields):
    return Letter.of(message(number, body, **fields))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "a spool?#.spool"


@pytest.fixture
def spool(path):
    with Spool.create(path, PLACE, clock=lambda: 7.0) as one:
        yield one


def states(spool):
    return [(entry.number, entry.state.value) for entry in spool.entries()]


def test_only_its_owner_may_read_it(spool, path):
    found = [stat.S_IMODE(os.stat(one).st_mode) for one in path.parent.iterdir()]
    assert set(found) == {0o600}
    assert stat.S_IMODE(os.stat(path.parent).st_mode) == 0o700


def test_what_is_taken_into_custody_comes_back_whole(spool, path):
    taken = message(
        1,
        'no "record" \u4e2d\r\n\x01\ud7ff\U0001f600',
        priority=3,
        enqueue_time=5,
        first_dequeue_time=6,
        dequeue_count=2,
        message_body_md5="x",
        user_properties={"a": "1"},
    )
    assert spool.take([taken, message(2)]) == 2
    spool.close()
    with Spool(path) as again:
        assert [one.message for one in again.letters()] == [taken, message(2)]
        assert (again.place, again.created_ms) == (PLACE, 7000)
        assert {entry.state for entry in again.entries()} == {State.HELD}
        assert all(entry.is_custody for entry in again.entries())


def test_a_message_whose_delete_failed_is_not_taken_twice_and_one_that_was_given_back_is(spool):
    assert spool.take([message(1), message(2)]) == 2
    assert spool.take([message(1), message(3)]) == 1
    spool.note(1, State.RETURNED)
    assert spool.take([message(1)]) == 1
    assert spool.counts() == {"held": 3, "returned": 1}


def test_a_plan_stands_with_its_task_id_before_the_call_and_the_first_one_wins(spool):
    one = spool.plan(letter(1), "orders", "fcr-1")
    assert (one.state, one.target, one.task_id, one.changed_ms, one.is_custody) == (
        State.PLANNED,
        "orders",
        "fcr-1",
        7000,
        False,
    )
    assert spool.plan(letter(1), "orders", "fcr-2").task_id == "fcr-1"
    assert spool.plan(letter(1), "other", "fcr-3").task_id == "fcr-3"
    assert spool.plan(letter(1), "other", "fcr-4", generation=1).task_id == "fcr-4"
    assert spool.counts() == {"planned": 1}


def test_a_plan_of_a_letter_in_custody_leaves_it_there(spool):
    spool.take([message(1)])
    assert spool.plan(letter(1), "orders", None).is_custody


def test_an_acceptance_is_found_by_identity_and_by_its_request_id(spool):
    entry = spool.plan(letter(1), "orders", None)
    assert spool.find(entry.identity).state is State.PLANNED
    spool.note(entry.number, State.ACCEPTED, new_request_id="new")
    spool.leave(letter(2), State.LEFT, "why")
    assert spool.find(identity(letter(1))).new_request_id == "new"
    assert spool.find_request("new").number == entry.number
    assert spool.find_message("m-2").reason == "why"
    assert (spool.find("nothing"), spool.find_request("nothing"), spool.find_message("nothing")) == (None, None, None)


def test_an_acceptance_is_found_before_a_later_letter_that_is_one_with_it(spool):
    first = spool.plan(letter(1), "orders", None)
    spool.note(first.number, State.ACCEPTED, new_request_id="new")
    twin = Letter.of(QueueMessage("twin", message(1).message_body))
    spool.leave(twin, State.LEFT, "why")
    assert spool.find(first.identity).number == first.number


def test_a_letter_is_left_once_with_its_last_reason_and_what_was_sent_stays_sent(spool):
    spool.leave(letter(1), State.LEFT, "one")
    spool.leave(letter(1), State.LEFT, "two")
    spool.take([message(2)])
    spool.leave(letter(2), State.LEFT, "three")
    sent = spool.plan(letter(3), "orders", None)
    spool.note(sent.number, State.ACCEPTED, new_request_id="new")
    spool.leave(letter(3), State.LEFT, "four")
    assert [(entry.state.value, entry.reason) for entry in spool.entries()] == [
        ("left", "two"),
        ("left", "three"),
        ("accepted", None),
    ]


def test_entries_come_in_pages_in_the_order_of_their_coming_also_while_they_change(spool):
    for start in range(0, 1200, 100):
        spool.take([message(n) for n in range(start, start + 100)])
    seen = []
    for entry in spool.entries(states=OPEN):
        seen.append(entry.number)
        if entry.number % 100 == 0:
            spool.note_all([(entry.number + 1, State.LEFT, None, "why"), (entry.number, State.DONE, None, None)])
    assert seen == list(range(1, 1201))
    assert [entry.number for entry in spool.entries(states=SENT)] == list(range(100, 1201, 100))
    assert list(spool.entries(states=())) == []


def test_entries_are_selected_and_a_page_without_any_is_passed_over(spool):
    spool.take([message(n) for n in range(600)])
    where = parse_where(["id=r-599"], 0)
    assert [entry.fields.request_id for entry in spool.entries(where)] == ["r-599"]
    assert [one.record.request_id for one in spool.letters(where)] == ["r-599"]


def test_bodies_that_are_forgotten_are_gone_and_the_rest_is_known(spool, path):
    spool.take([message(1, "no record with a secret"), message(2)])
    spool.forget_bodies([1])
    assert spool.letter(1).message.message_body == ""
    assert spool.letter(2).message.message_body == message(2).message_body
    assert spool.counts() == {"held": 2}


def test_a_number_that_there_is_not_is_refused(spool):
    with pytest.raises(SpoolError, match="has no letter 9"):
        spool.letter(9)


def test_it_is_written_by_one_process_and_looked_at_by_any(spool, path):
    spool.take([message(1)])
    with pytest.raises(SpoolError, match=f"is open elsewhere \\(process {os.getpid()}\\)"):
        Spool(path)
    with Spool(path, read_only=True) as looker:
        spool.take([message(2)])
        assert looker.counts() == {"held": 2}
        with pytest.raises(SpoolError, match="was opened to look at only"):
            looker.take([message(3)])
    spool.close()
    with Spool(path) as again:
        assert again.counts() == {"held": 2}
    with Spool(path, read_only=True) as looker:  # whose writer has gone with its journal
        assert looker.counts() == {"held": 2}


def test_what_a_killed_process_has_stored_is_there_and_its_lock_is_not(path):
    code = (
        "import os, sys; from pathlib import Path; from fc_async.dlq.spool import Spool; "
        "from fc_async.dlq.spool_place import SpoolPlace; from fc_async.mns.message import QueueMessage; "
        "s = Spool.create(Path(sys.argv[1]), SpoolPlace('1', 'r', 'q', '')); "
        "s.take([QueueMessage('m', 'body')]); os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode == -9
    with Spool(path, read_only=True) as looker:
        assert looker.counts() == {"held": 1}
    with Spool(path) as again:
        assert again.counts() == {"held": 1}


def test_threads_that_write_at_once_share_it(spool):
    threads = [threading.Thread(target=lambda n=n: spool.plan(letter(n), "orders", f"t-{n}")) for n in range(40)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert {entry.task_id for entry in spool.entries()} == {f"t-{n}" for n in range(40)}


def test_there_is_no_such_spool(tmp_path):
    with pytest.raises(SpoolError, match="there is no such spool; `fc-async dlq spools` lists"):
        Spool(tmp_path / "none.spool")
    assert list(tmp_path.iterdir()) == []


def test_one_that_is_there_is_not_made_again(spool, path):
    with pytest.raises(SpoolError, match="is there already; name another file, or go on with it"):
        Spool.create(path, PLACE)


@pytest.mark.parametrize("parent", ["/proc/nowhere", "/dev/null"])
def test_where_none_can_be_made_is_said(parent):
    from pathlib import Path

    with pytest.raises(SpoolError, match=r"no spool can be made here \(.+\); name another file with --spool, or"):
        Spool.create(Path(parent) / "a.spool", PLACE)


def changed(path, statement):
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement)
    connection.close()


DAMAGES = {
    "text": (lambda path: path.write_text("no spool " * 1000), "cannot be read, it may be damaged"),
    "empty": (lambda path: path.write_text(""), "is no spool"),
    "another database": (lambda path: changed(path, "PRAGMA application_id = 1"), "is no spool"),
    "another version": (lambda path: changed(path, "PRAGMA user_version = 99"), "another version of fc_async"),
    "nothing in it": (lambda path: changed(path, "DELETE FROM meta"), "may be damaged"),
    "no tables": (lambda path: changed(path, "DROP TABLE meta"), "may be damaged"),
    "cut": (lambda path: os.truncate(path, 5000), "may be damaged"),
}


@pytest.mark.parametrize("read_only", [True, False])
@pytest.mark.parametrize(("damage", "said"), DAMAGES.values(), ids=DAMAGES)
def test_what_is_no_spool_is_refused_and_left_as_it_is(spool, path, damage, said, read_only):
    spool.close()
    damage(path)
    before = path.read_bytes()
    with pytest.raises(SpoolError, match=said):
        Spool(path, read_only=read_only)
    assert path.read_bytes() == before


def test_an_entry_that_is_damaged_is_said(spool, path):
    spool.take([message(1)])
    spool.close()
    changed(path, "UPDATE letter SET fields = 'x'")
    with Spool(path) as again, pytest.raises(SpoolError, match="damaged"):
        list(again.entries())
    changed(path, "UPDATE letter SET message = 'x'")
    with Spool(path) as again, pytest.raises(SpoolError, match="damaged"):
        again.letter(1)


@pytest.mark.parametrize("kind", ["folder", "pipe", "long name"])
def test_what_can_be_no_spool_is_refused_in_a_sentence(tmp_path, kind):
    path = tmp_path / ("a" * 300 if kind == "long name" else "a.spool")
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    with pytest.raises(SpoolError, match=r"cannot be opened|is no spool, and no file"):
        Spool(path)
    with pytest.raises(SpoolError, match=r"no spool can be made here|is there already"):
        Spool.create(path, PLACE)


def test_a_spool_below_a_file_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SpoolError, match="there is no such spool"):
        Spool(tmp_path / "file" / "a.spool")
    with pytest.raises(SpoolError, match="no spool can be made here"):
        Spool.create(tmp_path / "file" / "a.spool", PLACE)


def test_what_a_forgotten_letter_said_is_in_the_file_no_more(spool, path):
    text = record({"n": 1}, error=ValueError("the SECRET card"), request_id="r-1").text
    spool.take([QueueMessage("m-1", text, user_properties={"k": "SECRET"})])
    spool.forget_bodies([1])
    [entry] = spool.entries()
    assert (entry.fields.request_id, entry.fields.error_type, entry.fields.message) == ("r-1", "ValueError", None)
    assert not spool.letter(1).message.user_properties
    spool.close()
    assert b"SECRET" not in path.read_bytes()


def test_what_is_around_a_letter_is_known_of_a_new_spool_and_of_one_that_was_there(path):
    again = letter(9, body=record({"n": 9}, function="orders", error="no", request_id="new").text)
    with Spool.create(path, PLACE) as spool:
        assert spool.around(letter(1), identity(letter(1))).message is None
        entry = spool.plan(letter(1), "orders", None)
        assert spool.around(letter(1), identity(letter(1))).message == entry
        spool.note(entry.number, State.ACCEPTED, new_request_id="new")
        found = spool.around(letter(1), identity(letter(1))), spool.around(again, identity(again))
        assert found[0].accepted is not None
        assert found[1].is_own
    with Spool(path) as reopened:
        assert (reopened.around(letter(1), identity(letter(1))), reopened.around(again, identity(again))) == found


def test_letters_that_many_threads_plan_and_note_are_each_what_they_were_noted_as(spool):
    def work(number):
        entry = spool.plan(letter(number), "orders", f"t-{number}")
        spool.note(entry.number, State.ACCEPTED, new_request_id=f"new-{number}")

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(200)))
    found = {entry.fields.request_id: (entry.task_id, entry.new_request_id) for entry in spool.entries()}
    assert found == {f"r-{number}": (f"t-{number}", f"new-{number}") for number in range(200)}
    assert spool.counts() == {"accepted": 200}

"""Rows of a spool: many at once become what each by itself would have become, and each change has its line."""

import sqlite3

import pytest

from fc_async.dlq.spool_file import make_spool
from fc_async.dlq.spool_place import SpoolPlace
from fc_async.dlq.spool_rows import note_each, plan_each

TEXTS = ["plain", "\u8ba2\u5355 \U0001f600", 'a "quote" \\ and \r\n\t\x01', "cut\0here", "\\u0000", ""]


@pytest.fixture
def connection(tmp_path):
    make_spool(tmp_path / "a.spool", SpoolPlace("1", "r", "q", ""), 0)
    one = sqlite3.connect(tmp_path / "a.spool", isolation_level=None)
    yield one
    one.close()


def row(number, text="x", **changes):
    return {
        "state": "planned",
        "is_custody": 0,
        "identity": f"i{number}",
        "message_id": f"m{number}",
        "request_id": text,
        "target": text,
        "task_id": None,
        "new_request_id": None,
        "reason": None,
        "changed_ms": number,
        "generation": 0,
        "fields": text,
        "message": text,
        "body": text,
        **changes,
    }


def stored(connection):
    return connection.execute(
        "SELECT number, state, identity, message_id, request_id, target, task_id, new_request_id, reason, changed_ms,"
        " body, is_custody FROM letter ORDER BY number"
    ).fetchall()


def journal(connection):
    return connection.execute("SELECT letter, at_ms, state, detail FROM step ORDER BY number").fetchall()


@pytest.mark.parametrize("place", range(len(TEXTS)))
def test_what_is_planned_together_is_stored_as_each_by_itself(connection, tmp_path, place):
    rows = [row(1), row(2, TEXTS[place]), row(3, task_id="t")]
    assert plan_each(connection, rows) == [(1, True), (2, True), (3, True)]
    together = stored(connection), journal(connection)
    connection.executescript("DELETE FROM letter; DELETE FROM step;")
    assert [plan_each(connection, [one]) for one in rows] == [[(1, True)], [(2, True)], [(3, True)]]
    assert (stored(connection), journal(connection)) == together
    assert stored(connection)[1][4] == TEXTS[place]


def test_what_is_there_keeps_its_task_id_and_its_number_among_new_ones(connection):
    plan_each(connection, [row(1, task_id="first")])
    found = plan_each(connection, [row(2), row(1, task_id="second"), row(3)])
    assert sorted(number for number, _ in found) == [1, 2, 3]
    assert found[1] == (1, False)
    assert [(one[3], one[6]) for one in stored(connection)] == [("m1", "first"), ("m2", None), ("m3", None)]


def test_planned_for_another_target_or_once_more_on_purpose_it_has_the_new_task_id(connection):
    plan_each(connection, [row(1, task_id="first")])
    plan_each(connection, [row(1, task_id="second", generation=1)])
    assert stored(connection)[0][6] == "second"


@pytest.mark.parametrize("place", range(len(TEXTS)))
def test_what_is_noted_together_is_stored_as_each_by_itself(connection, place):
    plan_each(connection, [row(1), row(2), row(3)])
    notes = [(1, "accepted", None, 7, "new"), (3, "left", TEXTS[place], 8, None)]
    assert note_each(connection, notes) == [None, None]
    assert [(one[0], one[1], one[7], one[8], one[9]) for one in stored(connection)] == [
        (1, "accepted", "new", None, 7),
        (2, "planned", None, None, 2),
        (3, "left", None, TEXTS[place], 8),
    ]
    for later in ([(1, "done", None, 9, None)], [(1, "done", None, 9, None), (2, "left", "why", 9, None)]):
        note_each(connection, later)
        assert stored(connection)[0][7] == "new"


def test_each_change_has_a_line_in_the_journal(connection):
    plan_each(connection, [row(1, task_id="t"), row(2)])
    note_each(connection, [(1, "accepted", None, 7, "new"), (2, "left", "why", 8, None)])
    note_each(connection, [(2, "returned", None, 9, None)])
    assert journal(connection) == [
        *((1, 1, "planned", "t"), (2, 2, "planned", None)),
        *((1, 7, "accepted", "new"), (2, 8, "left", "why"), (2, 9, "returned", None)),
    ]

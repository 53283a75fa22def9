"""Writer: what is written together is on disk together, and after a failure nothing more is written."""

import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from fc_async import SpoolError
from fc_async.dlq.spool_file import make_spool
from fc_async.dlq.spool_place import SpoolPlace
from fc_async.dlq.writer import Writer


@pytest.fixture
def path(tmp_path):
    found = tmp_path / "a.spool"
    make_spool(found, SpoolPlace("1", "r", "q", ""), 0)
    return found


@pytest.fixture
def writer(path):
    one = Writer(path)
    yield one
    one.close()


def add(key):
    return lambda connection: connection.execute("INSERT INTO meta VALUES (?, '')", (key,))


def keys(path):
    connection = sqlite3.connect(path)
    found = [key for (key,) in connection.execute("SELECT key FROM meta WHERE value = '' AND key LIKE 'k%'")]
    connection.close()
    return found


def test_what_is_written_is_seen_by_others_when_it_returns(writer, path):
    writer.write(add("k"))
    assert keys(path) == ["k"]


def test_what_is_asked_for_meanwhile_shares_one_commit(writer, path):
    """While one commit is made others queue up: the next one is theirs together, and each sees the ones before it."""
    begun, go_on, rows = threading.Event(), threading.Event(), []

    def slow(_):
        begun.set()
        go_on.wait(60)

    def count(connection):
        add(f"k{len(rows)}")(connection)
        (there,) = connection.execute("SELECT count(*) FROM meta WHERE key LIKE 'k%'").fetchone()
        rows.append((there, len(keys(path))))

    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(writer.write, slow)
        begun.wait(60)
        others = [pool.submit(writer.write, count) for _ in range(7)]
        while sum(one.running() for one in others) < 7:
            time.sleep(0)
        time.sleep(0.02)  # from "it runs" to "it has asked"; too short costs the test its point, not its truth
        go_on.set()
        for one in (first, *others):
            one.result(60)
    assert [there for there, _ in rows] == [1, 2, 3, 4, 5, 6, 7]
    assert {on_disk for _, on_disk in rows} != {0, 1, 2, 3, 4, 5, 6}
    assert len(keys(path)) == 7


def test_after_a_failure_nothing_more_is_written(writer, path):
    writer.write(add("k1"))
    for work in (add("k1"), add("k2")):
        with pytest.raises(SpoolError, match="cannot be written"):
            writer.write(work)
    assert keys(path) == ["k1"]


@pytest.mark.parametrize("error", [ValueError("secret"), KeyError("secret"), MemoryError()], ids=repr)
def test_a_fault_of_ours_fails_the_write_without_its_words(writer, path, error):
    def work(connection):
        add("k1")(connection)
        raise error

    with pytest.raises(SpoolError) as caught:
        writer.write(work)
    assert "secret" not in str(caught.value)
    assert keys(path) == []


@pytest.mark.parametrize("how", ["taken away", "replaced"])
def test_a_file_that_is_not_the_same_is_written_no_more(writer, path, how):
    path.rename(path.with_name("elsewhere"))
    if how == "replaced":
        make_spool(path, SpoolPlace("1", "r", "q", ""), 0)
    with pytest.raises(SpoolError, match="the file was taken away; nothing was done after that"):
        writer.write(add("k"))
    assert keys(path.with_name("elsewhere")) == []


def test_a_full_disk_is_said(writer, path):
    (pages,) = writer.write(lambda connection: connection.execute("PRAGMA page_count").fetchone())
    writer.write(lambda connection: connection.execute(f"PRAGMA max_page_count = {pages}").fetchone())
    with pytest.raises(SpoolError, match="database or disk is full"):
        writer.write(lambda connection: connection.execute("INSERT INTO meta VALUES ('k', ?)", ("x" * 100_000,)))


def test_what_was_asked_for_is_written_before_it_is_closed_and_nothing_after(path):
    writer = Writer(path)
    writer.write(add("k"))
    writer.close()
    writer.close()
    with pytest.raises(SpoolError, match="is closed"):
        writer.write(add("k2"))
    assert keys(path) == ["k"]

"""Writer: what is written together is on disk together, and after a failure nothing more is written."""

import sqlite3
import threading

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
    """While one commit is made, others queue; they see each other before any is acknowledged."""
    begun, go_on, seen = threading.Event(), threading.Event(), []

    def slow(connection):
        begun.set()
        go_on.wait(60)
        seen.append(keys(path))

    def count(connection):
        seen.append((connection.in_transaction, connection.total_changes, len(keys(path))))
        add(f"k{len(seen)}")(connection)

    first = threading.Thread(target=writer.write, args=(slow,))
    first.start()
    begun.wait(60)
    threads = [threading.Thread(target=writer.write, args=(count,)) for _ in range(5)]
    for one in threads:
        one.start()
    while writer.pending < 5:
        pass
    go_on.set()
    for one in (first, *threads):
        one.join(60)
    assert [on_disk for _, _, on_disk in seen[1:]] == [0] * 5
    assert len(keys(path)) == 5


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
    with pytest.raises(SpoolError, match="the file was taken away; nothing was deleted after that"):
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

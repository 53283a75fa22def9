"""The log on stderr: written in order, never waited for, and what nobody could write is counted."""

from __future__ import annotations

import logging
import os
import threading
import tracemalloc
from pathlib import Path

import pytest

from fc_async.local.up.log import PLAIN, SafeFormatter, StderrLog


def record(text: str) -> logging.LogRecord:
    return logging.LogRecord("n", logging.INFO, "f", 1, text, (), None)


def read_all(descriptor: int) -> str:
    with open(descriptor, encoding="utf-8") as stream:
        return stream.read()


def test_what_was_logged_is_written_in_order_when_it_is_closed_also_twice() -> None:
    reads, writes = os.pipe()
    log = StderrLog(writes)
    for number in range(500):
        log.handle(record(f"{number} \ud800"))
    log.close()
    log.close()
    os.close(writes)
    assert read_all(reads).splitlines() == [f"{number} \\ud800" for number in range(500)]


@pytest.mark.parametrize("is_blocking", [True, False])
def test_what_nobody_reads_is_dropped_and_counted_and_holds_nobody_up(is_blocking: bool) -> None:
    reads, writes = os.pipe()
    os.set_blocking(writes, is_blocking)
    log = StderrLog(writes)
    for _ in range(30_000):
        log.handle(record("x" * 99))
    log.close()
    with open(reads, encoding="utf-8") as stream:
        lines = iter(stream)
        kept = sum(1 for _ in iter(lambda: next(lines).startswith("x"), False))
        log.close()
    os.close(writes)
    assert 10_000 <= kept < 30_000


def test_a_reader_that_is_gone_harms_nobody() -> None:
    reads, writes = os.pipe()
    os.close(reads)
    log = StderrLog(writes)
    for _ in range(1000):
        log.handle(record("x"))
    log.close()
    os.close(writes)


def test_what_would_turn_text_round_in_a_terminal_is_escaped_and_other_letters_are_not() -> None:
    text = "a\u202eb\u2066c\u200fd\u2028e\u061cf\t\u540d\u00a0g"
    shown = SafeFormatter("%(message)s").format(record(text))
    assert shown == "a\\u202eb\\u2066c\\u200fd\\u2028e\\u061cf\t\u540d\u00a0g"


def test_a_plain_line_has_no_time_before_it_and_another_has() -> None:
    plain, other = record("ready"), record("x")
    vars(plain).update(PLAIN)
    assert SafeFormatter().format(plain) == "ready"
    assert SafeFormatter().format(other).endswith(" x")


def test_long_lines_that_nobody_reads_are_dropped_by_their_size() -> None:
    reads, writes = os.pipe()
    log = StderrLog(writes)
    for _ in range(3000):
        log.handle(logging.LogRecord("n", logging.INFO, "f", 1, "%s", ("x" * 8192,), None))
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(read_all(reads)))
    reader.start()
    log.close()
    os.close(writes)
    reader.join()
    lines = read[0].splitlines()
    assert 900 <= len(lines) < 2000
    assert lines[-1].endswith("lines dropped: stderr was not read as fast as the log was written")


def test_a_record_that_cannot_be_put_into_words_is_named_and_ends_no_log() -> None:
    reads, writes = os.pipe()
    log = StderrLog(writes)
    log.handle(logging.LogRecord("aiohttp", logging.INFO, "f", 1, "%d of %s", ("x",), None))
    log.handle(record("next"))
    log.close()
    os.close(writes)
    assert read_all(reads).splitlines() == ["aiohttp: a line could not be put into words (TypeError)", "next"]


def test_the_text_of_an_exception_is_escaped_line_by_line() -> None:
    try:
        raise ValueError("no\u202e\x1b[2J\rthen")
    except ValueError as error:
        failed = logging.LogRecord("n", logging.ERROR, "f", 1, "failed", (), (ValueError, error, error.__traceback__))
    first, *traceback, last = SafeFormatter("%(message)s").format(failed).split("\n")
    assert (first, traceback[0]) == ("failed", "Traceback (most recent call last):")
    assert last == "ValueError: no\\u202e\\x1b[2J\\x0dthen"


def test_a_flood_loses_no_line_where_they_are_taken_at_once(tmp_path: Path) -> None:
    path = tmp_path / "log"
    records = [record(str(number)) for number in range(40_000)]
    with path.open("wb") as file:
        log = StderrLog(file.fileno())
        for one in records:
            log.handle(one)
        log.close()
    assert path.read_text().splitlines() == list(map(str, range(40_000)))


def test_long_lines_are_written_a_few_at_a_time(tmp_path: Path) -> None:
    long = [logging.LogRecord("n", logging.INFO, "f", 1, "%s", ("x" * 8192,), None) for _ in range(800)]
    with (tmp_path / "log").open("wb") as file:
        log = StderrLog(file.fileno())
        tracemalloc.start()
        try:
            for one in long:
                log.handle(one)
            log.close()
            assert tracemalloc.get_traced_memory()[1] < 4_000_000
        finally:
            tracemalloc.stop()
    assert (tmp_path / "log").stat().st_size == 800 * 8193

"""Five minutes of broken records: `python -m tests.fuzz.records` (FUZZ_SECONDS, FUZZ_SEED).

Half of the time goes to mutations of the golden files that keep to the structure (envelopes are put on afterwards, so
that the damage reaches every layer), the other half, where atheris is installed (dependency group `fuzz`), to its
coverage-guided search. Whatever comes in, the promises of `check` must hold.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fc_async import InvocationRecord, RecordError, iter_records, parse_record, parse_records
from fc_async.records import envelope
from tests.roads import ROADS

GOLDEN = Path(__file__).parents[1] / "golden/records"
SEEDS = [path.read_bytes() for path in sorted(GOLDEN.iterdir())]
TOKENS = [
    b"null", b"true", b"-0", b"1e400", b"NaN", b"9" * 21, b"1660120276975", b'""', b"{}", b"[]", b"[" * 70,
    b"{\"a\":" * 70,     b"\\ud800", b"\\ud83d\\ude00", b"\\\\ud800", b"\\\"", b"\xff", b"\xed\xa0\x80",
    b"\x00", b" \n", b"=", b"==", b"dGVzdA==",     b"<!DOCTYPE a>", b"&a;", b"&#x0;", b"]]>", b"<![CDATA[",
    b"</Message>", b"\"Message\":", b"\"TopicName\":", b"\"body\":",     b"\"attrs\":", b"\"specversion\":",
    b"\"data\":", b"\"messageBody\":", b"\"requestContext\":",
    b"\"timestamp\":",     b"2020-08-20T12:00:00.000Z", b"9999-12-31T23:59:59-23:59", b"acs:fc:::functions/f",
    b"acs:", b"\"stackTrace\":",
]  # fmt: skip


def check(raw: bytes) -> None:
    """Hold the promises for one input; an AssertionError or any other exception is a find."""
    layers = envelope.explain(raw)
    found = list(iter_records(raw))
    try:
        one: InvocationRecord | None = parse_record(raw)
    except RecordError as error:
        one = None
        assert error.raw == raw
        assert str(error).isprintable()
        assert len(str(error)) < 300
        assert error.__context__ is None
    if one is not None:
        assert found == [one]
        assert layers[-1].name == "record"
        assert tuple(layer.name for layer in layers[:-1]) == one.envelopes
        check_record(one)
    if any(isinstance(item, RecordError) for item in found):
        try:
            parse_records(raw)
            raise AssertionError("parse_records must refuse what iter_records refuses")
        except RecordError:
            pass


def check_record(record: InvocationRecord) -> None:
    """Everything that a record offers works, and it reads back as itself."""
    wire = record.to_dict()
    assert parse_record(json.dumps(wire)).to_dict() == wire
    assert parse_record(wire) == record
    assert (record.error is None) is record.is_success
    assert record.lineage()[-1] == record
    with contextlib.suppress(RecordError):  # an ARN of a form that is not known
        assert record.function.name
    assert record.timestamp is None or record.timestamp.utcoffset() is not None
    repr(record), hash(record), record.request_bytes(), record.payload_may_be_damaged
    for read in (record.request_json, record.response_json):
        with contextlib.suppress(RecordError):
            read()


def mutated(chance: random.Random) -> bytes:
    """A golden file, damaged, and then perhaps sent down some roads."""
    raw = bytearray(chance.choice(SEEDS))
    for _ in range(chance.choice([0, 1, 1, 2, 3, 8])):
        MUTATIONS[chance.randrange(len(MUTATIONS))](raw, chance)
    try:
        text = bytes(raw).decode()
        for _ in range(chance.choice([0, 0, 1, 1, 2, 3, 5])):
            text = chance.choice(list(ROADS.values()))[0](text)
    except ValueError:  # not UTF-8, or no JSON where a road wants some
        return bytes(raw)
    return text.encode("utf-8", "surrogatepass")


def _insert(raw: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(raw) + 1)
    raw[at:at] = chance.choice(TOKENS)


def _replace(raw: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(raw) + 1)
    raw[at : at + chance.randrange(12)] = chance.choice(TOKENS)


def _replace_value(raw: bytearray, chance: random.Random) -> None:
    colons = [at for at, byte in enumerate(raw) if byte == 58]
    at = chance.choice(colons) + 1 if colons else 0
    ends = [end for end in (raw.find(b",", at), raw.find(b"}", at)) if end >= 0]
    raw[at : min(ends, default=at)] = chance.choice(TOKENS)


def _flip(raw: bytearray, chance: random.Random) -> None:
    if raw:
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)


def _cut(raw: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(raw) + 1)
    del raw[at : chance.choice([at + 1, at + 20, len(raw)])]


def _splice(raw: bytearray, chance: random.Random) -> None:
    other = chance.choice(SEEDS)
    at, start = chance.randrange(len(raw) + 1), chance.randrange(len(other))
    raw[at:at] = other[start : start + chance.randrange(200)]


MUTATIONS: list[Callable[[bytearray, random.Random], None]] = [_insert, _replace, _replace_value, _flip, _cut, _splice]


def by_mutation(seconds: float, seed: int) -> int:
    """Return how many inputs were tried; the first find is written to a file and raised."""
    chance, count, read = random.Random(seed), 0, 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        raw = mutated(chance)
        try:
            check(raw)
        except BaseException:
            _keep(raw)
            raise
        count += 1
        read += envelope.explain(raw)[-1].name == "record"
    print(f"mutation: {count} inputs, {read} of them still records in form, seed {seed}: nothing found")
    return count


def _keep(raw: bytes) -> None:
    with tempfile.NamedTemporaryFile(prefix="fuzz-find-", delete=False) as find:
        find.write(raw)
    print(f"found: {find.name}")


INSTRUMENTED = (
    "arn",
    "records.envelope",
    "records.error_detail",
    "records.notification_xml",
    "records.record",
    "records.record_fields",
    "records.source",
    "records.strict_json",
)
"""The files whose branches lead atheris on."""


def by_coverage(seconds: int, seed: int) -> None:
    """Run atheris; it ends the process itself."""
    import atheris

    for name in INSTRUMENTED:
        module: Any = importlib.import_module(f"fc_async.{name}")
        for item in vars(module).values():
            if callable(item) and hasattr(item, "__code__") and item.__module__ == module.__name__:
                item.__code__ = atheris.instrument_func(item).__code__
    corpus = tempfile.mkdtemp(prefix="fuzz-corpus-")
    for number, raw in enumerate(SEEDS):
        Path(corpus, str(number)).write_bytes(raw)
    limits = [f"-max_total_time={seconds}", f"-seed={seed}", "-max_len=8192", "-verbosity=0", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], *limits, corpus], check)
    atheris.Fuzz()


def main() -> None:
    """Fuzz for FUZZ_SECONDS (300)."""
    seconds = int(os.environ.get("FUZZ_SECONDS", "300"))
    seed = int(os.environ.get("FUZZ_SEED", str(random.randrange(1, 2**31))))
    has_atheris = importlib.util.find_spec("atheris") is not None
    by_mutation(seconds / 2 if has_atheris else seconds, seed)
    if has_atheris:
        by_coverage(seconds // 2, seed)


if __name__ == "__main__":
    main()

"""`fc-async record` shows one record, or each of a list, and says of each what was around it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fc_async.cli.root import run
from tests.roads import record, success, to_base64, topic_json

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Call:
    """Run `fc-async record` on a text; return exit code, stdout and stderr."""

    def call(text: str, *options: str) -> tuple[int, str, str]:
        path = tmp_path / "payload"
        path.write_text(text)
        with pytest.raises(SystemExit) as ended:
            run(["record", str(path), *options])
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return call


def numbered(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("record ")]


PLACES = ["record 0 of 2 (counted from 0)", "record 1 of 2 (counted from 0)"]


def test_every_record_of_a_list_is_shown_with_its_number(show: Call) -> None:
    code, out, err = show(json.dumps([record(), success()]))
    assert (code, err, numbered(out)) == (0, "", PLACES)
    assert "failed: MyError" in out
    assert "succeeded" in out


def test_a_list_is_an_array_in_json_and_one_record_an_object(show: Call) -> None:
    assert json.loads(show(json.dumps([record(), success()]), "-o", "json")[1]) == [record(), success()]
    assert json.loads(show(json.dumps([record()]), "-o", "json")[1]) == [record()]
    assert json.loads(show("[]", "-o", "json")[1]) == []
    assert json.loads(show(json.dumps(record()), "-o", "json")[1]) == record()


def test_what_cannot_be_read_is_told_with_its_number_and_the_others_are_shown(show: Call) -> None:
    text = f'[{{"n": NaN}}, {json.dumps(record())}]'
    code, out, err = show(text)
    assert (code, numbered(out)) == (1, PLACES[1:])
    assert err.splitlines() == [f"Error: {PLACES[0]}: expected JSON, got NaN or an infinity, which JSON does not have"]
    code, out, _ = show(text, "-o", "json")
    assert (code, json.loads(out)) == (1, [record()])


@pytest.mark.parametrize("text", ["test", "[1, 2", "{}", json.dumps(["test"])])
def test_where_there_is_no_record_it_is_one_sentence_without_a_word_of_python(show: Call, text: str) -> None:
    code, out, err = show(text)
    assert (code, out, len(err.splitlines())) == (1, "", 1)
    assert err.startswith("Error: expected ")
    assert "parse_record" not in err


def test_each_of_a_list_is_explained(show: Call) -> None:
    _, _, err = show(json.dumps([topic_json(to_base64(json.dumps(record()))), record()]), "--explain")
    lines = [line.partition(":")[0] for line in err.splitlines()]
    assert lines == [PLACES[0], "1. topic-json", "2. base64", "3. record", PLACES[1], "1. record"]


def test_a_list_that_is_broken_is_explained_as_unreadable(show: Call) -> None:
    code, _, err = show("[1, 2", "--explain")
    assert code == 1
    assert err.startswith("1. unreadable: ")


def letter(wire: object, problem: str | None = None) -> str:
    """A letter as `dlq peek -o ndjson` prints it."""
    return json.dumps({"messageId": "M1", "enqueueTime": 1, "dequeueCount": 0, "record": wire, "problem": problem})


@pytest.mark.parametrize(
    "text", [f"{letter(record())}\n{letter(success())}\n", f"[{letter(record())},{letter(success())}]"]
)
def test_letters_are_read_in_lines_and_in_a_list(show: Call, text: str) -> None:
    code, out, err = show(text, "-o", "json")
    assert (code, err, json.loads(out)) == (0, "", [record(), success()])
    code, out, _ = show(text)
    assert (code, numbered(out)) == (0, PLACES)


def test_records_one_a_line_are_read_as_this_command_prints_them(show: Call) -> None:
    printed = show(json.dumps([record(), success()]), "-o", "ndjson")[1]
    assert show(printed, "-o", "ndjson") == (0, printed, "")
    assert show(f"\ufeff{printed}", "-o", "ndjson") == (0, printed, "")
    for output in ("json", "ndjson"):
        one = show(json.dumps(record()), "-o", output)[1]
        assert json.loads(show(one, "-o", "json")[1]) == record()


def test_one_letter_is_one_record(show: Call) -> None:
    assert json.loads(show(letter(record()), "-o", "json")[1]) == record()
    code, out, err = show(letter(None, "expected a record"))
    assert (code, out, err) == (1, "", "Error: message M1 holds no record: expected a record\n")


def test_a_letter_that_is_no_record_says_why_and_the_others_are_shown(show: Call) -> None:
    code, out, err = show(f"{letter(None, 'expected a record')}\n{letter(record())}\n", "-o", "json")
    assert (code, json.loads(out)) == (1, [record()])
    assert err == f"Error: {PLACES[0]}: message M1 holds no record: expected a record\n"


def test_each_line_is_explained(show: Call) -> None:
    _, _, err = show(f"{letter(record())}\n{json.dumps(record())}\n", "--explain")
    assert [line.partition(":")[0] for line in err.splitlines()] == [PLACES[0], "1. record", PLACES[1], "1. record"]


def test_what_merely_has_the_keys_of_a_letter_beside_its_own_stays_a_record(show: Call) -> None:
    wire = {**record(), "messageId": "M1", "record": None, "problem": None}
    assert json.loads(show(json.dumps(wire), "-o", "json")[1]) == wire

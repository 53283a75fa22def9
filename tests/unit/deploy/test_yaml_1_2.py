"""YAML as Serverless Devs reads it: 1.2, with a place for each fault."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fc_async import DocumentError
from fc_async.deploy.scalars import shown
from fc_async.deploy.yaml_1_2 import MAX_FILE_BYTES, YamlFile, read_yaml

SCALARS = json.loads((Path(__file__).parents[2] / "golden" / "s_yaml" / "scalars.json").read_text())
KINDS = {
    str: "string",
    bool: "boolean",
    int: "number",
    float: "number",
    type(None): "null",
    dict: "object",
    list: "list",
}


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def read_text(text: str | bytes) -> YamlFile:
        path = tmp_path / "a.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_yaml(path)

    return read_text


@pytest.mark.parametrize("row", SCALARS, ids=[f"row-{number}" for number in range(len(SCALARS))])
def test_a_plain_scalar_is_what_it_is_to_serverless_devs(read: Any, row: dict[str, Any]) -> None:
    if row["type"] == "error":
        with pytest.raises(DocumentError):
            read(f"k: {row['text']}\n")
        return
    value = read(f"k: {row['text']}\n").value["k"]
    assert KINDS[type(value)] == row["type"]
    assert (shown(value) if row["type"] == "number" else value) == row["value"]


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        *[("1e21", "1e+21"), ("1e20", "100000000000000000000"), ("1.5e-7", "1.5e-7"), ("0.000001", "0.000001")],
        *[
            ("-0", "0"),
            ("0x1F", "31"),
            ("0o17", "15"),
            ("0b11", "3"),
            ("+12", "12"),
            ("1.", "1"),
            ("1e400", "Infinity"),
        ],
        *[("123456789012345680000", "123456789012345680000"), ("1" * 400, "Infinity"), ("-12.5e-1", "-1.25")],
    ],
)
def test_a_number_is_printed_as_javascript_prints_it(read: Any, text: str, printed: str) -> None:
    assert shown(read(f"k: {text}").value["k"]) == printed


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1\t# comment", {"a": 1}),
        ("a: 1\t\nb: 2", {"a": 1, "b": 2}),
        ("a:\t1\n\t\n\t# comment\nb: x\ty", {"a": 1, "b": "x\ty"}),
        ("- a\n-\tb", ["a", "b"]),
        ("a: {b: 1,\tc: 2,\n\td: 3}", {"a": {"b": 1, "c": 2, "d": 3}}),
        ("a: [http://x?y=1, b?]", {"a": ["http://x?y=1", "b?"]}),
        ("a: x\t\n  y", {"a": "x y"}),
        ("<<: {a: 1, b: 1}\nb: 2", {"a": 1, "b": 2}),
        ("x: &x {a: 1}\ny: {<<: [*x, {a: 2, c: 3}]}", {"x": {"a": 1}, "y": {"a": 1, "c": 3}}),
        ("1: a\ntrue: b\nnull: c\n1.50: d", {"1": "a", "true": "b", "null": "c", "1.5": "d"}),
        ("%YAML 1.1\n---\na: yes", {"a": "yes"}),
        ('a: "\\ud83d\\ude00"', {"a": "\U0001f600"}),
        ("a: !!str 1\nb: !!int '2'", {"a": "1", "b": 2}),
        ("\ufeffa: 1", {"a": 1}),
        ("# a\u2028b\x85c\na: b\u2029 c\n\x85: 'd\u2028'", {"a": "b\u2029 c", "\x85": "d\u2028"}),
        ('a: |\n  x\ue000\u2028y\nb: "\\L"', {"a": "x\ue000\u2028y\n", "b": "\u2028"}),
        ("a: |\n  x\n  y", {"a": "x\ny\n"}),
        ("a: >-\n  x\n  y", {"a": "x y"}),
        ("", None),
    ],
)
def test_what_yaml_1_2_allows_is_read(read: Any, text: str, value: Any) -> None:
    assert read(text).value == value


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + at)}: &{chr(98 + at)} [{', '.join(['*' + chr(97 + at)] * 10)}]\n" for at in range(8)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [1", ":2:1: not YAML: "),
        ("a:\n\tb: 1", ":2:1: not YAML: a tab cannot indent a line"),
        ("a: 1\nb: {c: 1, c: 2}", ":2:11: the key 'c' is given twice; line 2 has it first"),
        ("1: a\n'1': b", ":2:1: the key '1' is given twice; line 1 has it first"),
        ("a: 1\n---\nb: 2", ":2:1: not YAML: expected a single document in the stream, but found another"),
        ("[a]: 1", ":1:1: expected a text as key"),
        ("<<: 1", ":1:5: expected a mapping, or a list of mappings, after '<<'"),
        ("a: !!set {x}", ":1:4: expected no tag"),
        ("a: !!python/object:os.system x", ":1:4: expected no tag"),
        ("a: !!int x", ":1:4: expected what its tag"),
        ("a: *nobody", ":1:4: not YAML: found undefined alias"),
        (BOMB, "it expands to over 20000 values or 64 levels"),
        ("a: &a [*a]", ":1:4: it expands to over 20000 values or 64 levels"),
        ("[" * 60_000, ": not YAML: expected at most 64 levels, got many more"),
        ("a: 1\nb: \x00", ":2: not YAML: the character U+0000 may not stand in it"),
        ('a: "\\UFFFFFFFF"', ": not YAML: one of its values cannot be read"),
        (b"a: \xff", "expected text in UTF-8, got none at byte 3"),
        ("#" + "x" * MAX_FILE_BYTES, "expected at most 262144 bytes, got more"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_sentence_with_its_place(
    read: Any, tmp_path: Path, text: str | bytes, said: str
) -> None:
    with pytest.raises(DocumentError) as refused:
        read(text)
    message = str(refused.value)
    assert message.startswith(f"{tmp_path / 'a.yaml'}")
    assert said in message
    assert "\n" not in message


def test_a_place_is_that_of_the_key_and_of_the_nearest_that_is_there(read: Any, tmp_path: Path) -> None:
    file = read("a:\n  b: [x,\n    {c: 1}]\n")
    path = tmp_path / "a.yaml"
    assert file.where("a", "b") == f"{path}:2:3"
    assert file.where("a", "b", 1, "c") == f"{path}:3:6"
    assert file.where("a", "nobody", "c") == f"{path}:1:1"
    assert file.where() == str(path)


@pytest.mark.parametrize(
    ("name", "said"), [("none.yaml", "No such file"), ("", "Is a directory"), ("a\0b", "zero byte")]
)
def test_what_is_no_file_is_refused(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(DocumentError, match=rf"cannot read .*{said}"):
        read_yaml(tmp_path / name)

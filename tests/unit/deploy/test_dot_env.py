"""A .env file in the dialect of dotenv and dotenv-expand."""

from __future__ import annotations

from pathlib import Path

import pytest

from fc_async import DocumentError
from fc_async.deploy.dot_env import parse_dot_env, read_dot_env

# As npm dotenv 16 reads the same text.
TEXT = """A=1
export B=2
C="x y" # comment
D='a b'
E=x#y
F=x #y
G="a\\nb"
H="many
lines"
#I=1
J
K=
 L = blanks around
M: colon
N.a-b=1
O=`b`
Q="{"a": "b"}"
R='it's' # comment
S="a"b
T='x
U="a" # "b"
V="a\\nb"c
P="open
"""
VALUES = {
    "A": "1",
    "B": "2",
    "C": "x y",
    "D": "a b",
    "E": "x",
    "F": "x",
    "G": "a\nb",
    "H": "many\nlines",
    "K": "",
    "L": "blanks around",
    "M": "colon",
    "N.a-b": "1",
    "O": "b",
    "Q": '{"a": "b"}',
    "R": "it's",
    "S": '"a"b',
    "T": "'x",
    "U": "a",
    "V": '"a\nb"c',
    "P": '"open',
}


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_names_and_values_are_those_of_dotenv(line_end: str) -> None:
    assert dict(parse_dot_env(TEXT.replace("\n", line_end))) == VALUES


def test_a_dollar_names_the_environment_or_another_line(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("A=$B-${HOME}\nB=b\nC=${NONE:-else}\nD=\\$B\nE=$E\nF=$G\nG=$F\nB=last\n")
    values = read_dot_env(path, {"HOME": "/home/me", "B": "of the environment"})
    expected = {"A": "of the environment-/home/me", "C": "else", "D": "$B", "E": "", "F": "", "G": "", "B": "last"}
    assert values == expected


def test_where_there_is_no_such_file_there_is_nothing(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()  # as virtualenv's folder may be called
    assert read_dot_env(tmp_path / ".env", {}) == {}
    assert read_dot_env(tmp_path / "none", {}) == {}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"A=" + b"x" * 2_000_000, "expected at most 65536 bytes"),
        (b"A=\xff", "UTF-8"),
        ("A0=xxxxxxxxxx\n" + "".join(f"A{n + 1}=$A{n}$A{n}\n" for n in range(40)), "at most 262144 characters"),
    ],
)
def test_what_is_too_much_or_no_text_is_refused(tmp_path: Path, content: bytes | str, said: str) -> None:
    path = tmp_path / ".env"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DocumentError, match=said) as refused:
        read_dot_env(path, {})
    assert str(refused.value).startswith(str(path))

"""The grammar of a text with variables: `acs:mns:${vars.region}::/queues/${env('QUEUE', 'dead')}/messages`.

It tells text from variables; what a variable stands for is found in `variables.py`. What is in braces and is none of
the forms below is kept as `Other`, so that it costs the value that holds it and nothing else.

    ${vars.a.b}  ${resources.NAME.props.x}  ${this.name}       a path
    ${env('X', 'default')}  ${json(file('./p'))}  ${env(X)}    a call; an argument is a text, a word, or a call
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_NESTED_CALLS = 8


@dataclass(frozen=True)
class Reference:
    """`vars.a.b`: the parts between the points."""

    parts: tuple[str, ...]


@dataclass(frozen=True)
class Call:
    """`env('X', 'default')`."""

    name: str
    arguments: tuple[str | Call, ...]


@dataclass(frozen=True)
class Other:
    """What stands in braces and is neither."""

    text: str


Expression = Reference | Call | Other

_PATH = re.compile(r"[A-Za-z_][\w-]*(?:\.[\w-]+)+")
_NAME = re.compile(r"[A-Za-z_]\w*")
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"", re.DOTALL)
_WORD = re.compile(r"[^\s'\"(),{}]+")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_BLANKS = re.compile(r"\s*")


def parse_text(text: str) -> list[str | Expression]:
    """Take a text apart; a `${` without its brace is text."""
    pieces: list[str | Expression] = []
    done = 0
    while (start := text.find("${", done)) >= 0:
        end = _end_of(text, start + 2)
        if end < 0:
            break
        if start > done:
            pieces.append(text[done:start])
        pieces.append(_expression(text[start + 2 : end].strip()))
        done = end + 1
    if done < len(text):
        pieces.append(text[done:])
    return pieces


def _end_of(text: str, at: int) -> int:
    """Return where the closing brace is; -1 for nowhere. One within quotes does not close."""
    while at < len(text):
        if text[at] == "}":
            return at
        quoted = _QUOTED.match(text, at) if text[at] in "'\"" else None
        at = at + 1 if quoted is None else quoted.end()
    return -1


def _expression(text: str) -> Expression:
    if _PATH.fullmatch(text):
        return Reference(tuple(text.split(".")))
    found = _call(text, 0, 0)
    if found is not None and found[1] == len(text):
        return found[0]
    return Other(text)


def _call(text: str, at: int, depth: int) -> tuple[Call, int] | None:
    """Return the call that begins here, and where it ends."""
    name = _NAME.match(text, at)
    if name is None or depth > MAX_NESTED_CALLS or text[name.end() : name.end() + 1] != "(":
        return None
    arguments: list[str | Call] = []
    at = _skip(text, name.end() + 1)
    while text[at : at + 1] != ")":
        found = _argument(text, at, depth)
        if found is None:
            return None
        arguments.append(found[0])
        at = _skip(text, found[1])
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
        elif text[at : at + 1] != ")":
            return None
    return Call(name[0], tuple(arguments)), at + 1


def _argument(text: str, at: int, depth: int) -> tuple[str | Call, int] | None:
    if quoted := _QUOTED.match(text, at):
        inner = quoted[1] if quoted[1] is not None else quoted[2]
        return _ESCAPED.sub(r"\1", inner), quoted.end()
    if called := _call(text, at, depth + 1):
        return called
    word = _WORD.match(text, at)
    return None if word is None else (word[0], word.end())


def _skip(text: str, at: int) -> int:
    blanks = _BLANKS.match(text, at)
    return at if blanks is None else blanks.end()

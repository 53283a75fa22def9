r"""The `.env` file beside an s.yaml: names and values, in the dialect of the npm packages dotenv and dotenv-expand.

NAME=value  export NAME = value     blanks around it do not count; ` #` begins a comment
NAME="a\nb"  NAME='...'  NAME=`...`  quoted: may hold #, blanks and line breaks; only in "..." \n is one
NAME=$OTHER  NAME=${OTHER:-x}       filled in from the environment, else from another line; \$ is a dollar
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from ..errors import DocumentError
from .yaml_1_2 import read_text

MAX_FILE_BYTES = 64 * 1024
MAX_VALUE_CHARACTERS = 256 * 1024
"""Longest value that lines may build up of one another."""

MAX_DEPTH = 50

_NAME = re.compile(r"[^\S\n]*(?:export[^\S\n]+)?([A-Za-z0-9_.-]+)(?:[^\S\n]*=|:[^\S\n])[^\S\n]*")
_QUOTED = {
    quote: re.compile(rf"{quote}((?:\\{quote}|[^{quote}])*){quote}[^\S\n]*(?:#[^\n]*)?(?=\n|\Z)") for quote in "'\"`"
}
"""A quote closes where nothing but a comment follows it; elsewhere it is text, as in `"{"a": 1}"`."""

_UNQUOTED = re.compile(r"[^#\n]*")
_EXPANDED = re.compile(r"\\\$|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::?-([^}]*))?\}|\$([A-Za-z_][A-Za-z0-9_]*)")


def read_dot_env(path: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the names and values of a file; of none where there is no such file (a folder may have its name).

    Args:
        path: the file.
        environment: what `$NAME` in a value looks in first.

    Raises:
        DocumentError: it cannot be read, is larger than 64 KB, or its lines build up a value of over 256 KB.
    """
    if not path.is_file():
        return {}
    return _Values(path, dict(parse_dot_env(read_text(path, MAX_FILE_BYTES))), environment).all()


class _Values:
    """Fills in the values of a file, each once; one that leads back to itself is empty there."""

    def __init__(self, path: Path, raw: Mapping[str, str], environment: Mapping[str, str]) -> None:
        self._path = path
        self._raw = raw
        self._environment = environment
        self._filled: dict[str, str] = {}
        self._open: set[str] = set()

    def all(self) -> dict[str, str]:
        return {name: self._value(name) for name in self._raw}

    def _value(self, name: str) -> str:
        if name not in self._filled:
            if name in self._open or len(self._open) > MAX_DEPTH:
                return ""
            self._open.add(name)
            value = _EXPANDED.sub(self._fill_in, self._raw[name])
            self._open.discard(name)
            if len(value) > MAX_VALUE_CHARACTERS:
                raise DocumentError(f"{self._path}: {name}: expected at most {MAX_VALUE_CHARACTERS} characters")
            self._filled[name] = value
        return self._filled[name]

    def _fill_in(self, found: re.Match[str]) -> str:
        name = found[1] or found[3]
        if name is None:
            return "$"
        known = self._environment.get(name)
        if known is None and name in self._raw:
            known = self._value(name)
        return known or found[2] or ""


def parse_dot_env(text: str) -> list[tuple[str, str]]:
    """Return names and values in the order of the lines, nothing filled in; a line that is none is passed over."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        named = _NAME.match(text, at)
        if named is not None:
            value, at = _value(text, named.end())
            found.append((named[1], value))
        at = text.find("\n", at) + 1 or len(text)
    return found


def _value(text: str, at: int) -> tuple[str, int]:
    quote = text[at : at + 1]
    found = _QUOTED[quote].match(text, at) if quote in _QUOTED else None
    if found is not None:
        value = found[1]
    else:
        found = _UNQUOTED.match(text, at)
        value = "" if found is None else found[0].strip()
        if len(value) > 1 and quote in _QUOTED and value.endswith(quote):
            value = value[1:-1]
    end = at if found is None else found.end()
    return (value.replace("\\n", "\n").replace("\\r", "\r") if quote == '"' else value), end

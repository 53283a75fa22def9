"""Read a YAML 1.2 file that a person wrote: its values, and for each of them where it stands.

PyYAML parses, and ours are the scanner's rule for tabs (`yaml_scanner.py`), the meaning of plain scalars (`scalars.py`)
and what is made of the parsed nodes. The other way, ruamel.yaml, reads every scalar right, but refuses the tabs, would
be one dependency more, and gives up its positions with `typ="safe"`. PyYAML's own constructor would read YAML 1.1, and
lets the second of two equal keys win in silence.

Aliases are copied out, within a bound on how many values a file may expand to: a small file can be made huge by them
("billion laughs"). Python's parser reads some 100 KB a second, and so a file's size is bounded too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml
from yaml.composer import Composer
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.parser import Parser
from yaml.reader import Reader, ReaderError
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

from ..errors import DocumentError
from ..settings.bounded_read import read_bounded
from .scalars import as_number, plain_scalar, shown
from .yaml_scanner import Yaml12Scanner, without_old_breaks

MAX_FILE_BYTES = 256 * 1024
MAX_VALUES = 20_000
"""How many values a file may expand to."""

MAX_DEPTH = 64

_TAG = "tag:yaml.org,2002:"
_PLAIN = "plain"
"""The tag of a scalar without quotes and without a tag."""

_SCALARS: dict[str, Callable[[str], Any]] = {
    _PLAIN: plain_scalar,
    f"{_TAG}str": str,
    f"{_TAG}null": lambda _: None,
    f"{_TAG}bool": lambda text: text.lower() == "true",
    f"{_TAG}int": lambda text: as_number(int(text)),
    f"{_TAG}float": lambda text: as_number(float(text)),
    f"{_TAG}timestamp": str,
}


class YamlFile:
    """What a file holds.

    Args:
        path: the file.
        value: mappings, lists, text, numbers, booleans and None; a mapping's keys are text, in the order of the file.
        root: the parsed nodes behind it.
    """

    def __init__(self, path: Path, value: Any, root: Node | None) -> None:
        self.path = path
        self.value = value
        self._root = root

    def where(self, *keys: str | int) -> str:
        """Return `FILE:LINE:COLUMN` of a value, that of its key in a mapping; as far as the file has the keys.

        Args:
            keys: the way to it from the top, a key of a mapping or a position in a list each.
        """
        node, place = self._root, self._root
        for key in keys:
            found = _step(node, key)
            if found is None:
                break
            place, node = found
        if place is None or not keys:
            return str(self.path)
        return _place(self.path, place)


def read_yaml(path: Path) -> YamlFile:
    """Read a file.

    Raises:
        DocumentError: it cannot be read, is larger than 256 KB, is not YAML (with line and column), gives a key twice,
            or expands to more than 20,000 values or 64 levels.
    """
    text = read_text(path, MAX_FILE_BYTES)
    # A text block that ends with the file ends with a line, as if the file did.
    text, back = without_old_breaks(text if text.endswith(("\n", "\r")) else f"{text}\n")
    try:
        root = _Loader(text).get_single_node()
        value = None if root is None else _Values(path, back).of(root)
    except DocumentError:
        raise
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise DocumentError(f"{path}{where}: not YAML: {_problem(error)}") from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        what = f"the character U+{ord(text[error.position]):04X} may not stand in it"
        raise DocumentError(f"{path}:{line}: not YAML: {what}") from None
    except RecursionError:
        raise DocumentError(f"{path}: not YAML: expected at most {MAX_DEPTH} levels, got many more") from None
    except (yaml.YAMLError, ValueError, OverflowError):
        raise DocumentError(f"{path}: not YAML: one of its values cannot be read") from None
    return YamlFile(path, value, root)


def _problem(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or type(error).__name__
    if problem.startswith("found character '\\t'"):
        return "a tab cannot indent a line, only blanks can"
    return f"{error.context}, {problem}" if problem.startswith("but ") else problem


def read_text(path: Path, max_bytes: int) -> str:
    """Read a file of UTF-8 text; raises DocumentError where it is none, larger, or a FIFO to which nobody writes."""
    try:
        raw = read_bounded(path, max_bytes)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "a path cannot hold a zero byte"
        raise DocumentError(f"cannot read {path}: {reason or error}") from None
    if len(raw) > max_bytes:
        raise DocumentError(f"{path}: expected at most {max_bytes} bytes, got more")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentError(f"{path}: expected text in UTF-8, got none at byte {error.start}") from None


class _Loader(Yaml12Scanner, Parser, Composer, BaseResolver):
    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        BaseResolver.__init__(self)

    def resolve(self, kind: type[Node], value: Any, implicit: Any) -> str:
        """Return the tag of a node that has none; PyYAML asks."""
        if kind is ScalarNode:
            return _PLAIN if implicit[0] else f"{_TAG}str"
        return f"{_TAG}map" if kind is MappingNode else f"{_TAG}seq"


class _Values:
    """Makes values of nodes, and counts them."""

    def __init__(self, path: Path, back: Mapping[int, str]) -> None:
        self._path = path
        self._back = back
        self._left = MAX_VALUES

    def of(self, node: Node, depth: int = 0) -> Any:
        self._left -= 1
        if self._left < 0 or depth > MAX_DEPTH:
            raise DocumentError(
                f"{_place(self._path, node)}: it expands to over {MAX_VALUES} values or {MAX_DEPTH} levels"
            )
        if isinstance(node, ScalarNode):
            return self._scalar(node)
        if isinstance(node, MappingNode) and node.tag == f"{_TAG}map":
            return self._mapping(node, depth)
        if isinstance(node, SequenceNode) and node.tag == f"{_TAG}seq":
            return [self.of(inner, depth + 1) for inner in node.value]
        raise self._refused(node, f"expected no tag, or one of str, int, float, bool, null, got {node.tag[:80]!r}")

    def _scalar(self, node: ScalarNode) -> Any:
        read = _SCALARS.get(node.tag)
        if read is None:
            raise self._refused(node, f"expected no tag, or one of str, int, float, bool, null, got {node.tag[:80]!r}")
        try:
            return read(_joined(node.value.translate(self._back)))
        except ValueError:
            raise self._refused(node, f"expected what its tag {node.tag[:80]!r} says") from None

    def _mapping(self, node: MappingNode, depth: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            value = self.of(value_node, depth + 1)
            if key_node.tag == _PLAIN and key_node.value == "<<":
                merged = {**self._merged(value_node, value), **merged}
                continue
            key = self._key(key_node)
            if key in lines:
                raise self._refused(key_node, f"the key {key[:80]!r} is given twice; line {lines[key]} has it first")
            lines[key] = key_node.start_mark.line + 1
            values[key] = value
        return {**merged, **values}

    def _key(self, node: Node) -> str:
        key = self._scalar(node) if isinstance(node, ScalarNode) else None
        if not isinstance(node, ScalarNode):
            raise self._refused(node, "expected a text as key, got a list or mapping")
        return "null" if key is None else shown(key)

    def _merged(self, node: Node, value: Any) -> dict[str, Any]:
        sources = value if isinstance(value, list) else [value]
        if not all(isinstance(source, dict) for source in sources):
            raise self._refused(node, "expected a mapping, or a list of mappings, after '<<'")
        merged: dict[str, Any] = {}
        for source in sources:
            merged = {**source, **merged}  # an earlier one wins
        return merged

    def _refused(self, node: Node, message: str) -> DocumentError:
        return DocumentError(f"{_place(self._path, node)}: {message}")


def _joined(text: str) -> str:
    """Join the halves of a character that was escaped in two, as JSON does with an emoji."""
    if not any("\ud800" <= character <= "\udfff" for character in text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _place(path: Path, node: Node) -> str:
    return f"{path}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"


def _step(node: Node | None, key: str | int) -> tuple[Node, Node] | None:
    """Return where a key stands, and the node behind it."""
    if isinstance(node, SequenceNode) and str(key).isdecimal() and int(key) < len(node.value):
        return node.value[int(key)], node.value[int(key)]
    if isinstance(node, MappingNode):
        for key_node, value_node in node.value:
            if isinstance(key_node, ScalarNode) and key_node.value == str(key):
                return key_node, value_node
    return None

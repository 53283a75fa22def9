"""Read a Serverless Devs 3 file (s.yaml, component fc3) into the functions that it declares.

Only what asynchronous invocation on one machine needs is read; other keys are named once and left alone. One part that
is not run here costs only itself: a variable that only the cloud could tell costs its value, a fault in a function
costs the function, and both are named in a note with the reason. What makes the whole file doubtful ends it: no YAML, a
key given twice, a file of FC 2.0, a template that nobody has filled in, variables in a circle, no function left.

    yaml_1_2.py     what the file holds, and where         extend.py           what it takes from elsewhere
    variables.py    what its variables stand for           wrong_words.py      what files get wrong, and what to write
                                                           function_props.py   the props of one function, checked
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import DocumentError
from .document import DeclaredFunction, Document
from .extend import props_of, with_extended_files
from .faults import LeftOut, Unknown
from .function_props import declared_function
from .variables import Profile, Variables
from .wrong_words import refuse_other_formats, refuse_wrong_words, unfilled_template
from .yaml_1_2 import MAX_FILE_BYTES, YamlFile, read_text, read_yaml

_FUNCTION = re.compile(r"(?:devsapp/)?fc3(?:@.*)?")
_READ_KEYS = (
    "runtime",
    "functionName",
    "region",
    "handler",
    "code",
    "timeout",
    "memorySize",
    "environmentVariables",
    "asyncInvokeConfig",
    "role",
)
_NEEDED = ("runtime", "functionName", "handler", "code")


def read_document(
    path: Path,
    environment: Mapping[str, str] | None = None,
    *,
    region: str | None = None,
    account_id: str | None = None,
) -> Document:
    """Read an s.yaml.

    Args:
        path: the file; code folders in it are relative to it.
        environment: where `${env('X')}` looks, before a `.env` file beside the s.yaml; default: this process's.
        region: what `${config('Region')}` is; None: it is not known here.
        account_id: what `${config('AccountID')}` is; None: it is not known here.

    Raises:
        DocumentError: the file is missing, no YAML, doubtful as a whole, or none of its functions can be run here.
    """
    file = _load(path)
    tree = with_extended_files(file)
    if not isinstance(tree, dict):
        raise DocumentError(f"{path}: expected a mapping (an s.yaml of Serverless Devs 3), got {_kind(tree)}")
    refuse_other_formats(file, tree)
    if not isinstance(tree.get("resources"), dict):
        raise DocumentError(f"{path}: expected 'resources' with at least one function of component fc3")
    return _Reader(file, tree, os.environ if environment is None else environment, Profile(region, account_id)).read()


def is_function(component: str) -> bool:
    """Tell whether a component is Function Compute 3.0, by whatever of its names."""
    return _FUNCTION.fullmatch(component) is not None


def _load(path: Path) -> YamlFile:
    try:
        return read_yaml(path)
    except DocumentError as error:
        is_odd = any(word in str(error) for word in (": not YAML: ", ": expected a text as key"))
        template = unfilled_template(read_text(path, MAX_FILE_BYTES)) if is_odd else None
        if template is None:
            raise
    raise DocumentError(f"{path}{template}")


class _Reader:
    """Reads the resources of one file."""

    def __init__(self, file: YamlFile, tree: dict[str, Any], environment: Mapping[str, str], profile: Profile) -> None:
        self._file = file
        self._tree = tree
        self._resources: dict[str, Any] = tree["resources"]
        self._notes: list[str] = []
        self._left_out: list[str] = []
        self._props = {key: self._with_template(key) for key in self._resources}
        with_props = {
            key: {**resource, "props": self._props[key]} if isinstance(resource, dict) else resource
            for key, resource in self._resources.items()
        }
        self._variables = Variables(file, {**tree, "resources": with_props}, environment, profile)

    def read(self) -> Document:
        found = [self._function_or_note(key) for key in self._resources]
        functions = tuple(function for function in found if function is not None)
        if not functions:
            self._refuse_all()
        self._refuse_repeated(functions)
        return Document(functions, tuple(self._notes))

    def _with_template(self, key: str) -> Any:
        if not isinstance(self._resources[key], dict):
            return None
        try:
            return props_of(self._file, self._tree, key)
        except LeftOut as reason:
            return reason  # said when the resource is read, unless it is no function

    def _function_or_note(self, key: str) -> DeclaredFunction | None:
        where = f"resources.{key}"
        resource = self._resources[key]
        if isinstance(resource, dict) and not is_function(self._component(key, resource)):
            self._notes.append(f"{self._file.path}: {where} is no function of component fc3; left alone")
            return None
        try:
            return self._function(key, where)
        except LeftOut as reason:
            way, sentence = _way_to(where, reason)
            place = self._file.where(*way.split("."))
            sentence = f"{way}: {sentence}"
            self._left_out.append(f"{place}: {sentence}")
            self._notes.append(f"{place}: {sentence}; the function is left out")
            return None

    def _component(self, key: str, resource: Mapping[str, Any]) -> str:
        try:
            return str(self._variables.resolve(resource.get("component"), key, f"resources.{key}.component").value)
        except (Unknown, LeftOut):
            return ""

    def _function(self, key: str, where: str) -> DeclaredFunction:
        props = self._props[key]
        if isinstance(props, LeftOut):
            raise props
        if not isinstance(props, dict):
            raise LeftOut("expected a mapping with 'component' and 'props'")
        refuse_wrong_words(props)
        values = {name: self._value(key, where, name, props[name]) for name in _READ_KEYS if name in props}
        values = {name: value for name, value in values.items() if value is not None}
        self._check_runs_here(values)
        declared = declared_function(values)
        self._note_ignored(where, props)
        return declared.model_copy(update={"code_dir": self._code(declared.code_dir)})

    def _value(self, key: str, where: str, name: str, raw: Any) -> Any:
        place = f"{where}.props.{name}"
        try:
            resolved = self._variables.resolve(raw, key, place)
        except Unknown as reason:
            if name in _NEEDED:
                raise LeftOut(str(reason), "props", name) from None
            self._note_unknown(f"{place}: {reason}", name)
            return raw if name == "role" else None
        except LeftOut:
            if name == "role":  # it is not needed here; that there is one is
                return raw
            raise
        for sentence in resolved.unknown:
            self._note_unknown(sentence, name)
        return resolved.value

    def _note_unknown(self, reason: str, name: str) -> None:
        if name != "role":
            self._notes.append(f"{self._file.where(*reason.split(': ', 1)[0].split('.'))}: {reason}; left out")

    def _check_runs_here(self, values: Mapping[str, Any]) -> None:
        runtime = values.get("runtime")
        if isinstance(runtime, str) and not runtime.startswith("python3"):
            raise LeftOut(f"runtime {runtime[:80]} is not run here, only python3*")
        code = values.get("code")
        if code is None:
            raise LeftOut("expected 'code', a folder or a .zip", "props")
        for name in _NEEDED:
            if name not in values:
                raise LeftOut(f"expected {name!r}, without which nothing is deployed", "props")
        if isinstance(code, dict) and not isinstance(code.get("src"), str):
            raise LeftOut("code in OSS is not run here; expected a folder or a .zip", "props", "code")

    def _note_ignored(self, where: str, props: Mapping[str, Any]) -> None:
        ignored = sorted(name for name in props if name not in _READ_KEYS and props[name] is not None)
        if ignored:
            self._notes.append(f"{self._file.path}: {where}: not used here: {', '.join(ignored)}")

    def _code(self, code: Path) -> Path:
        try:
            path = (self._file.path.parent / code).resolve()
            is_code = path.is_dir() or (path.suffix.lower() == ".zip" and path.is_file())
        except (OSError, ValueError, RuntimeError):  # a zero byte, too long, or links in a circle
            is_code = False
        if not is_code:
            raise LeftOut(f"expected a folder or a .zip, and {str(code)[:200]} is none", "props", "code")
        return path

    def _refuse_all(self) -> None:
        if not self._left_out:
            raise DocumentError(f"{self._file.path}: expected at least one function of component fc3 under 'resources'")
        more = len(self._left_out) - 1
        raise DocumentError(self._left_out[0] + (f" (and {more} more; none is left)" if more else ""))

    def _refuse_repeated(self, functions: tuple[DeclaredFunction, ...]) -> None:
        seen: set[str] = set()
        for function in functions:
            if function.name in seen:
                raise DocumentError(f"{self._file.path}: function {function.name} is declared twice")
            seen.add(function.name)


def _way_to(where: str, reason: LeftOut) -> tuple[str, str]:
    """Return where a fault of a resource is, and the sentence without it."""
    way, _, sentence = str(reason).partition(": ")
    if way.startswith(f"{where}.") and " " not in way:
        return way, sentence
    return ".".join(map(str, (where, *reason.keys))), str(reason)


def _kind(value: Any) -> str:
    return {list: "a list", str: "a text", type(None): "nothing"}.get(type(value), type(value).__name__)

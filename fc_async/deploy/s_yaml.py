"""Read a Serverless Devs 3 file (s.yaml, component fc3) into the functions that it declares.

Only what asynchronous invocation on one machine needs is read; other keys are named once and left alone. The file is
people's work, so every refusal says where: the file and, where YAML tells it, the line.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from ..config import AsyncInvokeConfig, DestinationConfig
from ..errors import DocumentError
from .document import DeclaredFunction, Document

MAX_FILE_BYTES = 1_048_576
MAX_VALUES = 20_000
"""How many values a file may expand to: YAML's aliases can make a small file huge ("billion laughs")."""

MAX_DEPTH = 64

_READ_KEYS = frozenset(
    [
        "region",
        "functionName",
        "runtime",
        "handler",
        "code",
        "timeout",
        "memorySize",
        "environmentVariables",
        "asyncInvokeConfig",
    ]
)
_VARIABLE = re.compile(r"\$\{\s*(?:vars\.([A-Za-z0-9_.-]+)|env\(\s*['\"]([^'\"]+)['\"]\s*\))\s*\}")
_ANY_VARIABLE = re.compile(r"\$\{[^}]*\}?")


def read_document(path: Path, environment: Mapping[str, str] | None = None) -> Document:
    """Read an s.yaml.

    Args:
        path: the file; code folders in it are relative to it.
        environment: where `${env('X')}` looks; default: this process's.

    Raises:
        DocumentError: the file is missing, no YAML, or says something that cannot be used.
    """
    tree = _load(path)
    resolver = _Resolver(path, tree.get("vars"), os.environ if environment is None else environment)
    resources = tree.get("resources")
    if not isinstance(resources, dict):
        raise DocumentError(f"{path}: expected 'resources' with at least one function of component fc3")
    notes: list[str] = []
    functions = []
    for key, resource in resources.items():
        props = _props(path, key, resource, notes)
        if props is not None:
            functions.append(_function(path, key, props, resolver, notes))
    if not functions:
        raise DocumentError(f"{path}: expected at least one function of component fc3 under 'resources'")
    _refuse_repeated(path, functions)
    return Document(tuple(functions), tuple(notes))


def _load(path: Path) -> dict[str, Any]:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DocumentError(f"cannot read {path}: {error.strerror or error}") from None
    if len(raw) > MAX_FILE_BYTES:
        raise DocumentError(f"{path}: expected at most {MAX_FILE_BYTES} bytes, got {len(raw)}")
    try:
        tree = yaml.safe_load(raw)
    except yaml.MarkedYAMLError as error:
        where = f":{error.problem_mark.line + 1}:{error.problem_mark.column + 1}" if error.problem_mark else ""
        raise DocumentError(f"{path}{where}: not YAML: {error.problem}") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise DocumentError(f"{path}: not YAML: {type(error).__name__}") from None
    if not isinstance(tree, dict):
        raise DocumentError(f"{path}: expected a mapping (an s.yaml of Serverless Devs 3), got {type(tree).__name__}")
    return tree


def _props(path: Path, key: Any, resource: Any, notes: list[str]) -> dict[str, Any] | None:
    if not isinstance(resource, dict) or not isinstance(resource.get("props"), dict):
        raise DocumentError(f"{path}: resources.{key}: expected a mapping with 'component' and 'props'")
    if resource.get("component") != "fc3":
        notes.append(f"{path}: resources.{key} is no function of component fc3; left alone")
        return None
    props: dict[str, Any] = resource["props"]
    ignored = sorted(str(name) for name in props if name not in _READ_KEYS)
    if ignored:
        notes.append(f"{path}: resources.{key}: not used here: {', '.join(ignored)}")
    return {name: props[name] for name in props if name in _READ_KEYS}


def _function(path: Path, key: Any, props: dict[str, Any], resolver: _Resolver, notes: list[str]) -> DeclaredFunction:
    values = resolver.resolve(props, f"resources.{key}.props")
    block = values.pop("asyncInvokeConfig", None)
    if isinstance(values.get("code"), dict):
        values["code"] = values["code"].get("src")  # the long form of Serverless Devs; code in OSS has no src
    if isinstance(values.get("environmentVariables"), dict):
        values["environmentVariables"] = _texts(values["environmentVariables"])
    try:
        if isinstance(block, dict):
            qualifier = block.pop("qualifier", None)
            values["qualifier"] = None if qualifier is None else _text(qualifier)
            values["async_config"] = AsyncInvokeConfig.model_validate(block)
        elif block is not None:
            raise DocumentError(f"{path}: resources.{key}.props.asyncInvokeConfig: expected a mapping")
        found = DeclaredFunction.model_validate(values)
    except ValidationError as error:
        raise DocumentError(f"{path}: resources.{key}.props: {_first(error)}") from None
    if not found.runtime.startswith("python3"):
        notes.append(f"{path}: resources.{key}: runtime {found.runtime} is not run here, only python3*")
    return _with_code(path, key, found)


def _with_code(path: Path, key: Any, found: DeclaredFunction) -> DeclaredFunction:
    code_dir = (path.parent / found.code_dir).resolve()
    if not code_dir.is_dir():
        raise DocumentError(f"{path}: resources.{key}.props.code: expected a folder, and {found.code_dir} is none")
    return found.model_copy(update={"code_dir": code_dir})


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    fields = {*AsyncInvokeConfig.model_fields, *DestinationConfig.model_fields}
    names = (to_camel(part) if part in fields else str(part) for part in first["loc"])
    return f"{'.'.join(names)}: {first['msg'].removeprefix('Value error, ')}"


def _texts(variables: dict[Any, Any]) -> dict[str, Any]:
    """YAML reads 8080 and true as what they look like; a process's environment holds text. What is no scalar stays."""
    scalars = (str, bool, int, float)
    return {str(name): _text(value) if isinstance(value, scalars) else value for name, value in variables.items()}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _refuse_repeated(path: Path, functions: list[DeclaredFunction]) -> None:
    seen: set[str] = set()
    for function in functions:
        if function.name in seen:
            raise DocumentError(f"{path}: function {function.name} is declared twice")
        seen.add(function.name)


class _Resolver:
    """Fills in `${vars.x}` and `${env('X')}`, and copies the tree on the way, so that aliases share nothing."""

    def __init__(self, path: Path, variables: Any, environment: Mapping[str, str]) -> None:
        self._path = path
        self._variables = variables if isinstance(variables, dict) else {}
        self._environment = environment
        self._left = MAX_VALUES

    def resolve(self, value: Any, where: str, depth: int = 0) -> Any:
        self._left -= 1
        if self._left < 0 or depth > MAX_DEPTH:
            raise DocumentError(f"{self._path}: it expands to over {MAX_VALUES} values or {MAX_DEPTH} levels")
        if isinstance(value, dict):
            return {key: self.resolve(inner, f"{where}.{key}", depth + 1) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.resolve(inner, f"{where}.{at}", depth + 1) for at, inner in enumerate(value)]
        return self._fill_in(value, where, depth) if isinstance(value, str) else value

    def _fill_in(self, text: str, where: str, depth: int) -> Any:
        self._left -= 1
        if self._left < 0 or depth > MAX_DEPTH:
            raise DocumentError(f"{self._path}: {where}: variables lead to each other without end")
        unknown = _ANY_VARIABLE.search(_VARIABLE.sub("", text))
        if unknown:
            raise DocumentError(f"{self._path}: {where}: expected ${{vars.x}} or ${{env('X')}}, got {unknown[0]!r}")
        whole = _VARIABLE.fullmatch(text)
        if whole:
            return self._look_up(whole, where, depth)
        filled = _VARIABLE.sub(lambda found: _text(self._look_up(found, where, depth)), text)
        if len(filled) > MAX_FILE_BYTES:
            raise DocumentError(f"{self._path}: {where}: it expands to over {MAX_FILE_BYTES} characters")
        return filled

    def _look_up(self, found: re.Match[str], where: str, depth: int) -> Any:
        name, variable = found.groups()
        if variable is not None:
            if variable not in self._environment:
                raise DocumentError(f"{self._path}: {where}: the environment variable {variable} is not set")
            return self._environment[variable]
        value: Any = self._variables
        for part in name.split("."):
            if not isinstance(value, dict) or part not in value:
                raise DocumentError(f"{self._path}: {where}: vars.{name} is not declared under 'vars'")
            value = value[part]
        if isinstance(value, (dict, list)):
            raise DocumentError(f"{self._path}: {where}: vars.{name} holds a mapping or list, expected one value")
        return self._fill_in(value, where, depth + 1) if isinstance(value, str) else value

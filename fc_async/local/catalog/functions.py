"""The functions that exist, with their versions and aliases: created, changed, listed, deleted, found by qualifier."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from .. import limits
from ..function_arn import function_arn
from ..times import rfc3339
from ..whole_number import is_whole_number
from .aliases import Aliases
from .fc_errors import function_already_exists, function_not_found, invalid_argument
from .function import LATEST, Code, DeployedFunction, FunctionSpec
from .paging import page
from .versions import Versions

_NAME = re.compile(limits.FUNCTION_NAME_PATTERN)


class FunctionCatalog:
    """All functions of one account and region.

    Args:
        region: region id, for the ARNs.
        account_id: account id, for the ARNs.
    """

    def __init__(self, region: str, account_id: str) -> None:
        self._region = region
        self._account_id = account_id
        self._functions: dict[str, DeployedFunction] = {}
        self._revision = 0
        self.versions = Versions()
        self.aliases = Aliases()

    def arn(self, name: str, qualifier: str | None = None) -> str:
        """Return a function's ARN; with a qualifier, that of the version or alias."""
        return function_arn(self._region, self._account_id, name, qualifier)

    def create(self, now_ms: int, wire: Mapping[str, Any], code: Code) -> DeployedFunction:
        """Add a function.

        Args:
            now_ms: the time.
            wire: the body of CreateFunction, without its code.
            code: its code.

        Raises:
            FcError: 400 InvalidArgument, 409 FunctionAlreadyExists.
        """
        name = checked_name(wire.get("functionName"))
        if name in self._functions:
            raise function_already_exists(name)
        spec = _spec(name, wire, code)
        self._revision += 1
        function = DeployedFunction(spec, dict(wire), code, self._revision, created_ms=now_ms, modified_ms=now_ms)
        self._functions[name] = function
        return function

    def update(self, now_ms: int, name: str, changes: Mapping[str, Any], code: Code | None) -> DeployedFunction:
        """Change a function.

        Args:
            now_ms: the time.
            name: function name.
            changes: the body of UpdateFunction, without its code; what it does not name stays.
            code: its new code; None: it keeps what it has.

        Raises:
            FcError: 400 InvalidArgument, 404 FunctionNotFound.
        """
        old = self.get(name)
        wire = {**old.wire, **changes, "functionName": name}
        code = old.code if code is None else code
        spec = _spec(name, wire, code)
        self._revision += 1
        function = replace(old, spec=spec, wire=wire, code=code, revision=self._revision, modified_ms=now_ms)
        self._functions[name] = function
        return function

    def get(self, name: str) -> DeployedFunction:
        """Return a function; raises FcError 404 FunctionNotFound."""
        function = self._functions.get(name)
        if function is None:
            raise function_not_found(name)
        return function

    def resolve(self, name: str, qualifier: str | None) -> DeployedFunction:
        """Return what a qualifier of a function means now.

        Args:
            name: function name.
            qualifier: a version's number, an alias, or None for LATEST.

        Raises:
            FcError: 404 FunctionNotFound, VersionNotFound (a qualifier of digits) or AliasNotFound.
        """
        function = self.get(name)
        if qualifier is None:
            return function
        if not (qualifier.isascii() and qualifier.isdigit()):
            qualifier = self.aliases.get(name, qualifier).version_id
        return function if qualifier == LATEST else self.versions.get(name, qualifier).function

    def find(self, name: str) -> DeployedFunction | None:
        """Return a function, or None."""
        return self._functions.get(name)

    def code_dirs(self) -> set[tuple[str, Path]]:
        """Return function name and code folder of every function and version."""
        deployed = [*self._functions.values(), *(version.function for version in self.versions)]
        return {(function.spec.name, function.spec.code_dir) for function in deployed}

    def delete(self, name: str) -> DeployedFunction:
        """Remove a function with its versions and aliases; raises FcError 404 FunctionNotFound."""
        function = self.get(name)
        del self._functions[name]
        self.versions.delete_function(name)
        self.aliases.delete_function(name)
        return function

    def list(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Return the body of ListFunctions for `prefix`, `limit` and `nextToken`."""
        prefix = query.get("prefix", "")
        found = ((name, function) for name, function in self._functions.items() if name.startswith(prefix))
        functions, token = page(found, query)
        return {"functions": [self.to_wire(function) for function in functions], "nextToken": token}

    def to_wire(self, function: DeployedFunction) -> dict[str, Any]:
        """Return the API's Function (SDK model `Function`)."""
        spec = function.spec
        return {
            **function.wire,
            "functionName": spec.name,
            "functionArn": self.arn(spec.name),
            "runtime": spec.runtime,
            "handler": spec.handler,
            "timeout": spec.timeout_seconds,
            "memorySize": spec.memory_mb,
            "environmentVariables": dict(spec.environment),
            "codeSize": function.code.zip_bytes,
            "codeChecksum": function.code.checksum,
            "createdTime": rfc3339(function.created_ms),
            "lastModifiedTime": rfc3339(function.modified_ms),
            "state": "Active",
            "lastUpdateStatus": "Successful",
        }


def checked_name(name: object) -> str:
    """Return a function's name; raises FcError 400 for what can be none."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise invalid_argument(f"functionName must match ^{limits.FUNCTION_NAME_PATTERN}$")
    return name


def _spec(name: str, wire: Mapping[str, Any], code: Code) -> FunctionSpec:
    return FunctionSpec(
        name=name,
        runtime=_text(wire, "runtime"),
        handler=_text(wire, "handler"),
        code_dir=code.folder,
        timeout_seconds=_number(wire, "timeout", (1, limits.MAX_TIMEOUT_SECONDS), limits.DEFAULT_TIMEOUT_SECONDS),
        memory_mb=_number(wire, "memorySize", limits.MEMORY_MB, limits.DEFAULT_MEMORY_MB),
        environment=_environment(wire.get("environmentVariables")),
    )


def _text(wire: Mapping[str, Any], key: str) -> str:
    value = wire.get(key)
    if not isinstance(value, str) or not value or len(value) > limits.MAX_TEXT_CHARACTERS or "\0" in value:
        raise invalid_argument(f"{key} must be a text of 1 to {limits.MAX_TEXT_CHARACTERS} characters")
    if not _encodes(value):
        raise invalid_argument(f"{key} must be a text that UTF-8 can write; it holds half of a surrogate pair")
    return value


def _number(wire: Mapping[str, Any], key: str, bounds: tuple[int, int], default: int) -> int:
    value = wire.get(key)
    if value is None:
        return default
    low, high = bounds
    if not is_whole_number(value, low, high):
        raise invalid_argument(f"{key} must be an integer from {low} to {high}")
    return value


def _environment(value: object) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(_is_variable(name, text) for name, text in value.items()):
        raise invalid_argument(
            "environmentVariables must be an object of texts, with names that an environment can hold"
        )
    return dict(value)


def _is_variable(name: object, text: object) -> bool:
    return (
        isinstance(name, str)
        and isinstance(text, str)
        and name != ""
        and not any(bad in name for bad in "=\0")
        and "\0" not in text
        and _encodes(name + text)
    )


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True

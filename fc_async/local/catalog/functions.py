"""The functions that exist, with their versions and aliases: created, changed, listed, deleted, found by qualifier."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from .. import limits
from ..function_arn import function_arn
from ..times import rfc3339
from .aliases import Aliases
from .destination_needs import Need, missing_needs
from .fc_errors import function_already_exists, function_is_disabled, function_not_found, wrong_value
from .function import LATEST, Code, DeployedFunction, FunctionSpec
from .function_fields import check_function, known_fields
from .function_filters import function_filter
from .paging import page
from .restriction import Restriction
from .versions import Versions

_NAME = re.compile(limits.FUNCTION_NAME_PATTERN)


class FunctionCatalog:
    """All functions of one account and region.

    Args:
        region: region id, for the ARNs.
        account_id: account id, for the ARNs.
    """

    def __init__(self, region: str, account_id: str) -> None:
        self.region = region
        self.account_id = account_id
        self._functions: dict[str, DeployedFunction] = {}
        self._revision = 0
        self._restrictions: dict[str, Restriction] = {}
        self.versions = Versions()
        self.aliases = Aliases()

    def arn(self, name: str, qualifier: str | None = None) -> str:
        """Return a function's ARN; with a qualifier, that of the version or alias."""
        return function_arn(self.region, self.account_id, name, qualifier)

    def missing_needs(self, role: str, destination: str) -> Iterator[Need]:
        """Yield what a destination needs, for a function here with this role, and has not."""
        return missing_needs(role, destination, region=self.region, account_id=self.account_id)

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
        fields = known_fields(wire)
        check_function(fields)
        spec = function_spec(name, fields, code)
        self._revision += 1
        seen_by = f"{self.arn(name)} {now_ms} {self._revision}"
        function = DeployedFunction(
            spec, fields, code, self._revision, now_ms, now_ms, str(uuid5(NAMESPACE_URL, seen_by))
        )
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
        fields = {**old.wire, **known_fields(changes), "functionName": name}
        check_function(fields)
        code = old.code if code is None else code
        spec = function_spec(name, fields, code)
        self._revision += 1
        function = replace(old, spec=spec, wire=fields, code=code, revision=self._revision, modified_ms=now_ms)
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

    def check_same(self, before: DeployedFunction) -> None:
        """Raise FcError 404 where a function was deleted since, also where another one has its name."""
        if self.get(before.spec.name).function_id != before.function_id:
            raise function_not_found(before.spec.name)

    def restrict(self, name: str, restriction: Restriction) -> None:
        """Set whether a function may be invoked; raises FcError 404 FunctionNotFound."""
        self.get(name)
        self._restrictions[name] = restriction

    def check_enabled(self, name: str) -> None:
        """Raise FcError 403 where a function may not be invoked."""
        restriction = self._restrictions.get(name)
        if restriction is not None and restriction.is_disabled:
            raise function_is_disabled(name)

    def find(self, name: str) -> DeployedFunction | None:
        """Return a function, or None."""
        return self._functions.get(name)

    def restriction(self, name: str) -> Restriction | None:
        """Return what was said of a function's invocation; None: nothing."""
        return self._restrictions.get(name)

    def take_up(self, function: DeployedFunction, restriction: Restriction | None) -> None:
        """Have a function again that there was before a restart."""
        name = function.spec.name
        self._functions[name] = function
        self._revision = max(self._revision, function.revision)
        if restriction is not None:
            self._restrictions[name] = restriction

    def code_dirs(self) -> set[tuple[str, Path]]:
        """Return function name and code folder of every function and version."""
        deployed = [*self._functions.values(), *(version.function for version in self.versions)]
        return {(function.spec.name, function.spec.code_dir) for function in deployed}

    def delete(self, name: str) -> DeployedFunction:
        """Remove a function with its versions and aliases; raises FcError 404 FunctionNotFound."""
        function = self.get(name)
        del self._functions[name]
        self._restrictions.pop(name, None)
        self.versions.delete_function(name)
        self.aliases.delete_function(name)
        return function

    def list(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Return the body of ListFunctions for its filters, `limit` and `nextToken`; raises FcError 400."""
        is_asked_for = function_filter(query)
        wires = ((name, self.to_wire(function)) for name, function in self._functions.items())
        functions, token = page(((name, wire) for name, wire in wires if is_asked_for(wire)), query)
        return {"functions": functions, "nextToken": token}

    def to_wire(self, function: DeployedFunction) -> dict[str, Any]:
        """Return the API's Function (SDK model `Function`)."""
        spec = function.spec
        return {
            **function.wire,
            **({"layers": _layers(function.wire["layers"])} if "layers" in function.wire else {}),
            "functionName": spec.name,
            "functionArn": self.arn(spec.name),
            "functionId": function.function_id,
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
            **self._restriction_to_wire(spec.name),
        }

    def _restriction_to_wire(self, name: str) -> dict[str, Any]:
        restriction = self._restrictions.get(name)
        return {} if restriction is None else {"invocationRestriction": restriction.to_wire()}


def checked_name(name: object) -> str:
    """Return a function's name; raises FcError 400 for what can be none."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise wrong_value("functionName", name, f"a text that matches ^{limits.FUNCTION_NAME_PATTERN}$")
    return name


def function_spec(name: str, fields: Mapping[str, Any], code: Code) -> FunctionSpec:
    """Return what the checked fields of a function ask for."""
    return FunctionSpec(
        name=name,
        runtime=fields["runtime"],
        handler=fields["handler"],
        code_dir=code.folder,
        timeout_seconds=fields.get("timeout", limits.DEFAULT_TIMEOUT_SECONDS),
        memory_mb=fields.get("memorySize", limits.DEFAULT_MEMORY_MB),
        environment=dict(fields.get("environmentVariables", {})),
        role=fields.get("role", ""),
    )


def _layers(arns: list[str]) -> list[dict[str, Any]]:
    """A layer is sent as its ARN and answered as an object."""
    return [{"arn": arn, "size": 0} for arn in arns]

"""The calls about functions themselves: one function, the names of all, versions and aliases."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from alibabacloud_fc20230330 import models
from darabonba.runtime import RuntimeOptions

from ..answered import AnswerError, objects, optional, required
from ..arn import parse_arn
from ..checks import check_function
from ..errors import ArgumentError
from .calls import Calls, addressed

PAGE_SIZE = 100
"""Functions, versions or aliases asked for at once, the most that the service gives (docstrings of the FC SDK)."""


class Catalog:
    """The calls about functions; `FunctionsClient` describes them.

    Args:
        calls: makes them.
    """

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def get_function(self, function: str, *, qualifier: str | None = None) -> models.Function:
        """Return the function as the SDK's `Function` model."""
        action, name, query = addressed("get_function", function, qualifier)
        request = models.GetFunctionRequest(**query)
        found: models.Function = self._calls.read(
            action,
            lambda: self._calls.sdk.get_function_with_options(name, request, {}, RuntimeOptions()),
            _function,
        )
        self._learn_from(found.function_arn)
        return found

    def iter_functions(self, prefix: str | None = None) -> Iterator[str]:
        """Go through the names of the functions in the region."""
        begins = None if prefix is None else check_function(prefix)

        def ask(token: str | None) -> object:
            request = models.ListFunctionsRequest(prefix=begins, limit=PAGE_SIZE, next_token=token)
            return self._calls.sdk.list_functions_with_options(request, {}, RuntimeOptions())

        return self._calls.pages("iter_functions", ask, _names("functions", "functionName"))

    def iter_qualifiers(self, function: str) -> Iterator[str]:
        """Go through a function's versions, then its aliases."""
        action, name, _ = addressed("iter_qualifiers", function, None)

        def versions(token: str | None) -> object:
            request = models.ListFunctionVersionsRequest(limit=PAGE_SIZE, next_token=token)
            return self._calls.sdk.list_function_versions_with_options(name, request, {}, RuntimeOptions())

        def aliases(token: str | None) -> object:
            request = models.ListAliasesRequest(limit=PAGE_SIZE, next_token=token)
            return self._calls.sdk.list_aliases_with_options(name, request, {}, RuntimeOptions())

        return chain(
            self._calls.pages(action, versions, _names("versions", "versionId")),
            self._calls.pages(action, aliases, _names("aliases", "aliasName")),
        )

    def _learn_from(self, arn: object) -> None:
        try:
            found = parse_arn(arn) if isinstance(arn, str) else None
        except ArgumentError:
            return
        self._calls.learn_from(found)


def _names(listed: str, key: str) -> Callable[[dict[str, Any]], tuple[list[str], str | None]]:
    """Return what reads a page of a list of names."""

    def read(wire: dict[str, Any]) -> tuple[list[str], str | None]:
        return [required(one, key, str) for one in objects(wire, listed)], optional(wire, "nextToken", str)

    return read


def _function(wire: dict[str, Any]) -> models.Function:
    """Read a function by the SDK's own model, whose failures name no field."""
    found: models.Function | None = None
    with contextlib.suppress(Exception):  # the model raises what it meets: AttributeError, TypeError, ...
        found = models.Function().from_map(wire)
    if found is None:
        raise AnswerError("expected a function as the SDK's model reads it, got a field of another type")
    return found

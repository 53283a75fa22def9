"""Functions, versions and aliases that have no async config at all, so that no list of configs shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from .config_view import function_name, qualifier
from .options import say

if TYPE_CHECKING:
    from ..config import AsyncInvokeConfig
    from ..functions import FunctionsClient

_PAGE_SIZE = 100


def without_config(
    client: FunctionsClient, function: str | None, configs: list[AsyncInvokeConfig], *, all_qualifiers: bool
) -> list[AsyncInvokeConfig]:
    """Return an empty config for each function (and qualifier) that is in none of `configs`.

    Where listing is not permitted (403), stderr says what is not shown: the list of configs is worth having without it.

    Args:
        client: asked for functions, versions and aliases.
        function: only this function; None: all.
        configs: the configs that exist.
        all_qualifiers: also versions and aliases.

    Raises:
        ServiceError: the named function does not exist, or listing was refused otherwise than with 403.
        TransportError: no answer came.
    """
    from ..arn import FunctionArn
    from ..config import AsyncInvokeConfig

    names = _all_functions(client) if function is None else [_existing(client, function)]
    wanted = [(name, "LATEST") for name in names]
    if all_qualifiers:
        wanted += [(name, one) for name in names for one in _qualifiers(client, name)]
    there = {(function_name(one), qualifier(one)) for one in configs}
    gaps = sorted(set(wanted) - there)
    region, account = client.settings.region, client.settings.account_id
    own = (region.value if region else "", account.value if account else "")
    return [
        AsyncInvokeConfig.from_wire(
            {"functionArn": str(FunctionArn(name, *own, qualifier=None if of == "LATEST" else of))}
        )
        for name, of in gaps
    ]


def _existing(client: FunctionsClient, function: str) -> str:
    from ..errors import ServiceError

    try:
        client.get_function(function)
    except ServiceError as error:
        if error.status != 403:
            raise
    return function


def _all_functions(client: FunctionsClient) -> list[str]:
    from alibabacloud_fc20230330 import models
    from darabonba.runtime import RuntimeOptions

    def page(token: str | None) -> Any:
        return client.sdk.list_functions_with_options(
            models.ListFunctionsRequest(limit=_PAGE_SIZE, next_token=token), {}, RuntimeOptions()
        )

    return _listed("functions without a config", client, page, "functions", "functionName")


def _qualifiers(client: FunctionsClient, function: str) -> list[str]:
    from alibabacloud_fc20230330 import models
    from darabonba.runtime import RuntimeOptions

    def aliases(token: str | None) -> Any:
        return client.sdk.list_aliases_with_options(
            function, models.ListAliasesRequest(limit=_PAGE_SIZE, next_token=token), {}, RuntimeOptions()
        )

    def versions(token: str | None) -> Any:
        return client.sdk.list_function_versions_with_options(
            function, models.ListFunctionVersionsRequest(limit=_PAGE_SIZE, next_token=token), {}, RuntimeOptions()
        )

    return [
        *_listed(f"aliases of {function} without a config", client, aliases, "aliases", "aliasName"),
        *_listed(f"versions of {function} without a config", client, versions, "versions", "versionId"),
    ]


def _listed(what: str, client: FunctionsClient, page: Callable[[str | None], Any], key: str, name: str) -> list[str]:
    from ..errors import ServiceError

    try:
        return list(_names(f"list {key}", client, page, key, name))
    except ServiceError as error:
        if error.status != 403:
            raise
        say(f"not shown: {what} (403 {error.code or 'without a code'})")
    return []


def _names(
    action: str, client: FunctionsClient, page: Callable[[str | None], Any], key: str, name: str
) -> Iterator[str]:
    """Go through the names of a list, page by page, each asked for again where it was throttled or lost."""
    from functools import partial

    from ..caller import next_token

    token: str | None = None
    seen: set[str] = set()
    while True:
        names, answered = client._answered(action, partial(page, token), lambda wire: _read_page(wire, key, name))
        yield from names
        token = next_token(action, answered, seen)
        if token is None:
            return


def _read_page(wire: dict[str, Any], key: str, name: str) -> tuple[list[str], str | None]:
    names = [one.get(name) for one in wire.get(key) or ()]  # null when there is none
    if not all(isinstance(one, str) for one in names):
        raise TypeError
    return names, wire.get("nextToken")

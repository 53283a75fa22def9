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

    Where listing is refused, stderr says what is not shown: the list of configs is worth having without it.

    Args:
        client: asked for functions, versions and aliases through the official client.
        function: only this function; None: all.
        configs: the configs that exist.
        all_qualifiers: also versions and aliases.

    Raises:
        ServiceError: the named function does not exist.
    """
    from ..arn import FunctionArn
    from ..config import AsyncInvokeConfig

    names = _all_functions(client.sdk) if function is None else [_existing(client, function)]
    wanted = [(name, "LATEST") for name in names]
    if all_qualifiers:
        wanted += [(name, one) for name in names for one in _qualifiers(client.sdk, name)]
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


def _all_functions(sdk: Any) -> list[str]:
    from alibabacloud_fc20230330 import models

    def page(token: str | None) -> Any:
        return sdk.list_functions(models.ListFunctionsRequest(limit=_PAGE_SIZE, next_token=token))

    return _listed("functions without a config", page, "functions", "function_name")


def _qualifiers(sdk: Any, function: str) -> list[str]:
    from alibabacloud_fc20230330 import models

    def aliases(token: str | None) -> Any:
        return sdk.list_aliases(function, models.ListAliasesRequest(limit=_PAGE_SIZE, next_token=token))

    def versions(token: str | None) -> Any:
        return sdk.list_function_versions(
            function, models.ListFunctionVersionsRequest(limit=_PAGE_SIZE, next_token=token)
        )

    return [
        *_listed(f"aliases of {function} without a config", aliases, "aliases", "alias_name"),
        *_listed(f"versions of {function} without a config", versions, "versions", "version_id"),
    ]


def _listed(what: str, page: Callable[[str | None], Any], key: str, name: str) -> list[str]:
    try:
        return list(_pages(page, key, name))
    except Exception as error:  # the official client raises what it likes; its text can quote the request
        say(f"not shown: {what} ({_reason(error)})")
        return []


def _pages(page: Callable[[str | None], Any], key: str, name: str) -> Iterator[str]:
    token: str | None = None
    seen: set[str | None] = set()
    while token not in seen:
        seen.add(token)
        body = page(token).body
        yield from (str(getattr(one, name)) for one in getattr(body, key) or ())
        token = body.next_token or None


def _reason(error: Exception) -> str:
    from ..wire import identifier

    status = getattr(error, "status_code", None)
    code = identifier(getattr(error, "code", None))
    return f"{status} {code}" if isinstance(status, int) and code else type(error).__name__

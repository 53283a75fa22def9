"""Functions, versions and aliases that have no async config at all, so that no list of configs shows them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...checks import LATEST
from ..options import say
from .view import function_name, qualifier

if TYPE_CHECKING:
    from ...config import AsyncInvokeConfig
    from ...functions.client import FunctionsClient


def without_config(
    client: FunctionsClient,
    function: str | None,
    configs: list[AsyncInvokeConfig],
    *,
    all_qualifiers: bool,
    must_be_seen: bool = False,
) -> list[AsyncInvokeConfig]:
    """Return an empty config for each function (and qualifier) that is in none of `configs`.

    Where listing is not permitted (403), stderr says what is not shown: the list of configs is worth having without it.

    Args:
        client: asked for functions, versions and aliases.
        function: only this function; None: all.
        configs: the configs that exist.
        all_qualifiers: also versions and aliases.
        must_be_seen: a 403 is no reason to leave something out. Default False.

    Raises:
        ServiceError: the named function does not exist, or listing was refused (with 403: where `must_be_seen`).
        TransportError: no answer came.
    """
    from ...arn import FunctionArn
    from ...config import AsyncInvokeConfig

    everything = "functions without a config"
    if function is None:
        names = _listed(everything, client.iter_functions(), must_be_seen)
    else:
        names = [_existing(client, function, must_be_seen)]
    wanted = [(name, LATEST) for name in names]
    if all_qualifiers:
        wanted += [(name, one) for name in names for one in _qualifiers(client, name, must_be_seen)]
    there = {(function_name(one), qualifier(one)) for one in configs}
    gaps = sorted(set(wanted) - there)
    region, account = client.settings.region, client.settings.account_id
    own = (region.value if region else "", account.value if account else "")
    return [
        AsyncInvokeConfig.from_wire(
            {"functionArn": str(FunctionArn(name, *own, qualifier=None if of == LATEST else of))}
        )
        for name, of in gaps
    ]


def _existing(client: FunctionsClient, function: str, must_be_seen: bool) -> str:
    from ...errors import ServiceError

    try:
        client.get_function(function)
    except ServiceError as error:
        if error.status != 403 or must_be_seen:
            raise
    return function


def _qualifiers(client: FunctionsClient, function: str, must_be_seen: bool) -> list[str]:
    what = f"versions and aliases of {function} without a config"
    return _listed(what, client.iter_qualifiers(function), must_be_seen)


def _listed(what: str, names: Iterator[str], must_be_seen: bool) -> list[str]:
    from ...errors import ServiceError

    try:
        return list(names)
    except ServiceError as error:
        if error.status != 403 or must_be_seen:
            raise
        say(f"not shown: {what} (403 {error.code or 'without a code'})")
    return []

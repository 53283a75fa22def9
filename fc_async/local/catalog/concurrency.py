"""The reserved concurrency of functions: how many instances of one run at once at most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import limits
from ..function_arn import function_arn
from ..whole_number import is_whole_number
from .fc_errors import concurrency_config_not_found, wrong_value
from .paging import page


class ConcurrencyConfigs:
    """All concurrency configs of one account and region, one per function.

    Args:
        region: region id, for the ARNs.
        account_id: account id, for the ARNs.
    """

    def __init__(self, region: str, account_id: str) -> None:
        self._region = region
        self._account_id = account_id
        self._reserved: dict[str, int] = {}

    def put(self, function: str, body: Mapping[str, Any]) -> int:
        """Take the body of PutConcurrencyConfig, return its number of instances; raises FcError 400."""
        reserved = body.get("reservedConcurrency")
        if not is_whole_number(reserved, 0, limits.MAX_INSTANCES):
            raise wrong_value("reservedConcurrency", reserved, f"an integer from 0 to {limits.MAX_INSTANCES}")
        self._reserved[function] = reserved
        return reserved

    def find(self, function: str) -> int | None:
        """Return a function's number of instances; None: it has no config."""
        return self._reserved.get(function)

    def take_up(self, function: str, reserved: int) -> None:
        """Have a function's config again that there was before a restart."""
        self._reserved[function] = reserved

    def delete(self, function: str) -> None:
        """Remove a function's config; raises FcError 404."""
        self.to_wire(function)
        del self._reserved[function]

    def discard(self, function: str) -> None:
        """Remove a function's config if there is one."""
        self._reserved.pop(function, None)

    def list(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Return the body of ListConcurrencyConfigs for `functionName`, `limit` and `nextToken`."""
        name = query.get("functionName", "")
        found = ((function, function) for function in self._reserved if not name or function == name)
        functions, token = page(found, query)
        return {"configs": [self.to_wire(function) for function in functions], "nextToken": token}

    def to_wire(self, function: str) -> dict[str, Any]:
        """Return the API's ConcurrencyConfig; raises FcError 404."""
        if function not in self._reserved:
            raise concurrency_config_not_found(function)
        arn = function_arn(self._region, self._account_id, function)
        return {"functionArn": arn, "reservedConcurrency": self._reserved[function]}

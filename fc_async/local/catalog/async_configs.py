"""The async configs that exist, one per function and qualifier: put, read, listed, deleted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .. import limits
from ..assumptions import Assumptions
from ..engine.lane import Settings
from ..function_arn import function_arn
from ..times import rfc3339
from ..whole_number import is_whole_number
from .fc_errors import async_config_not_exists, invalid_argument, invalid_destination, wrong_value
from .function_fields import is_text
from .paging import page


@dataclass(frozen=True)
class StoredConfig:
    """One async config.

    Args:
        values: the top-level keys that were put, as they were put.
        created_ms: when it was first put, in milliseconds since 1970.
        modified_ms: when it was put last.
    """

    values: Mapping[str, Any]
    created_ms: int
    modified_ms: int

    def settings(self) -> Settings:
        """Return what the engine needs of it; what was not put has the service's default."""
        retries = self.values.get("maxAsyncRetryAttempts")
        age_seconds = self.values.get("maxAsyncEventAgeInSeconds")
        return Settings(
            max_retries=limits.DEFAULT_RETRY_ATTEMPTS if retries is None else retries,
            max_age_ms=1000 * (limits.DEFAULT_EVENT_AGE_SECONDS if age_seconds is None else age_seconds),
            on_success=self._destination("onSuccess"),
            on_failure=self._destination("onFailure"),
            async_task=bool(self.values.get("asyncTask")),
        )

    def _destination(self, half: str) -> str | None:
        found = (self.values.get("destinationConfig") or {}).get(half)
        return None if found is None else found["destination"] or None


class AsyncConfigs:
    """All async configs of one account and region.

    Args:
        region: region id, for the ARNs.
        account_id: account id, for the ARNs.
        assumptions: what the service is taken to do where no source says so.
    """

    def __init__(
        self,
        region: str,
        account_id: str,
        assumptions: Assumptions = Assumptions(),  # noqa: B008 - frozen
    ) -> None:
        self._assumed = assumptions
        self._region = region
        self._account_id = account_id
        self._configs: dict[tuple[str, str | None], StoredConfig] = {}

    def put(self, now_ms: int, function: str, qualifier: str | None, body: Mapping[str, Any]) -> StoredConfig:
        """Put `body` into the config, merged as the assumptions say, or make one.

        Raises:
            FcError: 400 InvalidArgument for a value out of range, InvalidDestinationResources for an empty one.
        """
        values = self._checked_values(body)
        old = self._configs.get((function, qualifier))
        if old is None:
            config = StoredConfig(values, now_ms, now_ms)
        else:
            config = StoredConfig(self._merged(old.values, values), old.created_ms, now_ms)
        self._configs[function, qualifier] = config
        return config

    def _merged(self, old: Mapping[str, Any], new: dict[str, Any]) -> dict[str, Any]:
        if not self._assumed.put_merges:
            return new
        merged = {**old, **new}
        if self._assumed.put_merges_inside_destination and new.get("destinationConfig"):
            merged["destinationConfig"] = {**(old.get("destinationConfig") or {}), **new["destinationConfig"]}
        return merged

    def _checked_values(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the keys of a PUT that mean something; null is as if it were not there, unknown keys are ignored."""
        values: dict[str, Any] = {}
        for key, check in _CHECKS.items():
            if body.get(key) is not None:
                values[key] = check(key, body[key])
        destinations = body.get("destinationConfig")
        if destinations is not None:
            checked = self._destinations(destinations)
            if checked or self._assumed.empty_destination_config_clears:
                values["destinationConfig"] = checked
        return values

    def _destinations(self, value: object) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise wrong_value("destinationConfig", value, "an object")
        may_be_empty = not self._assumed.empty_destination_refused
        halves = ("onFailure", "onSuccess")
        return {half: _destination(half, value[half], may_be_empty) for half in halves if value.get(half) is not None}

    def get(self, function: str, qualifier: str | None) -> StoredConfig:
        """Return a config; raises FcError 404 AsyncConfigNotExists."""
        config = self.find(function, qualifier)
        if config is None:
            raise async_config_not_exists(function, qualifier)
        return config

    def find(self, function: str, qualifier: str | None) -> StoredConfig | None:
        """Return a config, or None."""
        return self._configs.get((function, qualifier))

    def of_function(self, function: str) -> dict[str | None, StoredConfig]:
        """Return the configs of a function by qualifier, None for LATEST."""
        return {qualifier: config for (name, qualifier), config in self._configs.items() if name == function}

    def take_up(self, function: str, configs: Mapping[str | None, StoredConfig]) -> None:
        """Have the configs of a function again that there were before a restart."""
        self._configs.update({(function, qualifier): config for qualifier, config in configs.items()})

    def discard(self, function: str, qualifier: str) -> None:
        """Remove a config if there is one."""
        self._configs.pop((function, qualifier), None)

    def delete(self, function: str, qualifier: str | None) -> None:
        """Remove a config; raises FcError 404 AsyncConfigNotExists."""
        self.get(function, qualifier)
        del self._configs[function, qualifier]

    def delete_function(self, function: str) -> None:
        """Remove every config of a function."""
        for key in [key for key in self._configs if key[0] == function]:
            del self._configs[key]

    def list(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Return the body of ListAsyncInvokeConfigs for `functionName`, `limit` and `nextToken`."""
        name = query.get("functionName", "")
        found = (
            # a comma is smaller than every character of a name, so that functions stay together
            (f"{function},{'' if qualifier is None else qualifier}", (function, qualifier))
            for function, qualifier in self._configs
            if not name or function == name
        )
        keys, token = page(found, query)
        return {"configs": [self.to_wire(*key) for key in keys], "nextToken": token}

    def to_wire(self, function: str, qualifier: str | None) -> dict[str, Any]:
        """Return the API's AsyncConfig; what was never put is null (observed in FC 2.0)."""
        config = self.get(function, qualifier)
        destinations = config.values.get("destinationConfig")
        if destinations is not None:
            destinations = {half: destinations.get(half) for half in ("onFailure", "onSuccess")}
        return {
            "asyncTask": config.values.get("asyncTask"),
            "createdTime": rfc3339(config.created_ms),
            "destinationConfig": destinations,
            # The official tools read the qualifier here; there is no other place for it.
            "functionArn": function_arn(self._region, self._account_id, function, qualifier),
            "lastModifiedTime": rfc3339(config.modified_ms),
            "maxAsyncEventAgeInSeconds": config.values.get("maxAsyncEventAgeInSeconds"),
            "maxAsyncRetryAttempts": config.values.get("maxAsyncRetryAttempts"),
        }


def _boolean(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise wrong_value(key, value, "true or false")
    return value


def _integer(low: int, high: int) -> Callable[[str, object], int]:
    def check(key: str, value: object) -> int:
        if not is_whole_number(value, low, high):
            raise wrong_value(key, value, f"an integer from {low} to {high}")
        return value

    return check


def _destination(half: str, value: object, may_be_empty: bool) -> dict[str, str]:
    field = f"destinationConfig.{half}"
    if not isinstance(value, dict):
        raise wrong_value(field, value, "an object with the text 'destination'")
    field, destination = f"{field}.destination", value.get("destination")
    if destination is None or (destination == "" and not may_be_empty):
        raise invalid_destination()
    if not is_text(destination):
        raise wrong_value(field, destination, "a text that UTF-8 can write, without a zero byte")
    if len(destination) > limits.MAX_DESTINATION_CHARACTERS:
        most = limits.MAX_DESTINATION_CHARACTERS
        raise invalid_argument(f"{field} of {len(destination)} characters: expected at most {most}")
    return {"destination": destination}


_CHECKS: dict[str, Callable[[str, object], bool | int]] = {
    "asyncTask": _boolean,
    "maxAsyncEventAgeInSeconds": _integer(1, limits.MAX_EVENT_AGE_SECONDS),
    "maxAsyncRetryAttempts": _integer(0, limits.MAX_RETRY_ATTEMPTS),
}

"""The calls about async configs: get, put, delete, list; `replace.py` replaces one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from alibabacloud_fc20230330 import models
from darabonba.runtime import RuntimeOptions

from ..answered import objects, optional
from ..arn import FunctionArn, QueueArn, TopicArn
from ..checks import check_function
from ..config import AsyncInvokeConfig
from ..errors import ServiceError
from ..transport.repeat import FOREVER
from .calls import Calls, addressed

PAGE_SIZE = 100
"""Configs asked for at once; Alibaba's own tool (devsapp/fc3) asks for as many."""


class Configs:
    """The calls about async configs; `FunctionsClient` describes them.

    Args:
        calls: makes them.
    """

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def get_config(self, function: str, *, qualifier: str | None = None, until: float = FOREVER) -> AsyncInvokeConfig:
        """Return the async config; stop repeating at the clock reading `until`."""
        action, name, query = addressed("get_config", function, qualifier)
        request = models.GetAsyncInvokeConfigRequest(**query)
        return self._calls.read(
            action,
            lambda: self._calls.sdk.get_async_invoke_config_with_options(name, request, {}, self._calls.runtime(until)),
            self._read,
            until,
        )

    def find_config(
        self, function: str, *, qualifier: str | None = None, until: float = FOREVER
    ) -> AsyncInvokeConfig | None:
        """Return the async config, None where there is none; stop repeating at the clock reading `until`."""
        try:
            return self.get_config(function, qualifier=qualifier, until=until)
        except ServiceError as error:
            if error.code != "AsyncConfigNotExists":
                raise
        return None

    def put_config(
        self, function: str, config: AsyncInvokeConfig, *, qualifier: str | None = None
    ) -> AsyncInvokeConfig:
        """Send a config as it is, its short destinations written out."""
        action, name, query = addressed("put_config", function, qualifier)
        body = models.PutAsyncInvokeConfigInput().from_map(self.resolved(config).to_wire())
        request = models.PutAsyncInvokeConfigRequest(body=body, **query)
        return self._calls.read(
            action,
            lambda: self._calls.sdk.put_async_invoke_config_with_options(name, request, {}, RuntimeOptions()),
            self._read,
        )

    def delete_config(self, function: str, *, qualifier: str | None = None) -> None:
        """Take the config away; a 404 after an attempt that may have arrived says that this attempt did."""
        action, name, query = addressed("delete_config", function, qualifier)
        request = models.DeleteAsyncInvokeConfigRequest(**query)

        def delete(may_have_arrived: bool) -> None:
            try:
                self._calls.once(
                    action,
                    lambda: self._calls.sdk.delete_async_invoke_config_with_options(
                        name, request, {}, RuntimeOptions()
                    ),
                    expected=(200, 204),
                )
            except ServiceError as error:
                if not may_have_arrived or error.status != 404:
                    raise

        self._calls.repeat(delete, harmless_twice=True)

    def iter_configs(self, function: str | None = None) -> Iterator[AsyncInvokeConfig]:
        """Go through the configs of one function, or of all."""
        name = None if function is None else check_function(function)

        def ask(token: str | None) -> object:
            request = models.ListAsyncInvokeConfigsRequest(function_name=name, limit=PAGE_SIZE, next_token=token)
            return self._calls.sdk.list_async_invoke_configs_with_options(request, {}, RuntimeOptions())

        def read(wire: dict[str, Any]) -> tuple[list[AsyncInvokeConfig], str | None]:
            return [self._read(one) for one in objects(wire, "configs")], optional(wire, "nextToken", str)

        return self._calls.pages(f"iter_configs {name or 'of all functions'}", ask, read)

    def resolved(self, config: AsyncInvokeConfig) -> AsyncInvokeConfig:
        """Return the config with its short destinations written out; region and account are asked for only then."""
        parts = [
            one for one in (config.on_success, config.on_failure) if isinstance(one, (FunctionArn, QueueArn, TopicArn))
        ]
        if all(one.region and one.account_id for one in parts):
            return config
        return config.resolved(self._calls.settings.require_region(), self._calls.account_id)

    def _read(self, wire: dict[str, Any]) -> AsyncInvokeConfig:
        config = AsyncInvokeConfig.from_wire(wire)
        self._calls.learn_from(config.function)
        return config

"""The calls about async configs: get, put, replace, delete, list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from alibabacloud_fc20230330 import models
from darabonba.runtime import RuntimeOptions

from ..arn import FunctionArn, QueueArn, TopicArn
from ..checks import check_function
from ..config import AsyncInvokeConfig
from ..errors import ServiceError
from ..transport.repeat import FOREVER
from .calls import Caller, addressed
from .replace import replace

PAGE_SIZE = 100
"""Configs asked for at once; Alibaba's own tool (devsapp/fc3) asks for as many."""


class ConfigCalls(Caller):
    """The calls about async configs."""

    def get_config(self, function: str, *, qualifier: str | None = None) -> AsyncInvokeConfig:
        """Return the async config of a function and qualifier.

        Args:
            function: function name.
            qualifier: version or alias; None: LATEST.

        Raises:
            ServiceError: there is none (404), or the service refused.
            TransportError: no answer came.
        """
        return self._get_config(function, qualifier)

    def find_config(self, function: str, *, qualifier: str | None = None) -> AsyncInvokeConfig | None:
        """Return the async config, None where the function has none; everything else as `get_config`."""
        return self._find_config(function, qualifier)

    def put_config(
        self, function: str, config: AsyncInvokeConfig, *, qualifier: str | None = None
    ) -> AsyncInvokeConfig:
        """Send an async config, exactly what it holds, and return what the service made of it.

        Short destinations (`queue:dead`) get this client's region and account. Whether fields that are None keep
        their old value is the service's decision (documented for FC 2.0 only: they do); `replace_config` is sure.

        Args:
            function: function name.
            config: what to send.
            qualifier: version or alias; None: LATEST.

        Raises:
            SettingsError: a destination needs a region, and none was found.
            ServiceError: the service refused.
            TransportError: no answer came.
        """
        action, name, query = addressed("put_config", function, qualifier)
        body = models.PutAsyncInvokeConfigInput().from_map(self._resolved(config).to_wire())
        request = models.PutAsyncInvokeConfigRequest(body=body, **query)
        return self._answered(
            action,
            lambda: self.sdk.put_async_invoke_config_with_options(name, request, {}, RuntimeOptions()),
            self._read_config,
        )

    def replace_config(
        self, function: str, config: AsyncInvokeConfig, *, qualifier: str | None = None
    ) -> AsyncInvokeConfig:
        """Make this the function's async config: what is None gets the service's default, destinations included.

        The config is put, read again and compared. Where a destination is left over that must go, the whole config
        is deleted and put anew, and between these two calls the function has no destinations: an outcome of that
        moment is delivered nowhere. When the deletion or the new config fails then, the old one is put back, and the
        error is raised that was met.

        Args:
            function: function name.
            config: what is to be there afterwards.
            qualifier: version or alias; None: LATEST.

        Raises:
            ReplaceIncomplete: neither the new nor the old config holds; it has the old one and the command that
                restores it.
            SettingsError: a destination needs a region, and none was found.
            ServiceError: the service refused.
            TransportError: no answer came.
        """
        return replace(self, function, self._resolved(config), qualifier, self.settings.options)

    def delete_config(self, function: str, *, qualifier: str | None = None) -> None:
        """Take the async config away; the service's defaults hold from then on.

        Raises:
            ServiceError: there is none (404), or the service refused. A 404 after an attempt that may have arrived
                is no error: that attempt deleted it.
            TransportError: no answer came.
        """
        action, name, query = addressed("delete_config", function, qualifier)
        request = models.DeleteAsyncInvokeConfigRequest(**query)

        def delete(may_have_arrived: bool) -> None:
            try:
                self._transport.call(
                    action,
                    lambda: self.sdk.delete_async_invoke_config_with_options(name, request, {}, RuntimeOptions()),
                    expected=(200, 204),
                )
            except ServiceError as error:
                if not may_have_arrived or error.status != 404:
                    raise

        self._repeats.run(delete, harmless_twice=True)

    def iter_configs(self, function: str | None = None) -> Iterator[AsyncInvokeConfig]:
        """Go through the async configs, page by page, of one function or of all in the region.

        Args:
            function: function name; None: every function.

        Raises:
            ServiceError: the service refused.
            TransportError: no answer came.
        """
        name = None if function is None else check_function(function)

        def ask(token: str | None) -> object:
            request = models.ListAsyncInvokeConfigsRequest(function_name=name, limit=PAGE_SIZE, next_token=token)
            return self.sdk.list_async_invoke_configs_with_options(request, {}, RuntimeOptions())

        def read(wire: dict[str, Any]) -> tuple[list[AsyncInvokeConfig], str | None]:
            configs = wire.get("configs") or ()  # null when there is none
            return [self._read_config(one) for one in configs], wire.get("nextToken")

        return self._pages(f"iter_configs {name or 'of all functions'}", ask, read)

    def _get_config(self, function: str, qualifier: str | None, until: float = FOREVER) -> AsyncInvokeConfig:
        action, name, query = addressed("get_config", function, qualifier)
        request = models.GetAsyncInvokeConfigRequest(**query)
        return self._answered(
            action,
            lambda: self.sdk.get_async_invoke_config_with_options(name, request, {}, self._runtime(until)),
            self._read_config,
            until,
        )

    def _find_config(self, function: str, qualifier: str | None, until: float = FOREVER) -> AsyncInvokeConfig | None:
        try:
            return self._get_config(function, qualifier, until)
        except ServiceError as error:
            if error.code != "AsyncConfigNotExists":
                raise
        return None

    def _read_config(self, wire: dict[str, Any]) -> AsyncInvokeConfig:
        config = AsyncInvokeConfig.from_wire(wire)
        self._learn_from(config.function)
        return config

    def _resolved(self, config: AsyncInvokeConfig) -> AsyncInvokeConfig:
        destinations = config.destination_config
        named = (destinations.on_success, destinations.on_failure) if destinations else ()
        parts = [one for one in named if isinstance(one, (FunctionArn, QueueArn, TopicArn))]
        if all(one.region and one.account_id for one in parts):
            return config
        return config.resolved(self.settings.require_region(), self.account_id)

"""FunctionsClient: the async config of functions, and their invocation; thin over alibabacloud-fc20230330."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from alibabacloud_fc20230330 import models
from darabonba.runtime import RuntimeOptions

from .arn import FunctionArn, QueueArn, TopicArn
from .config import AsyncInvokeConfig
from .errors import ArgumentError, FunctionError, ServiceError
from .invocation import Accepted as Accepted
from .invocation import InvokeResult, handler_error
from .payload import MAX_PAYLOAD_BYTES, check_delay, check_function, check_qualifier, check_task_id, payload_bytes
from .settings import find_settings
from .transport import Transport, last_answer, request_id, unreadable
from .wire import identifier

PAGE_SIZE = 100
"""Configs asked for at once; Alibaba's own tool (devsapp/fc3) asks for as many."""

_Read = TypeVar("_Read")


@dataclass(frozen=True)
class _Page:
    configs: tuple[AsyncInvokeConfig, ...]
    next_token: str | None


class FunctionsClient:
    """Configures and invokes functions of Function Compute 3.0; one may be shared by many threads.

    Args:
        endpoint: URL of both services, for example `http://127.0.0.1:9700`; None: FC_ASYNC_ENDPOINT, else derived
            from region and account.
        fc_endpoint: URL of Function Compute alone, wins over `endpoint`; None: FC_ASYNC_FC_ENDPOINT.
        region: region id; None: as `settings.py` lists.
        account_id: account id; None: likewise. Needed to fill in short destinations.
        profile: a profile of `~/.aliyun/config.json`, used instead of the environment; None: none is named.
        credentials: an `AccessKey`, or a client or provider of alibabacloud-credentials; None: looked for.
        internal: use the hosts that are reachable only inside the region. Default False.
        insecure: allow plain http to a host that is not this machine. Default False.
        connect_timeout_seconds: longest wait for a connection. Default 5.
        read_timeout_seconds: longest wait for an answer. Default 30.
        max_payload_bytes: longest payload of an asynchronous invocation. Default 131072; None: the service decides.

    Raises:
        ArgumentError: an argument cannot be right.
        SettingsError: region, endpoint or profile cannot be found.
    """

    def __init__(
        self,
        *,
        endpoint: str | None = None,
        fc_endpoint: str | None = None,
        region: str | None = None,
        account_id: str | None = None,
        profile: str | None = None,
        credentials: Any = None,
        internal: bool = False,
        insecure: bool = False,
        connect_timeout_seconds: float = 5,
        read_timeout_seconds: float = 30,
        max_payload_bytes: int | None = MAX_PAYLOAD_BYTES,
    ) -> None:
        self.settings = find_settings(
            "fc",
            endpoint=endpoint,
            service_endpoint=fc_endpoint,
            region=region,
            account_id=account_id,
            profile=profile,
            credentials=credentials,
            internal=internal,
            insecure=insecure,
        )
        self._max_payload_bytes = max_payload_bytes
        self._transport = Transport(
            self.settings,
            connect_timeout_seconds=check_timeout("connect_timeout_seconds", connect_timeout_seconds),
            read_timeout_seconds=check_timeout("read_timeout_seconds", read_timeout_seconds),
        )

    def __enter__(self) -> FunctionsClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"FunctionsClient({self.settings.place})"

    @property
    def sdk(self) -> Any:
        """The official client of alibabacloud-fc20230330, configured; it raises the SDK's own exceptions."""
        return self._transport.sdk

    def close(self) -> None:
        """Close the connections that are open; a later call opens new ones."""
        self._transport.close()

    def get_config(self, function: str, *, qualifier: str | None = None) -> AsyncInvokeConfig:
        """Return the async config of a function and qualifier.

        Args:
            function: function name.
            qualifier: version or alias; None: LATEST.

        Raises:
            ServiceError: there is none (404), or the service refused.
            TransportError: no answer came.
        """
        action, name, query = _addressed("get_config", function, qualifier)
        request = models.GetAsyncInvokeConfigRequest(**query)
        return self._answered(
            action,
            lambda: self.sdk.get_async_invoke_config_with_options(name, request, {}, RuntimeOptions()),
            AsyncInvokeConfig.from_wire,
        )

    def find_config(self, function: str, *, qualifier: str | None = None) -> AsyncInvokeConfig | None:
        """Return the async config, None where the function has none; everything else as `get_config`."""
        try:
            return self.get_config(function, qualifier=qualifier)
        except ServiceError as error:
            if error.code != "AsyncConfigNotExists":
                raise
        return None

    def put_config(
        self, function: str, config: AsyncInvokeConfig, *, qualifier: str | None = None
    ) -> AsyncInvokeConfig:
        """Send an async config, exactly what it holds, and return what the service made of it.

        Short destinations (`queue:dead`) get this client's region and account. Whether fields that are None keep
        their old value is the service's decision (documented for FC 2.0 only: they do).

        Args:
            function: function name.
            config: what to send.
            qualifier: version or alias; None: LATEST.

        Raises:
            SettingsError: a destination needs a region or an account, and none was found.
            ServiceError: the service refused.
            TransportError: no answer came.
        """
        action, name, query = _addressed("put_config", function, qualifier)
        body = models.PutAsyncInvokeConfigInput().from_map(self._resolved(config).to_wire())
        request = models.PutAsyncInvokeConfigRequest(body=body, **query)
        return self._answered(
            action,
            lambda: self.sdk.put_async_invoke_config_with_options(name, request, {}, RuntimeOptions()),
            AsyncInvokeConfig.from_wire,
        )

    def delete_config(self, function: str, *, qualifier: str | None = None) -> None:
        """Take the async config away; the service's defaults hold from then on.

        Raises:
            ServiceError: there is none (404), or the service refused.
            TransportError: no answer came.
        """
        action, name, query = _addressed("delete_config", function, qualifier)
        request = models.DeleteAsyncInvokeConfigRequest(**query)
        self._transport.call(
            action,
            lambda: self.sdk.delete_async_invoke_config_with_options(name, request, {}, RuntimeOptions()),
            expected=(200, 204),
        )

    def iter_configs(self, function: str | None = None) -> Iterator[AsyncInvokeConfig]:
        """Go through the async configs, page by page, of one function or of all in the region.

        Args:
            function: function name; None: every function.

        Raises:
            ServiceError: the service refused.
            TransportError: no answer came.
        """
        name = None if function is None else check_function(function)
        return self._pages(f"iter_configs {name or 'of all functions'}", name)

    def get_function(self, function: str, *, qualifier: str | None = None) -> Any:
        """Return the function as the SDK's `Function` model: role, timeout, runtime and so on.

        Raises:
            ServiceError: it does not exist (404), or the service refused.
            TransportError: no answer came.
        """
        action, name, query = _addressed("get_function", function, qualifier)
        request = models.GetFunctionRequest(**query)
        return self._answered(
            action,
            lambda: self.sdk.get_function_with_options(name, request, {}, RuntimeOptions()),
            models.Function().from_map,
        )

    def invoke_async(
        self,
        function: str,
        payload: Any,
        *,
        qualifier: str | None = None,
        delay_seconds: int | None = None,
        task_id: str | None = None,
    ) -> Accepted:
        """Hand an invocation to the service's queue; only its answer 202 counts as accepted.

        It is sent once: when no answer comes, `TransportError.sent` says whether it may run all the same.

        Args:
            function: function name.
            payload: str is UTF-8 as it is, bytes as they are, a Path is read, None is no body, anything else is
                compact JSON; 131072 bytes at most (`max_payload_bytes`).
            qualifier: version or alias; None: LATEST.
            delay_seconds: run no earlier than this, 0 to 3600; None and 0: at once.
            task_id: an id of your own, a letter or `_` first, 128 characters at most; None: the service's.

        Raises:
            ArgumentError: the payload is too long or an argument cannot be right; nothing was sent.
            ServiceError: the service refused.
            TransportError: no answer came.
        """
        raw = payload_bytes(payload, self._max_payload_bytes)
        headers = models.InvokeFunctionHeaders(
            # a dictionary of our own each time: the SDK writes into it
            common_headers={"x-fc-async-delay": str(delay_seconds)} if check_delay(delay_seconds) else {},
            x_fc_invocation_type="Async",
            x_fc_async_task_id=check_task_id(task_id),
        )
        self._invoke("invoke_async", function, qualifier, raw, headers, RuntimeOptions(), expected=(202,))
        answer = last_answer()
        return Accepted(request_id(answer) or "", identifier(answer.headers.get("x-fc-async-task-id")) or task_id)

    def invoke(
        self, function: str, payload: Any, *, qualifier: str | None = None, timeout_seconds: float | None = None
    ) -> InvokeResult:
        """Run a function and wait for what it returns.

        Args:
            function: function name.
            payload: as for `invoke_async`, without its limit.
            qualifier: version or alias; None: LATEST.
            timeout_seconds: longest wait for the answer; None: the client's read timeout.

        Raises:
            FunctionError: the function ran and its handler failed.
            ServiceError: the service refused.
            TransportError: no answer came; `.sent` says whether the function may have run.
        """
        runtime = RuntimeOptions()
        if timeout_seconds is not None:
            runtime.read_timeout = round(check_timeout("timeout_seconds", timeout_seconds) * 1000)
        headers = models.InvokeFunctionHeaders(common_headers={}, x_fc_invocation_type="Sync")
        self._invoke("invoke", function, qualifier, payload_bytes(payload), headers, runtime, expected=(200,))
        answer = last_answer()
        kind = identifier(answer.headers.get("x-fc-error-type"))
        if kind is not None:
            raise FunctionError(handler_error(answer.body, kind), answer.body, request_id(answer))
        return InvokeResult(answer.body, request_id(answer) or "")

    def _invoke(
        self,
        verb: str,
        function: str,
        qualifier: str | None,
        raw: bytes | None,
        headers: Any,
        runtime: Any,
        *,
        expected: tuple[int, ...],
    ) -> None:
        action, name, query = _addressed(verb, function, qualifier)
        request = models.InvokeFunctionRequest(body=raw, **query)
        private = (raw.decode("utf-8", "replace"),) if raw else ()
        self._transport.call(
            action,
            lambda: self.sdk.invoke_function_with_options(name, request, headers, runtime),
            expected=expected,
            private=private,
        )

    def _answered(self, action: str, operation: Callable[[], Any], reader: Callable[[dict[str, Any]], _Read]) -> _Read:
        """Make the call and read its answer from the JSON as it came: the SDK's models let nearly anything pass."""
        self._transport.call(action, operation, expected=(200,))
        answer = last_answer()
        try:
            return reader(_json_object(answer.body))
        except (AttributeError, TypeError, ValueError) as error:  # pydantic's and ArgumentError are ValueErrors
            failure = unreadable(action, answer, type(error).__name__)
        raise failure

    def _pages(self, action: str, function: str | None) -> Iterator[AsyncInvokeConfig]:
        page = self._page(action, function, None)
        seen = set()
        while True:
            yield from page.configs
            if page.next_token is None:
                return
            if page.next_token in seen:
                raise ServiceError(200, None, message="a list whose pages repeat without an end", action=action)
            seen.add(page.next_token)
            page = self._page(action, function, page.next_token)

    def _page(self, action: str, function: str | None, token: str | None) -> _Page:
        request = models.ListAsyncInvokeConfigsRequest(function_name=function, limit=PAGE_SIZE, next_token=token)
        return self._answered(
            action, lambda: self.sdk.list_async_invoke_configs_with_options(request, {}, RuntimeOptions()), _read_page
        )

    def _resolved(self, config: AsyncInvokeConfig) -> AsyncInvokeConfig:
        destinations = config.destination_config
        named = (destinations.on_success, destinations.on_failure) if destinations else ()
        parts = [one for one in named if isinstance(one, (FunctionArn, QueueArn, TopicArn))]
        if all(one.region and one.account_id for one in parts):
            return config
        return config.resolved(self.settings.require_region(), self.settings.require_account_id())


def check_timeout(name: str, seconds: object) -> float:
    """Return a timeout in seconds.

    Raises:
        ArgumentError: it is no number over 0.
    """
    if isinstance(seconds, (int, float)) and not isinstance(seconds, bool) and 0 < seconds < float("inf"):
        return seconds
    raise ArgumentError(f"{name}: expected seconds over 0, got {str(seconds)[:40]}")


def _addressed(verb: str, function: str, qualifier: str | None) -> tuple[str, str, dict[str, str]]:
    """Return what is being done, the checked name, and the query's qualifier."""
    name, checked = check_function(function), check_qualifier(qualifier)
    if checked is None:
        return f"{verb} {name}", name, {}
    return f"{verb} {name}@{checked}", name, {"qualifier": checked}


def _read_page(wire: dict[str, Any]) -> _Page:
    configs = tuple(AsyncInvokeConfig.from_wire(one) for one in wire.get("configs") or ())  # null when there is none
    return _Page(configs, wire.get("nextToken") or None)


def _json_object(body: bytes) -> dict[str, Any]:
    found = json.loads(body)
    if not isinstance(found, dict):
        raise TypeError
    return found

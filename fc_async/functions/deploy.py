"""Deploying a function's code: created, or brought to the asked state, waited for, published where that is asked.

`deploy_function` is a method of FunctionsClient; it stands here with what it does.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from datetime import timedelta
from os import PathLike
from typing import TYPE_CHECKING, Any

from alibabacloud_fc20230330 import models
from darabonba.runtime import RuntimeOptions

from ..answered import AnswerError, required
from ..checks import DAY_SECONDS, check_function, check_whole, whole_seconds
from ..errors import ArgumentError, ServiceError
from ..transport.fc_transport import unreadable
from ..transport.repeat import FOREVER
from ..transport.service_text import identifier, said
from .calls import Calls
from .code_package import packaged
from .outcomes import DeployedFunction

if TYPE_CHECKING:
    from .client import FunctionsClient

MAX_WAIT_SECONDS = 120
LOOK_SECONDS = 1
MAX_MEMORY_MB = 32768
"""Docstring of the FC SDK's CreateFunctionInput; that it is a multiple of 64 is left to the service."""

_ROLE = re.compile(r"acs:ram::[0-9]*:role/\S+", re.IGNORECASE)
_PRIVATE_CHARACTERS = 6
"""Shorter values of variables are words (`1`, `prod`), which a message of the service may well hold."""

_READY = (None, "", "Active"), (None, "", "Successful")
"""State and status of the last update (docstrings of the FC SDK's Function); a service may tell neither."""


def deploy_function(  # noqa: D417 - a method
    self: FunctionsClient,
    function: str,
    code: str | PathLike[str] | bytes,
    *,
    runtime: str,
    handler: str,
    timeout_seconds: int | timedelta | None = None,
    memory_mb: int | None = None,
    role: str | None = None,
    environment: Mapping[str, str] | None = None,
    description: str | None = None,
    publish: bool = False,
) -> DeployedFunction:
    """Create a function, or bring the one that is there to this state; return when it can be invoked.

    What is None is the service's default for a new function, and stays as it is for one that is there.

    Args:
        function: function name.
        code: a folder, which is packed (always the same zip for the same files; without `__pycache__` and what begins
            with a dot; a link is followed where it stays in the folder); a file that ends in `.zip`; or a zip's bytes.
            50 MB at most.
        runtime: for example `python3.10`.
        handler: for example `index.handler`.
        timeout_seconds: how long an execution may take, 1 to 86400, a number or a timedelta.
        memory_mb: memory of an instance, 128 to 32768 MB.
        role: ARN of the role that the function acts as (`acs:ram::ACCOUNT:role/NAME`).
        environment: the environment variables, all of them: others that are there go; {}: none.
        description: what it is for.
        publish: also publish what is there now as a version. Default False.

    Raises:
        ArgumentError: the code cannot be packed or is over 50 MB, or an argument cannot be right.
        ServiceError: the service refused, or the function was not Active after 120 s: the message has its state.
        TransportError: no answer came; when `.sent`, the function may be changed.
    """
    name = check_function(function)
    fields = _fields(runtime, handler, timeout_seconds, memory_mb, role, environment, description)
    code_location = models.InputCodeLocation(zip_file=base64.b64encode(packaged(code)).decode())
    deployment = _Deployment(self._calls, name, {**fields, "code": code_location})
    created = deployment.create_or_update()
    arn = deployment.wait_until_active()
    return DeployedFunction(arn, created, deployment.publish() if publish else None)


class _Deployment:
    def __init__(self, calls: Calls, name: str, fields: dict[str, Any]) -> None:
        self._calls = calls
        self._name = name
        self._fields = fields
        self._action = f"deploy_function {name}"
        values = (fields["environment_variables"] or {}).values()
        self._private = tuple(one for one in values if len(one) >= _PRIVATE_CHARACTERS)

    def create_or_update(self) -> bool:
        """Bring the function to the asked state; return whether it is a new one."""
        try:
            self._found()
        except ServiceError as error:
            if error.code != "FunctionNotFound":
                raise
        else:
            self._update()
            return False
        try:
            self._create()
        except ServiceError as error:
            if error.code != "FunctionAlreadyExists":
                raise
            self._update()  # somebody else was faster
            return False
        return True

    def wait_until_active(self) -> str:
        """Return the function's ARN once the service says that it is ready."""
        until, waited_seconds = self._calls.clock() + MAX_WAIT_SECONDS, 0
        while True:
            found = self._found(until)
            seen = (found.state, found.last_update_status)
            if all(one in ready for one, ready in zip(seen, _READY, strict=True)):
                return found.function_arn or ""
            is_over = waited_seconds >= MAX_WAIT_SECONDS or self._calls.clock() >= until
            if "Failed" in seen or is_over:
                raise self._not_active(found, is_over="Failed" not in seen)
            self._calls.sleep(LOOK_SECONDS)
            waited_seconds += LOOK_SECONDS

    def publish(self) -> str:
        """Publish a version and return its id; where nothing has changed since the last one, return that one's."""
        request = models.PublishFunctionVersionRequest(body=models.PublishVersionInput())

        def call() -> object:
            return self._calls.sdk.publish_function_version_with_options(self._name, request, {}, RuntimeOptions())

        try:
            answer = self._calls.repeat(
                lambda _: self._calls.once(self._action, call, expected=(200,)), harmless_twice=False
            )
        except ServiceError as error:
            if error.code != "VersionPublishError":
                raise
            refused = error
        else:
            try:
                return required(json.loads(answer.body), "versionId", str)
            except (AttributeError, ValueError, RecursionError) as error:
                reason = str(error) if isinstance(error, AnswerError) else type(error).__name__
            raise unreadable(self._action, answer, reason)
        newest = self._newest_version()
        if newest is None:
            raise refused
        return newest

    def _newest_version(self) -> str | None:
        request = models.ListFunctionVersionsRequest(direction="BACKWARD", limit=1)

        def call() -> object:
            return self._calls.sdk.list_function_versions_with_options(self._name, request, {}, RuntimeOptions())

        found = self._calls.read(self._action, call, models.ListVersionsOutput().from_map)
        versions = [one.version_id for one in found.versions or []]
        return versions[0] if versions else None

    def _found(self, until: float = FOREVER) -> Any:
        request = models.GetFunctionRequest()
        return self._calls.read(
            self._action,
            lambda: self._calls.sdk.get_function_with_options(self._name, request, {}, self._calls.runtime(until)),
            models.Function().from_map,
            until,
        )

    def _create(self) -> None:
        body = models.CreateFunctionInput(function_name=self._name, **self._fields)
        request = models.CreateFunctionRequest(body=body)

        def create(may_have_arrived: bool) -> None:
            try:
                self._send(lambda: self._calls.sdk.create_function_with_options(request, {}, RuntimeOptions()))
            except ServiceError as error:
                if not may_have_arrived or error.code != "FunctionAlreadyExists":
                    raise  # else it is there because an attempt before this one arrived

        self._calls.repeat(create, harmless_twice=True)

    def _update(self) -> None:
        request = models.UpdateFunctionRequest(body=models.UpdateFunctionInput(**self._fields))

        def call() -> object:
            return self._calls.sdk.update_function_with_options(self._name, request, {}, RuntimeOptions())

        self._calls.repeat(lambda _: self._send(call), harmless_twice=True)

    def _send(self, call: Any) -> None:
        self._calls.once(self._action, call, expected=(200, 201), private=self._private)

    def _not_active(self, found: Any, *, is_over: bool) -> ServiceError:
        state = identifier(found.state) or "not told"
        update = identifier(found.last_update_status) or "not told"
        reason = said(found.state_reason or found.last_update_status_reason, None, self._private)
        message = (
            f"the function's state is {state}, that of its last update {update}"
            + (f" after {MAX_WAIT_SECONDS} s" if is_over else "")
            + (f" ({reason})" if reason else "")
        )
        return ServiceError(200, identifier(found.state_reason_code), message=message, action=self._action)


def _fields(
    runtime: object,
    handler: object,
    timeout_seconds: object,
    memory_mb: object,
    role: object,
    environment: object,
    description: object,
) -> dict[str, Any]:
    """Return the SDK's fields of a function, checked; None: not sent."""
    if role is not None and not (isinstance(role, str) and _ROLE.fullmatch(role)):
        raise ArgumentError(f"role: expected a role's ARN (acs:ram::ACCOUNT:role/NAME), got {str(role)[:80]!r}")
    timeout = whole_seconds(timeout_seconds)
    return {
        "runtime": _text("runtime", runtime),
        "handler": _text("handler", handler),
        "timeout": None if timeout is None else check_whole("timeout_seconds", timeout, 1, DAY_SECONDS),
        "memory_size": None if memory_mb is None else check_whole("memory_mb", memory_mb, 128, MAX_MEMORY_MB),
        "role": role,
        "environment_variables": None if environment is None else _variables(environment),
        "description": None if description is None else _text("description", description, may_be_empty=True),
    }


def _text(name: str, value: object, *, may_be_empty: bool = False) -> str:
    if isinstance(value, str) and (value or may_be_empty):
        return value
    raise ArgumentError(f"{name}: expected text, got {'nothing' if value == '' else type(value).__name__}")


def _variables(environment: object) -> dict[str, str]:
    """Return the variables; no message has a value, which may be a secret."""
    if not isinstance(environment, Mapping):
        raise ArgumentError(f"environment: expected names with texts, got {type(environment).__name__}")
    for name, value in environment.items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise ArgumentError(
                f"environment: expected names with texts, got {str(name)[:40]!r} with a {type(value).__name__}"
            )
    return dict(environment)

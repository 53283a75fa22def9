"""Functions and async configs, changed in one place: what exists, and what the engine is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .async_configs import AsyncConfigs
from .clock import Clock
from .engine import Engine
from .fc_errors import FcError
from .function import DeployedFunction, FunctionSpec
from .function_catalog import FunctionCatalog


class ControlPlane:
    """What can be done to functions and their async configs.

    Args:
        clock: the service's time.
        catalog: the functions.
        configs: their async configs.
        engine: hears of both.
    """

    def __init__(self, *, clock: Clock, catalog: FunctionCatalog, configs: AsyncConfigs, engine: Engine) -> None:
        self._clock = clock
        self.catalog = catalog
        self.configs = configs
        self._engine = engine

    def create_function(self, wire: Mapping[str, Any], code: Mapping[str, Any]) -> DeployedFunction:
        """Create a function from the body of CreateFunction and its code; raises FcError."""
        function = self.catalog.create(self._clock.now_ms(), wire, **code)
        self._engine.add_function(function.spec.name)
        return function

    def update_function(self, name: str, wire: Mapping[str, Any], code: Mapping[str, Any]) -> DeployedFunction:
        """Change a function by the body of UpdateFunction, and its code if there is new one; raises FcError."""
        return self.catalog.update(self._clock.now_ms(), name, wire, code)

    def delete_function(self, name: str) -> None:
        """Delete a function and its async configs; raises FcError 404."""
        self.catalog.delete(name)
        self.configs.delete_function(name)
        self._engine.remove_function(name)

    def put_config(self, name: str, qualifier: str | None, body: Mapping[str, Any]) -> dict[str, Any]:
        """Merge `body` into the async config; returns the API's AsyncConfig; raises FcError."""
        self.catalog.get(name)
        config = self.configs.put(self._clock.now_ms(), name, qualifier, body)
        self._engine.configure(name, qualifier, config.settings())
        return self.configs.to_wire(name, qualifier)

    def get_config(self, name: str, qualifier: str | None) -> dict[str, Any]:
        """Return the API's AsyncConfig; raises FcError 404 for the function before that for the config (assumed)."""
        self.catalog.get(name)
        return self.configs.to_wire(name, qualifier)

    def delete_config(self, name: str, qualifier: str | None) -> None:
        """Delete the async config; raises FcError 404."""
        self.catalog.get(name)
        self.configs.delete(name, qualifier)
        self._engine.configure(name, qualifier, None)

    def is_async_task(self, name: str, qualifier: str | None) -> bool:
        """Whether invocations of the function and qualifier are async tasks."""
        try:
            return bool(self.configs.get(name, qualifier).values.get("asyncTask"))
        except FcError:
            return False

    def deploy_folder(self, spec: FunctionSpec) -> DeployedFunction:
        """Create or change a function whose code is a folder that its developer goes on editing; raises FcError."""
        wire = {
            "functionName": spec.name,
            "runtime": spec.runtime,
            "handler": spec.handler,
            "timeout": spec.timeout_seconds,
            "memorySize": spec.memory_mb,
            "environmentVariables": dict(spec.environment),
        }
        code = {"code_dir": spec.code_dir.resolve(), "is_watched": True, "code_bytes": 0, "code_checksum": ""}
        if self.catalog.find(spec.name) is None:
            return self.create_function(wire, code)
        return self.update_function(spec.name, wire, code)

"""Functions, qualifiers and async configs, changed in one place: what exists, and what the engine is told of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from ..clock import Clock
from ..engine.engine import Engine
from ..kept import NOT_KEPT, Kept
from .aliases import Alias, name_of, version_of
from .async_configs import AsyncConfigs
from .concurrency import ConcurrencyConfigs
from .destination_needs import Need
from .fc_errors import FcError, invalid_argument
from .function import LATEST, Code, DeployedFunction, FunctionSpec
from .functions import FunctionCatalog
from .kept_function import KeptFunction
from .restriction import Restriction
from .versions import Version


class ControlPlane:
    """What can be done to functions, their versions and aliases, and their async configs.

    Args:
        clock: the service's time.
        catalog: the functions.
        configs: their async configs.
        engine: hears of both.
        kept: the functions, by their names and with all that belongs to them, where they outlive the process.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        catalog: FunctionCatalog,
        configs: AsyncConfigs,
        engine: Engine,
        kept: Kept[str, Callable[[], KeptFunction]] = NOT_KEPT,
    ) -> None:
        self._kept = kept
        self._clock = clock
        self.catalog = catalog
        self.configs = configs
        self._engine = engine
        self.concurrency = ConcurrencyConfigs(catalog.region, catalog.account_id)

    def create_function(self, wire: Mapping[str, Any], code: Code) -> DeployedFunction:
        """Create a function from the body of CreateFunction and its code; raises FcError."""
        function = self.catalog.create(self._clock.now_ms(), wire, code)
        self._engine.functions.add(function.spec.name)
        self._keep(function.spec.name)
        return function

    def update_function(self, name: str, wire: Mapping[str, Any], code: Code | None) -> DeployedFunction:
        """Change a function by the body of UpdateFunction, and its code where there is a new one; raises FcError."""
        function = self.catalog.update(self._clock.now_ms(), name, wire, code)
        self._keep(name)
        return function

    def delete_function(self, name: str) -> None:
        """Delete a function and its async configs; raises FcError 404."""
        self.catalog.delete(name)
        self.configs.delete_function(name)
        self.concurrency.discard(name)
        self._engine.functions.remove(name)
        self._kept.drop(name)

    def limit_function(self, name: str, instances: int | None) -> None:
        """Limit how many executions of a function run at once; None lifts the limit; raises FcError 404."""
        self.catalog.get(name)
        self._engine.functions.limit(name, instances)
        self._keep(name)

    def put_concurrency(self, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Reserve instances for a function, which it may not exceed; returns the API's ConcurrencyConfig."""
        self.catalog.get(name)
        self._engine.functions.reserve(name, self.concurrency.put(name, body))
        self._keep(name)
        return self.concurrency.to_wire(name)

    def get_concurrency(self, name: str) -> dict[str, Any]:
        """Return the API's ConcurrencyConfig; raises FcError 404 for the function before the config (assumed)."""
        self.catalog.get(name)
        return self.concurrency.to_wire(name)

    def delete_concurrency(self, name: str) -> None:
        """Take back what was reserved; raises FcError 404."""
        self.catalog.get(name)
        self.concurrency.delete(name)
        self._engine.functions.reserve(name, None)
        self._keep(name)

    def restrict(self, name: str, restriction: Restriction) -> None:
        """Disable or enable the invocation of a function; raises FcError 404."""
        self.catalog.restrict(name, restriction)
        self._engine.functions.disable(name, is_disabled=restriction.is_disabled)
        self._keep(name)

    # versions and aliases

    def publish_version(self, name: str, description: str, copy: Path | None) -> Version:
        """Publish LATEST as the next version.

        Args:
            name: function name.
            description: what is said of the version.
            copy: folder with a copy of its code, for code that its developer goes on editing; None: the code's own.

        Raises:
            FcError: 404 FunctionNotFound; 400 VersionPublishError where nothing has changed since the last one.
        """
        function = self.catalog.get(name)
        version = self.catalog.versions.publish(self._clock.now_ms(), _snapshot(function, copy), description)
        self._engine.functions.add_qualifier(name, version.version_id)
        self._keep(name)
        return version

    def delete_version(self, name: str, version_id: str) -> None:
        """Delete a version and its async config; raises FcError 404, and 400 while an alias points to it (assumed)."""
        self.catalog.get(name)
        self.catalog.versions.get(name, version_id)
        aliases = self.catalog.aliases.of_version(name, version_id)
        if aliases:
            raise invalid_argument(f"version '{version_id}' is what alias '{aliases[0]}' points to")
        self.catalog.versions.delete(name, version_id)
        self._forget_qualifier(name, version_id)

    def create_alias(self, name: str, body: Mapping[str, Any]) -> Alias:
        """Create an alias from the body of CreateAlias; raises FcError 400, 404 or 409."""
        name_of(body)  # what is malformed is said before what is not there
        self._check_version(name, version_of(body))
        alias = self.catalog.aliases.create(self._clock.now_ms(), name, body)
        self._engine.functions.add_qualifier(name, alias.name)
        self._keep(name)
        return alias

    def update_alias(self, name: str, alias: str, body: Mapping[str, Any]) -> Alias:
        """Change an alias by the body of UpdateAlias; what waits for it goes where it points then; raises FcError."""
        self.catalog.get(name)
        self.catalog.aliases.get(name, alias)
        if body.get("versionId") is not None:
            self._check_version(name, version_of(body))
        changed = self.catalog.aliases.update(self._clock.now_ms(), name, alias, body)
        self._keep(name)
        return changed

    def changes_alias(self, name: str, alias: str, body: Mapping[str, Any]) -> bool:
        """Whether a body of UpdateAlias says anything new; raises FcError 404."""
        self.catalog.get(name)
        now = self.catalog.aliases.get(name, alias)
        asked = ((body.get("versionId"), now.version_id), (body.get("description"), now.description))
        return any(new is not None and new != old for new, old in asked)

    def delete_alias(self, name: str, alias: str) -> None:
        """Delete an alias and its async config; raises FcError 404."""
        self.catalog.get(name)
        self.catalog.aliases.delete(name, alias)
        self._forget_qualifier(name, alias)

    def _check_version(self, name: str, version_id: str) -> None:
        self.catalog.get(name)
        if version_id != LATEST:
            self.catalog.versions.get(name, version_id)

    def _forget_qualifier(self, name: str, qualifier: str) -> None:
        self.configs.discard(name, qualifier)
        self._engine.functions.remove_qualifier(name, qualifier)
        self._keep(name)

    # async configs

    def put_config(self, name: str, qualifier: str | None, body: Mapping[str, Any]) -> dict[str, Any]:
        """Merge `body` into the async config; returns the API's AsyncConfig; raises FcError."""
        self.catalog.resolve(name, qualifier)
        config = self.configs.put(self._clock.now_ms(), name, qualifier, body)
        self._engine.functions.configure(name, qualifier, config.settings())
        self._keep(name)
        return self.configs.to_wire(name, qualifier)

    def get_config(self, name: str, qualifier: str | None) -> dict[str, Any]:
        """Return the API's AsyncConfig; raises FcError 404 for function and qualifier before the config (assumed)."""
        self.catalog.resolve(name, qualifier)
        return self.configs.to_wire(name, qualifier)

    def delete_config(self, name: str, qualifier: str | None) -> None:
        """Delete the async config; raises FcError 404."""
        self.catalog.resolve(name, qualifier)
        self.configs.delete(name, qualifier)
        self._engine.functions.configure(name, qualifier, None)
        self._keep(name)

    def discard_config(self, name: str, qualifier: str | None) -> None:
        """Delete an async config if there is one."""
        if self.configs.find(name, qualifier) is not None:
            self.delete_config(name, qualifier)

    def missing_needs(self, name: str, qualifier: str | None) -> list[tuple[str, Need]]:
        """Return each destination of a config that needs what it has not, and that."""
        config = self.configs.find(name, qualifier)
        if config is None:
            return []
        settings, role = config.settings(), self.catalog.resolve(name, qualifier).spec.role
        destinations = [one for one in (settings.on_success, settings.on_failure) if one is not None]
        return [(one, need) for one in destinations for need in self.catalog.missing_needs(role, one)]

    def is_async_task(self, name: str, qualifier: str | None) -> bool:
        """Whether invocations of the function and qualifier are async tasks."""
        config = self.configs.find(name, qualifier)
        return config is not None and bool(config.values.get("asyncTask"))

    # beyond the life of the process

    def _keep(self, name: str) -> None:
        self._kept.put(name, partial(self._kept_function, name))

    def _kept_function(self, name: str) -> KeptFunction:
        return KeptFunction(
            function=self.catalog.get(name),
            restriction=self.catalog.restriction(name),
            versions=self.catalog.versions.of_function(name),
            published=self.catalog.versions.published(name),
            aliases=self.catalog.aliases.of_function(name),
            configs=self.configs.of_function(name),
            reserved=self.concurrency.find(name),
            limit=self._engine.functions.lane(name).limit,
            serials=self._engine.functions.serials(name),
        )

    def take_up(self, kept: KeptFunction) -> None:
        """Have a function again as it was before a restart."""
        name = kept.function.spec.name
        self.catalog.take_up(kept.function, kept.restriction)
        self.catalog.versions.take_up(name, kept.versions, kept.published)
        self.catalog.aliases.take_up(name, kept.aliases)
        self.configs.take_up(name, kept.configs)
        self._engine.functions.take_up(name, kept.serials)
        self._engine.functions.limit(name, kept.limit)
        self._engine.functions.disable(name, is_disabled=kept.restriction is not None and kept.restriction.is_disabled)
        for qualifier, config in kept.configs.items():
            self._engine.functions.configure(name, qualifier, config.settings())
        if kept.reserved is not None:
            self.concurrency.take_up(name, kept.reserved)
            self._engine.functions.reserve(name, kept.reserved)

    # a function of a folder

    def ensure_alias(self, name: str, alias: str) -> bool:
        """Create an alias of LATEST if there is no such qualifier; return whether it was created; raises FcError."""
        try:
            self.catalog.resolve(name, alias)
        except FcError as missing:
            if missing.code != "AliasNotFound":
                raise
            self.create_alias(name, {"aliasName": alias, "versionId": LATEST})
            return True
        return False

    def deploy_folder(self, spec: FunctionSpec, unpacked: Code | None = None) -> DeployedFunction:
        """Create or change a function whose code is a folder that its developer goes on editing.

        Args:
            spec: the function.
            unpacked: its code, where that is a zip which was unpacked; None: the folder of `spec`.

        Raises:
            FcError: 400 InvalidArgument.
        """
        wire = {
            "functionName": spec.name,
            "runtime": spec.runtime,
            "handler": spec.handler,
            "timeout": spec.timeout_seconds,
            "memorySize": spec.memory_mb,
            "environmentVariables": dict(spec.environment),
            "role": spec.role or None,
        }
        code = Code(spec.code_dir.resolve(), is_watched=True) if unpacked is None else unpacked
        if self.catalog.find(spec.name) is None:
            return self.create_function(wire, code)
        return self.update_function(spec.name, wire, code)


def _snapshot(function: DeployedFunction, copy: Path | None) -> DeployedFunction:
    """Return a function as a version keeps it: its code no longer changes."""
    folder = function.code.folder if copy is None else copy
    code = replace(function.code, folder=folder, is_watched=False)
    return replace(function, spec=replace(function.spec, code_dir=folder), code=code)

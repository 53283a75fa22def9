"""Everything about one function that outlives the process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .aliases import Alias
from .async_configs import StoredConfig
from .function import DeployedFunction
from .restriction import Restriction
from .versions import Version


@dataclass(frozen=True)
class KeptFunction:
    """A function with all that belongs to it.

    Args:
        function: what LATEST is.
        restriction: whether it may be invoked; None: nobody has said.
        versions: the published ones, oldest first.
        published: the highest number that a version of it has had.
        aliases: in the order of their creation.
        configs: async configs by qualifier, None for LATEST.
        reserved: its reserved concurrency; None: it has none.
        limit: executions at once, as it was limited here; None: it is not.
        serials: what tells its qualifiers, None for LATEST, from earlier ones of the same names.
    """

    function: DeployedFunction
    restriction: Restriction | None
    versions: tuple[Version, ...]
    published: int
    aliases: tuple[Alias, ...]
    configs: Mapping[str | None, StoredConfig]
    reserved: int | None
    limit: int | None
    serials: Mapping[str | None, int]

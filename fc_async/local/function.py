"""A function as the local service is given it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..config import AsyncInvokeConfig


@dataclass(frozen=True)
class FunctionSpec:
    """A function and the folder that holds its code.

    Args:
        name: function name.
        runtime: `python3*` runs on the interpreter of this process; any other is stored and cannot be invoked.
        handler: `MODULE.FUNCTION`, looked up in `code_dir`.
        code_dir: folder of the code; it becomes the first entry of the handler's `sys.path`.
        timeout_seconds: a longer execution is killed.
        memory_mb: what the function is told that it has.
        environment: the function's own variables.
        async_config: its async config on `qualifier`; None: the service's defaults.
        qualifier: version or alias that `async_config` belongs to; None: LATEST.
    """

    name: str
    runtime: str
    handler: str
    code_dir: Path
    timeout_seconds: int = 60
    memory_mb: int = 512
    environment: Mapping[str, str] = field(default_factory=dict)
    async_config: AsyncInvokeConfig | None = None
    qualifier: str | None = None

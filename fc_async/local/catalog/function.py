"""A function as the local service is given it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .. import limits

if TYPE_CHECKING:  # pydantic is a quarter of the time until the service is ready, and only a file of functions needs it
    from ...config import AsyncInvokeConfig

LATEST: Final = "LATEST"
"""The qualifier of what is not published."""


@dataclass(frozen=True)
class FunctionSpec:
    """A function and the folder that holds its code.

    Args:
        name: function name.
        runtime: `python3*` runs on the interpreter of this process; any other is stored and cannot be invoked.
        handler: `MODULE.FUNCTION`, looked up in `code_dir`.
        code_dir: folder of the code, or a .zip that is unpacked into one; it becomes the first entry of the handler's
            `sys.path`.
        timeout_seconds: a longer execution is killed.
        memory_mb: what the function is told that it has.
        environment: the function's own variables.
        async_config: its async config on `qualifier`; None: the service's defaults.
        qualifier: version or alias that `async_config` belongs to; None: LATEST.
        role: ARN of the role that it has; "" for none.
    """

    name: str
    runtime: str
    handler: str
    code_dir: Path
    timeout_seconds: int = limits.DEFAULT_TIMEOUT_SECONDS
    memory_mb: int = limits.DEFAULT_MEMORY_MB
    environment: Mapping[str, str] = field(default_factory=dict)
    async_config: AsyncInvokeConfig | None = None
    qualifier: str | None = None
    role: str = ""


@dataclass(frozen=True)
class Code:
    """A function's code as the catalog knows it.

    Args:
        folder: where it lies.
        is_watched: whether the folder is the developer's own, whose edits count on the next invocation.
        zip_bytes: size of the zip that was uploaded; 0 for a folder.
        checksum: CRC-64/XZ of the zip, in decimal; "" for a folder.
    """

    folder: Path
    is_watched: bool = False
    zip_bytes: int = 0
    checksum: str = ""


@dataclass(frozen=True)
class DeployedFunction:
    """A function in the local service.

    Args:
        spec: what it is; its `code_dir` is the folder of `code`.
        wire: the function as CreateFunction and UpdateFunction sent it, without its code.
        code: its code.
        revision: another one for every change, so that a warm worker is known to be out of date.
        created_ms: when it was created, in milliseconds since 1970.
        modified_ms: when it was changed last.
        function_id: another one for every function that is created.
        version_id: the published version that it is; LATEST for what is not published.
    """

    spec: FunctionSpec
    wire: Mapping[str, Any]
    code: Code
    revision: int
    created_ms: int
    modified_ms: int
    function_id: str = ""
    version_id: str = LATEST

    @property
    def is_watched(self) -> bool:
        """Whether the code folder is the developer's own, whose edits count on the next invocation."""
        return self.code.is_watched


def normal_qualifier(qualifier: str | None) -> str | None:
    """Return None for LATEST, which is the same as no qualifier."""
    return None if qualifier in (None, "", LATEST) else qualifier


def shown_qualifier(qualifier: str | None) -> str:
    """Return how answers write a qualifier: LATEST for None."""
    return LATEST if qualifier is None else qualifier

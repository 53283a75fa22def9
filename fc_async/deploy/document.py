"""What a file declares: functions, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from ..config import AsyncInvokeConfig
from ..errors import DocumentError


class DeclaredFunction(BaseModel):
    """One function of the file.

    Args:
        name: function name.
        code_dir: the folder of its code, or a .zip with it.
        region: region id; "" where the file leaves it out.
        role: ARN of the role that it has; "" for none. One that names what is not known here stays as it is written.
        timeout_seconds: 1 to 86400; None: the default of what runs it.
        memory_mb: 128 to 32768; None: likewise.
        async_config: its async config; None when the file has none.
        qualifier: version or alias that the async config is for; None: LATEST.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    name: str = Field(alias="functionName", pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,63}$")
    region: str = ""
    role: str = ""
    runtime: str
    handler: str = Field(min_length=1)
    code_dir: Path = Field(alias="code")
    timeout_seconds: int | None = Field(default=None, alias="timeout", strict=True, ge=1, le=86400)
    memory_mb: int | None = Field(default=None, alias="memorySize", strict=True, ge=128, le=32768)
    environment: dict[str, str] = Field(default_factory=dict, alias="environmentVariables")
    async_config: AsyncInvokeConfig | None = None
    qualifier: str | None = None

    def local_fields(self) -> dict[str, Any]:
        """Return what the local service needs, under its names; what the file leaves out is left to its defaults."""
        names = (
            "name",
            "runtime",
            "handler",
            "code_dir",
            "timeout_seconds",
            "memory_mb",
            "environment",
            "role",
            "async_config",
            "qualifier",
        )
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}


@dataclass(frozen=True)
class Document:
    """What a file declares.

    Args:
        functions: those that can be run here, in the order of the file; at least one.
        notes: sentences for people about what was left out or left alone, each with its reason.
    """

    functions: tuple[DeclaredFunction, ...]
    notes: tuple[str, ...] = field(default=())

    @property
    def region(self) -> str | None:
        """The one region of its functions, or None where none is named.

        Raises:
            DocumentError: they are in several.
        """
        regions = sorted({function.region for function in self.functions if function.region})
        if len(regions) > 1:
            raise DocumentError(f"expected functions of one region in a file, got {', '.join(regions)}")
        return regions[0] if regions else None

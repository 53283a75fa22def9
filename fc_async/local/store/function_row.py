"""What is written of a function with all that belongs to it, and what is read of it again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..catalog.aliases import Alias
from ..catalog.async_configs import StoredConfig
from ..catalog.function import Code, DeployedFunction
from ..catalog.functions import function_spec
from ..catalog.kept_function import KeptFunction
from ..catalog.restriction import Restriction
from ..catalog.versions import Version
from .json_text import compact
from .shelf import Row


class FunctionRows:
    """Writes and reads functions.

    Args:
        code_root: where the code lies that was uploaded: it is named relative to it, so that the whole may be moved.
    """

    def __init__(self, code_root: Path) -> None:
        self._code_root = code_root

    def write(self, make: Callable[[], KeptFunction]) -> Row:
        """Write a function."""
        kept = make()
        fields = {
            "name": kept.function.spec.name,
            "function": self._deployed(kept.function),
            "restriction": None if kept.restriction is None else asdict(kept.restriction),
            "versions": [
                [one.version_id, one.description, self._deployed(one.function), one.created_ms] for one in kept.versions
            ],
            "published": kept.published,
            "aliases": [asdict(one) for one in kept.aliases],
            "configs": [
                [qualifier, one.values, one.created_ms, one.modified_ms] for qualifier, one in kept.configs.items()
            ],
            "reserved": kept.reserved,
            "limit": kept.limit,
            "serials": list(kept.serials.items()),
        }
        return compact(fields), None

    def read(self, value: str) -> KeptFunction:
        """Read a function."""
        fields = json.loads(value)
        name = fields["name"]
        restriction = fields["restriction"]
        return KeptFunction(
            function=self._read_deployed(name, fields["function"]),
            restriction=None if restriction is None else Restriction(**restriction),
            versions=tuple(
                Version(number, description, self._read_deployed(name, function), created_ms)
                for number, description, function, created_ms in fields["versions"]
            ),
            published=fields["published"],
            aliases=tuple(Alias(**one) for one in fields["aliases"]),
            configs={qualifier: StoredConfig(*rest) for qualifier, *rest in fields["configs"]},
            reserved=fields["reserved"],
            limit=fields["limit"],
            serials=dict(fields["serials"]),
        )

    def _deployed(self, function: DeployedFunction) -> dict[str, Any]:
        code = function.code
        is_ours = code.folder.parent == self._code_root
        return {
            "wire": function.wire,
            "folder": code.folder.name if is_ours else str(code.folder),
            "is_watched": code.is_watched,
            "zip_bytes": code.zip_bytes,
            "checksum": code.checksum,
            "revision": function.revision,
            "created_ms": function.created_ms,
            "modified_ms": function.modified_ms,
            "function_id": function.function_id,
            "version_id": function.version_id,
        }

    def _read_deployed(self, name: str, fields: dict[str, Any]) -> DeployedFunction:
        code = Code(
            self._code_root / fields.pop("folder"),  # a path that is absolute stays as it is
            is_watched=fields.pop("is_watched"),
            zip_bytes=fields.pop("zip_bytes"),
            checksum=fields.pop("checksum"),
        )
        return DeployedFunction(spec=function_spec(name, fields["wire"], code), code=code, **fields)

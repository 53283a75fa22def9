"""What worker.py has to know of a function before it runs its handler."""

from __future__ import annotations

from typing import Any

from .. import limits
from ..catalog.function import DeployedFunction, shown_qualifier
from .code_in_the_cloud import CODE_IN_THE_CLOUD


def about_function(
    deployed: DeployedFunction, qualifier: str | None, *, region: str, account_id: str, has_union_context: bool
) -> dict[str, Any]:
    """Return it as JSON can write it.

    Args:
        deployed: the function.
        qualifier: version or alias that is invoked; None: LATEST.
        region: region id, for the context.
        account_id: account id, for the context.
        has_union_context: whether the context has what that of any runtime has, and not its own's alone.
    """
    function = deployed.spec
    return {
        "code_dir": str(function.code_dir),
        # A folder of the developer's own keeps its path: that is where they look for the line.
        "code_shown_as": str(function.code_dir) if deployed.is_watched else CODE_IN_THE_CLOUD,
        "max_response_bytes": limits.SYNC_RESPONSE_BYTES,
        "name": function.name,
        "handler": function.handler,
        "memory_mb": function.memory_mb,
        "timeout_seconds": function.timeout_seconds,
        "qualifier": shown_qualifier(qualifier),
        "version_id": deployed.version_id,
        "context": "union" if has_union_context else _context_of(function.runtime),
        "region": region,
        "account_id": account_id,
    }


def _context_of(runtime: str) -> str:
    """Return which context a runtime has: the one of Python 3.12, or that of all before it."""
    minor = runtime.removeprefix("python3").removeprefix(".")
    return "python3.12" if minor.isdigit() and int(minor) >= 12 else "python3.10"

"""One request to Function Compute's control plane, as its routes read it."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web


@dataclass(frozen=True)
class Call:
    """One request.

    Args:
        request: as it came.
        request_id: the id that its answer carries.
        name: name of the function, "" where the path has none.
        qualifier: version or alias in the query; None for LATEST.
        item: what of the function the path names: a version, an alias or a task; "" where it names none.
    """

    request: web.BaseRequest
    request_id: str
    name: str
    qualifier: str | None
    item: str = ""

"""Which answer a request asks for: one table for all three protocols of the port."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class RoutingTable(Generic[Answer]):
    """Answers by method and path.

    Args:
        routes: answers by `METHOD /path/{name}`. A part of the path stands for itself, or in braces for any text but
            the empty one. The first route that fits counts.
        root: what stands before every path.
    """

    def __init__(self, routes: Mapping[str, Answer], root: str = "") -> None:
        self._routes: dict[tuple[str, int], list[_Route[Answer]]] = {}
        for route, answer in routes.items():
            method, _, path = route.partition(" ")
            parts = path_parts(root + path)
            self._routes.setdefault((method, len(parts)), []).append(_Route(parts, answer))

    def find(self, method: str, parts: Sequence[str]) -> tuple[Answer, dict[str, str]] | None:
        """Return the answer, and what stands in the path by the names in braces; None where no route fits.

        Args:
            method: as sent.
            parts: the path between its slashes, as `path_parts` cuts it.
        """
        for route in self._routes.get((method, len(parts)), ()):
            named = route.named(parts)
            if named is not None:
                return route.answer, named
        return None


class _Route(Generic[Answer]):
    def __init__(self, parts: Sequence[str], answer: Answer) -> None:
        self.answer = answer
        self._fixed = [(at, part) for at, part in enumerate(parts) if not part.startswith("{")]
        self._named = [(at, part.strip("{}")) for at, part in enumerate(parts) if part.startswith("{")]

    def named(self, parts: Sequence[str]) -> dict[str, str] | None:
        for at, part in self._fixed:
            if parts[at] != part:
                return None
        named = {}
        for at, name in self._named:
            if not parts[at]:
                return None
            named[name] = parts[at]
        return named


def path_parts(path: str) -> list[str]:
    """Return what stands between the slashes of a path; nothing for what does not begin with one."""
    return path.split("/")[1:] if path.startswith("/") else []

"""The aliases of functions: names that point to a version, or to LATEST, and can be moved.

Source: API 2023-03-30 CreateAlias, GetAlias, UpdateAlias, ListAliases, DeleteAlias (SDK models). Weights, which send a
part of the calls to another version, are not served.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .. import limits
from ..times import rfc3339
from .fc_errors import alias_already_exists, alias_not_found, invalid_argument, not_implemented
from .function import LATEST
from .paging import page

_NAME = re.compile(limits.ALIAS_NAME_PATTERN)


@dataclass(frozen=True)
class Alias:
    """One alias.

    Args:
        name: its name.
        version_id: the version that it points to; `LATEST` for what is not published.
        description: what was said of it.
        created_ms: when it was created, in milliseconds since 1970.
        modified_ms: when it was changed last.
    """

    name: str
    version_id: str
    description: str
    created_ms: int
    modified_ms: int

    def to_wire(self) -> dict[str, Any]:
        """Return the API's Alias."""
        return {
            "aliasName": self.name,
            "versionId": self.version_id,
            "description": self.description,
            "additionalVersionWeight": None,
            "createdTime": rfc3339(self.created_ms),
            "lastModifiedTime": rfc3339(self.modified_ms),
        }


class Aliases:
    """All aliases of one account and region; that the versions exist is checked before."""

    def __init__(self) -> None:
        self._aliases: dict[str, dict[str, Alias]] = {}

    def create(self, now_ms: int, function: str, body: Mapping[str, Any]) -> Alias:
        """Add an alias from the body of CreateAlias; raises FcError 400 or 409."""
        name = name_of(body)
        _refuse_weights(body)
        of_function = self._aliases.setdefault(function, {})
        if name in of_function:
            raise alias_already_exists(function, name)
        alias = Alias(name, version_of(body), description_of(body), now_ms, now_ms)
        of_function[name] = alias
        return alias

    def update(self, now_ms: int, function: str, name: str, body: Mapping[str, Any]) -> Alias:
        """Change what the body of UpdateAlias names; raises FcError 400 or 404."""
        _refuse_weights(body)
        alias = self.get(function, name)
        changes: dict[str, Any] = {"modified_ms": now_ms}
        if body.get("versionId") is not None:
            changes["version_id"] = version_of(body)
        if body.get("description") is not None:
            changes["description"] = description_of(body)
        alias = self._aliases[function][name] = replace(alias, **changes)
        return alias

    def get(self, function: str, name: str) -> Alias:
        """Return an alias; raises FcError 404 AliasNotFound."""
        alias = self._aliases.get(function, {}).get(name)
        if alias is None:
            raise alias_not_found(function, name)
        return alias

    def delete(self, function: str, name: str) -> None:
        """Remove an alias; raises FcError 404 AliasNotFound."""
        self.get(function, name)
        del self._aliases[function][name]

    def delete_function(self, function: str) -> None:
        """Remove every alias of a function."""
        self._aliases.pop(function, None)

    def of_function(self, function: str) -> tuple[Alias, ...]:
        """Return the aliases of a function, in the order of their creation."""
        return tuple(self._aliases.get(function, {}).values())

    def take_up(self, function: str, aliases: Iterable[Alias]) -> None:
        """Have the aliases of a function again that there were before a restart."""
        self._aliases[function] = {alias.name: alias for alias in aliases}

    def of_version(self, function: str, version_id: str) -> list[str]:
        """Return the names of the aliases that point to a version."""
        return [alias.name for alias in self._aliases.get(function, {}).values() if alias.version_id == version_id]

    def list(self, function: str, query: Mapping[str, str]) -> dict[str, Any]:
        """Return the body of ListAliases for `prefix`, `limit` and `nextToken`."""
        prefix = query.get("prefix", "")
        found = self._aliases.get(function, {}).items()
        aliases, token = page(((name, alias) for name, alias in found if name.startswith(prefix)), query)
        return {"aliases": [alias.to_wire() for alias in aliases], "nextToken": token}


def name_of(body: Mapping[str, Any]) -> str:
    """Return the name that a body gives to a new alias; raises FcError 400 for what can be none."""
    name = body.get("aliasName")
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name == LATEST:
        raise invalid_argument(f"aliasName must match ^{limits.ALIAS_NAME_PATTERN}$ and not be LATEST")
    return name


def version_of(body: Mapping[str, Any]) -> str:
    """Return the version that a body names; raises FcError 400 where it names none."""
    version_id = body.get("versionId")
    if not isinstance(version_id, str) or not version_id or len(version_id) > limits.MAX_TEXT_CHARACTERS:
        raise invalid_argument("versionId must be the number of a version, as text, or LATEST")
    return version_id


def description_of(body: Mapping[str, Any]) -> str:
    """Return the description in a body, "" where there is none; raises FcError 400 for what is none."""
    description = body.get("description", "")
    if description is None:
        return ""
    if not isinstance(description, str) or len(description) > limits.MAX_TEXT_CHARACTERS:
        raise invalid_argument(f"description must be a text of at most {limits.MAX_TEXT_CHARACTERS} characters")
    return description


def _refuse_weights(body: Mapping[str, Any]) -> None:
    if body.get("additionalVersionWeight"):
        raise not_implemented("an alias with additionalVersionWeight")

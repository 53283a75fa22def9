"""The published versions of functions: what LATEST was at a moment, under a number that never comes back.

Source: API 2023-03-30 PublishFunctionVersion, ListFunctionVersions, DeleteFunctionVersion (SDK models).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..times import rfc3339
from .fc_errors import invalid_argument, version_not_found, version_publish_error
from .function import DeployedFunction
from .paging import page

_BACKWARD, _FORWARD = "BACKWARD", "FORWARD"
_HIGHEST = 10**12


@dataclass(frozen=True)
class Version:
    """One published version.

    Args:
        version_id: its number, as text.
        description: what was said when it was published.
        function: the function as it was then.
        created_ms: when it was published, in milliseconds since 1970.
    """

    version_id: str
    description: str
    function: DeployedFunction
    created_ms: int

    def to_wire(self) -> dict[str, Any]:
        """Return the API's Version."""
        time = rfc3339(self.created_ms)
        return {
            "versionId": self.version_id,
            "description": self.description,
            "createdTime": time,
            "lastModifiedTime": time,
        }


class Versions:
    """All published versions of one account and region."""

    def __init__(self) -> None:
        self._versions: dict[str, dict[str, Version]] = {}
        self._published: dict[str, int] = {}

    def publish(self, now_ms: int, function: DeployedFunction, description: str) -> Version:
        """Keep a function as it is now, under the next number of its name.

        Raises:
            FcError: 400 VersionPublishError where fields and code are those of the newest version that is there.
        """
        name = function.spec.name
        newest = next(reversed(self._versions.get(name, {}).values()), None)
        if newest is not None and _is_same(newest.function, function):
            raise version_publish_error()
        number = self._published[name] = self._published.get(name, 0) + 1
        version = Version(str(number), description, replace(function, version_id=str(number)), now_ms)
        self._versions.setdefault(name, {})[version.version_id] = version
        return version

    def of_function(self, name: str) -> tuple[Version, ...]:
        """Return the versions of a function, oldest first."""
        return tuple(self._versions.get(name, {}).values())

    def published(self, name: str) -> int:
        """Return the highest number that a version of a function has had; 0: there was none."""
        return self._published.get(name, 0)

    def take_up(self, name: str, versions: Iterable[Version], published: int) -> None:
        """Have the versions of a function again that there were before a restart."""
        self._versions[name] = {version.version_id: version for version in versions}
        self._published[name] = published

    def __iter__(self) -> Iterator[Version]:
        return (version for versions in self._versions.values() for version in versions.values())

    def get(self, name: str, version_id: str) -> Version:
        """Return a version; raises FcError 404 VersionNotFound."""
        version = self._versions.get(name, {}).get(version_id)
        if version is None:
            raise version_not_found(name, version_id)
        return version

    def delete(self, name: str, version_id: str) -> None:
        """Remove a version; raises FcError 404 VersionNotFound."""
        self.get(name, version_id)
        del self._versions[name][version_id]

    def delete_function(self, name: str) -> None:
        """Remove every version of a function; its numbers begin at 1 again."""
        self._versions.pop(name, None)
        self._published.pop(name, None)

    def list(self, name: str, query: Mapping[str, str]) -> dict[str, Any]:
        """Return the body of ListFunctionVersions for `direction` (newest first by default), `limit`, `nextToken`."""
        direction = query.get("direction") or _BACKWARD
        if direction not in (_BACKWARD, _FORWARD):
            raise invalid_argument(f"direction must be {_BACKWARD} or {_FORWARD}")
        keyed = ((_key(version, direction), version) for version in self._versions.get(name, {}).values())
        versions, token = page(keyed, query)
        return {"direction": direction, "versions": [version.to_wire() for version in versions], "nextToken": token}


def _key(version: Version, direction: str) -> str:
    number = int(version.version_id)
    return f"{number if direction == _FORWARD else _HIGHEST - number:012d}"


def _is_same(published: DeployedFunction, now: DeployedFunction) -> bool:
    """Whether two have the same fields and package; a folder has none, and its files may have changed."""
    return now.code.checksum != "" and (published.wire, published.code.checksum) == (now.wire, now.code.checksum)

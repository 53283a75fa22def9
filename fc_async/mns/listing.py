"""Lists of MNS: pages that a marker joins, and names that stand at the end of a URL."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar
from xml.etree.ElementTree import Element

from ..errors import ArgumentError, ServiceError
from .xml_tree import UnreadableAnswerError, root_of, text

if TYPE_CHECKING:
    from .connection import Connection

_One = TypeVar("_One")

PAGE_SIZE = 1000
"""The most that a page may have (facts, mns 1.3: x-mns-ret-number)."""

_MAX_PAGES = 1000
"""Far more than an account or a topic can have (facts, mns 3: 1000 queues and topics, 100 subscriptions)."""

_MAX_MARKER_CHARACTERS = 2048
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,255}")


@dataclass(frozen=True)
class Page(Generic[_One]):
    """A page of a list.

    Args:
        items: what it lists.
        next_marker: where the next one begins; None: this is the last.
    """

    items: list[_One]
    next_marker: str | None


def pages(
    connection: Connection,
    verb: str,
    target: str,
    reader: Callable[[bytes], Page[_One]],
    headers: dict[str, str] | None = None,
) -> Iterator[_One]:
    """Go through a list, page by page.

    Args:
        connection: to whose list it is.
        verb: what is being done, for messages.
        target: path below the connection's.
        reader: reads a page.
        headers: sent with each call (`x-mns-prefix`).

    Raises:
        ServiceError: the service refused, or sends a marker a second time or page upon page, as if the list had no
            end.
        TransportError: no answer came.
    """
    asked, seen = {**(headers or {}), "x-mns-ret-number": str(PAGE_SIZE)}, set[str]()
    while True:
        answer = connection.call(verb, "GET", target, headers=asked)
        found = connection.read(verb, answer, reader)
        yield from found.items
        marker = found.next_marker
        if marker is None:
            return
        if marker in seen or len(seen) >= _MAX_PAGES:
            raise ServiceError(200, None, message="a list whose pages repeat without an end", action=verb)
        seen.add(marker)
        asked["x-mns-marker"] = marker


def page(body: bytes, name: str, item: str, reader: Callable[[Element], _One]) -> Page[_One]:
    """Read a page.

    Args:
        body: the answer.
        name: of the root (`Queues`).
        item: of each element in it (`Queue`).
        reader: reads an element.
    """
    root = root_of(body, name)
    marker = text(root, "NextMarker")
    if marker is not None and not (marker.isascii() and marker.isprintable() and len(marker) <= _MAX_MARKER_CHARACTERS):
        raise UnreadableAnswerError("a marker of the next page that cannot be sent back")
    return Page([reader(one) for one in root.findall(item)], marker)


def name_in(node: Element, name: str, url: str) -> str | None:
    """Return the name of what is listed: it stands alone, or ends the URL (which may have no scheme)."""
    return text(node, name) or (text(node, url) or "").rpartition("/")[2] or None


def check_prefix(prefix: str | None) -> dict[str, str]:
    """Return the header that asks for names which begin so; None: for all.

    Raises:
        ArgumentError: no name can begin so.
    """
    if prefix is None:
        return {}
    if not isinstance(prefix, str) or not _NAME.fullmatch(prefix):
        raise ArgumentError(f"prefix: expected letters, digits and '-', got {str(prefix)[:80]!r}")
    return {"x-mns-prefix": prefix}

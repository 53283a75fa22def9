"""The request target of MNS calls, taken apart as the service does it and not as HTML forms do.

The Python, Node and Java SDKs put receipt handles into the query without escaping them, so a `+` is a plus, and only
the first `=` of a pair separates. Names are compared without regard to case: SDKs write `ReceiptHandle` and
`receiptHandle`.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote_to_bytes


@dataclass(frozen=True, slots=True)
class Target:
    """A request target.

    Args:
        path: decoded, for messages.
        segments: the parts of the path, each decoded; `()` for `/`.
        query: decoded values by lower-case name; of two with one name the first counts (assumed).
    """

    path: str
    segments: tuple[str, ...]
    query: dict[str, str]


def parse_target(raw: str) -> Target:
    """Take apart what stood in the request line; never fails."""
    raw_path, _, raw_query = _without_origin(raw).partition("?")
    segments = tuple(_decoded(part) for part in raw_path.split("/")[1:])
    query: dict[str, str] = {}
    for pair in filter(None, raw_query.split("&")):
        name, _, value = pair.partition("=")
        query.setdefault(_decoded(name).lower(), _decoded(value))
    return Target(_decoded(raw_path), () if segments == ("",) else segments, query)


def _without_origin(raw: str) -> str:
    """The path and query of an absolute target, as clients send it that believe in a proxy."""
    scheme, separator, rest = raw.partition("://")
    if not separator or scheme.lower() not in ("http", "https"):
        return raw
    return "/" + rest.partition("/")[2]


def _decoded(text: str) -> str:
    return unquote_to_bytes(text.encode("utf-8", "surrogateescape")).decode("utf-8", "replace")

"""The one access key that a local service may ask for: a value, with its secret out of sight."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ArgumentError


@dataclass(frozen=True)
class AccessKey:
    """The one pair that requests are signed with.

    Args:
        id: access key id.
        secret: its secret; never shown.
    """

    id: str
    secret: str

    def __repr__(self) -> str:
        return f"AccessKey({self.id!r}, '***')"


def read_access_key(text: str) -> AccessKey:
    """Read ID:SECRET; raises ArgumentError, without the text, for what is none."""
    key_id, _, secret = text.partition(":")
    if not key_id or not secret or not text.isascii() or not text.isprintable() or any(bad in text for bad in ", "):
        raise ArgumentError("expected an access key as ID:SECRET, both without blanks and commas")
    return AccessKey(key_id, secret)

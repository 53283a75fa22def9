"""Signatures: whoever knows the service's access key, and nobody else, may call it. Read only if it was given one.

ACS3-HMAC-SHA256 (Function Compute) is checked over the request as it stood on the wire, with the headers that the
client names in SignedHeaders; the body is held to its signed hash when it is read. "MNS" (MNS) signs no body.

Sources: the signing code of alibabacloud_tea_openapi 0.4.6 and of aliyun-mns-sdk 1.3.0; codes and words of refusals:
`fc_errors.py` and https://help.aliyun.com/document_detail/27501.html.
"""

from __future__ import annotations

from dataclasses import dataclass

from multidict import CIMultiDictProxy

from ..errors import ArgumentError

_SHOWN_CHARACTERS = 128

Headers = CIMultiDictProxy[str]


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

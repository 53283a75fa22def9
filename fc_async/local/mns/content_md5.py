"""Content-MD5 of a request: checked where it is sent, in whichever form the SDKs write it.

Python, Go, Node    base64 of the hexadecimal digest, Go and Node also of an empty body
ali-mns             base64 of the digest itself
reported            the hexadecimal digest
"""

from __future__ import annotations

import base64
import hashlib

from ..mailbox.errors import invalid_digest


def check_content_md5(sent: str, body: bytes) -> None:
    """Hold a body to its Content-MD5; raises MailboxError 400 InvalidDigest.

    Args:
        sent: the header; "" where there is none.
        body: as it came.
    """
    if sent and sent.strip() not in _written(body):
        raise invalid_digest()


def _written(body: bytes) -> set[str]:
    digest = hashlib.md5(body, usedforsecurity=False)
    plain = digest.hexdigest()
    of = (plain.encode(), plain.upper().encode(), digest.digest())
    return {plain, plain.upper(), *(base64.b64encode(form).decode() for form in of)}

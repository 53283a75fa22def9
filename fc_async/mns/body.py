"""What may be sent as a message's body, and how it stands in XML so that what is sent is what is received."""

from __future__ import annotations

import re

from ..errors import ArgumentError

# What XML 1.0 cannot carry: the SDK would write it as it is, and the service refuse the document.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def sendable(body: object) -> str:
    """Return a body as text.

    Raises:
        ArgumentError: it is empty, no text and no UTF-8, or holds what XML cannot carry.
    """
    try:
        text = body.decode() if isinstance(body, bytes) else body
    except UnicodeDecodeError:
        text = None
    if not isinstance(text, str) or not text:
        raise ArgumentError("body: expected text, or bytes that are UTF-8, and not empty")
    if _NOT_XML.search(text):
        raise ArgumentError("body: it holds characters that XML cannot carry; encode it first, in base64 for example")
    return text


def with_line_ends(xml: bytes) -> bytes:
    """Return a document whose carriage returns survive: as they are, every parser reads them as line feeds."""
    return xml.replace(b"\r", b"&#13;")

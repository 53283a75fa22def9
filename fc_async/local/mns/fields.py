"""Values out of the elements of a request: numbers, flags, properties."""

from __future__ import annotations

import re

from ..mailbox.errors import schema_error
from ..mailbox.message import Property
from .xml import Element, read_xml

_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,18}")


def root_of(data: bytes, *names: str) -> Element:
    """The document's root, which has one of these names; raises MailboxError 400."""
    root = read_xml(data)
    if root.name not in names:
        raise schema_error(names[-1])
    return root


def whole_number(name: str, text: str) -> int:
    """A number as a request writes it; raises MailboxError 400 InvalidArgument naming `name`."""
    if not _WHOLE_NUMBER.fullmatch(text.strip()):
        raise schema_error(name)
    return int(text)


def number(element: Element, name: str) -> int | None:
    """The number in a child; None when there is no such child."""
    text = element.find_text(name)
    return None if text is None else whole_number(name, text)


def flag(element: Element, name: str) -> bool | None:
    """The true or false in a child, in any case; None when there is no such child."""
    text = element.find_text(name)
    if text is None:
        return None
    word = text.strip().lower()
    if word not in ("true", "false"):
        raise schema_error(name)
    return word == "true"


def properties(element: Element | None) -> tuple[Property, ...]:
    """UserProperties or SystemProperties, in order, as sent."""
    if element is None:
        return ()
    return tuple(
        Property(
            name=child.find_text("Name") or "", value=child.find_text("Value") or "", type=child.find_text("Type") or ""
        )
        for child in element.children
    )

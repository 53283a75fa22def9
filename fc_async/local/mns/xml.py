"""The XML of MNS: any request is read into plain elements, any reply is written as the real service writes it.

Read: whatever namespace or none, white space between elements, comments, CDATA. Refused: a document type (and with it
every entity of one's own), more depth or elements than `limits` allows.
Written: recorded form, i.e. `<?xml version="1.0" ?>`, two spaces of indent, the namespace without a final slash, double
quotes as they are, no line feed at the end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from xml.parsers import expat

from .. import limits
from ..mailbox.errors import malformed_xml
from ..mailbox.message import legal_text

NAMESPACE = "http://mns.aliyuncs.com/doc/v1"

_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
_ESCAPED = re.compile("[&<>\r]")


@dataclass(slots=True)
class Element:
    """An element without attributes: text, or children.

    Args:
        name: without namespace.
        text: what it holds; between children, white space that means nothing.
        children: in order.
    """

    name: str
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def find(self, name: str) -> Element | None:
        """The first child of that name, or None."""
        return next((child for child in self.children if child.name == name), None)

    def find_text(self, name: str) -> str | None:
        """The text of the first child of that name, exactly as sent; None when there is no such child."""
        child = self.find(name)
        return None if child is None else child.text


def node(name: str, *children: Element | None) -> Element:
    """An element with children; None among them is one to leave out."""
    return Element(name, children=[child for child in children if child is not None])


def leaf(name: str, value: object) -> Element:
    """An element with text."""
    return Element(name, str(value))


def optional_leaf(name: str, value: object | None) -> Element | None:
    """An element with text, or none at all: the service leaves out what is not set, and so must we."""
    return None if value is None else leaf(name, value)


def read_xml(data: bytes) -> Element:
    """Read a request's body.

    Raises:
        MailboxError: 400 MalformedXML for anything that is no XML 1.0, has a document type, or is too deep or too wide.
    """
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.EntityDeclHandler = reader.refuse
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError, ValueError):
        # LookupError and ValueError: an encoding that does not exist, or one that expat cannot be taught.
        raise malformed_xml() from None
    return reader.root.children[0]


class _Reader:
    """Builds the elements; `root` stands above the document's own root."""

    def __init__(self) -> None:
        self.root = Element("")
        self._open = [self.root]
        # In pieces: comments cut a text up, and adding to a string each time would take quadratic time.
        self._texts: list[list[str]] = [[]]
        self._count = 0

    def refuse(self, *_: object) -> None:
        raise malformed_xml()

    def start(self, name: str, _: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) > limits.MNS_XML_DEPTH or self._count > limits.MNS_XML_ELEMENTS:
            raise malformed_xml()
        element = Element(name.rpartition(" ")[2])
        self._open[-1].children.append(element)
        self._open.append(element)
        self._texts.append([])

    def end(self, _: str) -> None:
        self._open.pop().text = "".join(self._texts.pop())

    def text(self, text: str) -> None:
        self._texts[-1].append(text)


def write_xml(root: Element) -> bytes:
    """Write a reply."""
    lines = ['<?xml version="1.0" ?>']
    lines.extend(_lines(root, "", f' xmlns="{NAMESPACE}"'))
    return "\n".join(lines).encode()


def _lines(element: Element, indent: str, attributes: str = "") -> Iterable[str]:
    if element.children:
        yield f"{indent}<{element.name}{attributes}>"
        for child in element.children:
            yield from _lines(child, indent + "  ")
        yield f"{indent}</{element.name}>"
    elif element.text:
        yield f"{indent}<{element.name}{attributes}>{_escaped(element.text)}</{element.name}>"
    else:
        yield f"{indent}<{element.name}{attributes}/>"


def _escaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: _ESCAPES[match.group()], legal_text(text))

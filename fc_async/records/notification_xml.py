"""The XML envelope of an MNS topic (`NotifyContentFormat` XML, doc/27482): take the published text out of it.

A document with a DTD is refused: without one there are no entities to expand and none to fetch.
"""

from __future__ import annotations

from xml.parsers import expat

from ..errors import RecordError
from .strict_json import MAX_DEPTH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn


def message_of(raw: bytes) -> str:
    """Return the text of `Message` in a `Notification` that also names its topic, whatever the namespace.

    Raises:
        RecordError: it is no such document, or has a DTD.
    """
    reader = _Reader()
    parser = expat.ParserCreate("utf-8", " ")  # whatever encoding the document claims; names arrive as "NAMESPACE NAME"
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_dtd
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(raw, True)
    except expat.ExpatError:
        raise RecordError("expected an XML Notification, got text that is not well-formed XML in UTF-8") from None
    if reader.root != "Notification" or not {"TopicName", "Message"} <= reader.parts.keys():
        raise RecordError("expected an XML Notification with TopicName and Message, got other XML")
    return "".join(reader.parts["Message"])


def _refuse_dtd(*_declaration: Any) -> NoReturn:
    raise RecordError("expected an XML Notification, got XML with a DTD, which is refused")


class _Reader:
    """Collects the text of the root's children."""

    def __init__(self) -> None:
        self.root = ""
        self.parts: dict[str, list[str]] = {}
        self._path: list[str] = []

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        name = name.rpartition(" ")[2]
        self._path.append(name)
        if len(self._path) == 1:
            self.root = name
        elif len(self._path) == 2:
            self.parts[name] = []
        elif self._path[1] == "Message":
            raise RecordError("expected text in the Notification's Message, got elements")
        elif len(self._path) > MAX_DEPTH:
            raise RecordError(f"expected an XML Notification nested at most {MAX_DEPTH} deep, got deeper")

    def end(self, _name: str) -> None:
        self._path.pop()

    def text(self, text: str) -> None:
        if len(self._path) == 2:
            self.parts[self._path[1]].append(text)

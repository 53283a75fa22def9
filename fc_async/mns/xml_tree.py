"""What MNS answers as a tree: in bounds, without document types and namespaces."""

from __future__ import annotations

from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

_MAX_DEPTH = 16


class UnreadableAnswerError(ValueError):
    """The body is no XML of the kind that was expected; says why, and quotes nothing."""


def root_of(body: bytes, name: str) -> Element:
    """Return the tree of an answer.

    Raises:
        UnreadableAnswerError: its root has another name than this, or it is no XML.
    """
    root = tree(body)
    if root.tag != name:
        raise UnreadableAnswerError(f"expected <{name}>, got <{root.tag[:40]}>")
    return root


def text(node: Element, name: str) -> str | None:
    """Return the text of a child, stripped; None where there is none."""
    found = node.find(name)
    return None if found is None else "".join(found.itertext()).strip() or None


def number(node: Element, name: str) -> int | None:
    """Return a child's whole number; None where there is none."""
    digits = text(node, name) or ""
    return int(digits) if len(digits) <= 20 and digits.isascii() and digits.isdigit() else None


def flag(node: Element, name: str) -> bool | None:
    """Return whether a child says True; None where there is none."""
    said = text(node, name)
    return None if said is None else said.lower() == "true"


def tree(body: bytes) -> Element:
    """Build the tree, names without namespace.

    Raises:
        UnreadableAnswerError: it is no XML, is nested too deep, or has a document type.
    """
    builder = TreeBuilder()
    parser = expat.ParserCreate()
    depth = 0

    def start(tag: str, _: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _MAX_DEPTH:
            raise UnreadableAnswerError(f"XML nested deeper than {_MAX_DEPTH}")
        builder.start(tag.rpartition(":")[2], {})

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag.rpartition(":")[2])

    def refuse(*_: object) -> None:
        raise UnreadableAnswerError("XML with a document type, which could hold entities")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(body, True)
    except UnreadableAnswerError:
        raise
    except expat.ExpatError as error:
        reason = f"no XML ({expat.ErrorString(error.code)})"
    except (LookupError, ValueError):  # what Python's codecs say of an encoding that they or expat cannot take
        reason = "XML in an encoding that cannot be read"
    else:
        return builder.close()
    raise UnreadableAnswerError(reason)

"""What a service says is untrusted text: cleaned, cut, and dropped where it would quote what is private."""

from __future__ import annotations

from collections.abc import Iterable

MAX_MESSAGE_CHARACTERS = 200
MAX_IDENTIFIER_CHARACTERS = 128
_READ_CHARACTERS = 2000
_QUOTE_CHARACTERS = 12


def said(text: object, code: str | None, private: Iterable[str]) -> str | None:
    """Return the service's own sentence, fit to be shown, or None.

    Dropped whole when it would quote our credentials or payload, or when the code speaks of a signature: such
    sentences echo the string that was signed.

    Args:
        text: what the answer has as its message.
        code: the answer's error code.
        private: the texts of which no part may be quoted.
    """
    if not isinstance(text, str) or "signature" in (code or "").lower():
        return None
    head = text[:_READ_CHARACTERS]
    if any(_quotes(form, one) for one in private for form in (head, head.replace("\\", ""))):
        return None
    cleaned = " ".join("".join(character if character.isprintable() else " " for character in head).split())
    return cleaned[:MAX_MESSAGE_CHARACTERS] or None


def identifier(text: object) -> str | None:
    """Return an error code or a request id as the service gave it, without anything that is not one; None if empty."""
    if not isinstance(text, str):
        return None
    kept = "".join(
        character for character in text if character.isascii() and (character.isalnum() or character in "-_.:")
    )
    return kept[:MAX_IDENTIFIER_CHARACTERS] or None


def _quotes(text: str, private: str) -> bool:
    """Tell whether the text holds the private one, or any dozen characters of it."""
    if len(private) <= _QUOTE_CHARACTERS:
        return bool(private) and private in text
    width = _QUOTE_CHARACTERS
    return any(text[start : start + width] in private for start in range(len(text) - width + 1))

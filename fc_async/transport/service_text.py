"""What a service says is untrusted text: cleaned, cut, and dropped where it would quote what is private.

Nothing of an answer enters a message, a traceback or a log line by another way than `Private`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

MAX_MESSAGE_CHARACTERS = 200
MAX_IDENTIFIER_CHARACTERS = 128
_READ_CHARACTERS = 2000
_QUOTE_CHARACTERS = 12
_NOT_IN_IDENTIFIERS = re.compile(r"[^A-Za-z0-9_.:-]+")
_WORDS = re.compile(r"[A-Za-z]+(\.[A-Za-z]+)*")


@dataclass(frozen=True, repr=False)
class Private:
    """What nothing may quote that is said about one call.

    Args:
        secrets: access key id and secret, and the token.
        contents: the payload or the message body.
    """

    secrets: tuple[str, ...] = ()
    contents: tuple[str, ...] = ()

    def code(self, text: object) -> str | None:
        """Return an error code, None where it is none or quotes what is private.

        A code of letters alone stays although the payload has it too: a payload that tells of an error would
        otherwise take the code away from the next one.
        """
        found = identifier(text, self.secrets)
        return found if found and _WORDS.fullmatch(found) else identifier(text, (*self.secrets, *self.contents))

    def identifier(self, text: object) -> str | None:
        """Return a request id or a header's value likewise; a part of the payload may be alike, the whole may not."""
        found = identifier(text, self.secrets)
        is_content = found and len(found) >= _QUOTE_CHARACTERS and any(found in one for one in self.contents)
        return None if is_content else found

    def sentence(self, text: object, code: str | None = None) -> str | None:
        """Return the service's own sentence, fit to be shown, or None (`said`)."""
        return said(text, code, (*self.secrets, *self.contents))


NOTHING_PRIVATE = Private()


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


def identifier(text: object, private: Iterable[str] = ()) -> str | None:
    """Return an error code or a request id as the service gave it, without anything that is not one.

    Args:
        text: what the answer has as its code or id.
        private: the texts of which it may quote no dozen characters.

    Returns:
        The code or the id; None where nothing is left, or it would quote what is private.
    """
    if not isinstance(text, str):
        return None
    kept = _NOT_IN_IDENTIFIERS.sub("", text)[:MAX_IDENTIFIER_CHARACTERS]
    if any(_quotes_much(form, one) for one in private for form in (kept, text[:_READ_CHARACTERS])):
        return None
    return kept or None


def _quotes_much(text: str, private: str) -> bool:
    """Tell as `_quotes`; but a shorter private text must be the whole, because an id may well hold the letter `a`."""
    return text == private if len(private) < _QUOTE_CHARACTERS else _quotes(text, private)


def _quotes(text: str, private: str) -> bool:
    """Tell whether the text holds the private one, or any dozen characters of it."""
    if len(private) <= _QUOTE_CHARACTERS:
        return bool(private) and private in text
    width = _QUOTE_CHARACTERS
    return any(text[start : start + width] in private for start in range(len(text) - width + 1))

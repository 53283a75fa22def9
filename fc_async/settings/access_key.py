"""What signs a request, and where it comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ..errors import FcAsyncError, SettingsError
from .found import Source

LOCAL = "local"
"""Access key id and secret for a local service that asks for none; no secret."""


@dataclass(frozen=True)
class AccessKey:
    """What signs a request; nothing of it is in `repr`.

    Args:
        access_key_id: the key's id.
        access_key_secret: the key's secret.
        security_token: the token of a temporary key, "" for a permanent one.
    """

    access_key_id: str = field(repr=False)
    access_key_secret: str = field(repr=False)
    security_token: str = field(default="", repr=False)

    def defect(self) -> str | None:
        """Return what makes this key unusable, in words that show nothing of it; None where it can be used.

        A header would be cut at a line break, or refuse the text; a space at an end is none of the key's, and the
        service would answer that the signature is wrong.
        """
        for name in ("access_key_id", "access_key_secret", "security_token"):
            reason = unusable_text(getattr(self, name))
            if reason is not None:
                return f"its {name.replace('_', ' ')} {reason}"
        return None

    def private_texts(self) -> tuple[str, ...]:
        """Return what no message of ours may quote."""
        texts = (self.access_key_id, self.access_key_secret, self.security_token)
        return tuple(text for text in texts if text and text != LOCAL)


@dataclass(frozen=True)
class Credentials:
    """Where access keys come from.

    Args:
        source: the variable, file or option.
        fetch: returns the key that holds now; may ask over the network, and caches what may be cached.
        host: host and port that `fetch` asks, for the reader; "" where that is not known.
    """

    source: Source
    fetch: Callable[[], AccessKey] = field(repr=False)
    host: str = ""

    def access_key(self) -> AccessKey:
        """Return the key that holds now.

        Raises:
            SettingsError: there is none, or no header can carry it; the message names the source, never what it
                answered.
        """
        try:
            key = self.fetch()
        except FcAsyncError:
            raise
        except Exception as error:
            # Whatever the library or the caller's object raises, it can quote an answer with keys.
            reason = type(error).__name__
        else:
            defect = key.defect() if key.access_key_id and key.access_key_secret else "an empty access key"
            if defect is None:
                return key
            reason = defect
        asked = f", which names {self.host}" if self.host else ""
        raise SettingsError(f"no credentials could be had from {self.source}{asked} ({reason})")


def unusable_text(text: object) -> str | None:
    """Return why no header can carry this text as it is, in words that show nothing of it; None where one can."""
    if not isinstance(text, str):
        return f"is no text but {type(text).__name__}"
    if text != text.strip():
        return "begins or ends with white space (a line break of the file that it was read from?)"
    if not all(" " <= character <= "~" for character in text):
        return "holds a character that is no printable ASCII"
    return None

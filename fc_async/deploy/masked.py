"""A URL as people and logs may see it: who pushes there, and with which token, is left out."""

from __future__ import annotations

from urllib.parse import urlsplit


def masked(old: str | None, new: str | None) -> tuple[str | None, str | None]:
    """Return two different URLs without what may be secret in them; two that then look alike are told apart."""
    before, after = _host(old), _host(new)
    return before, f"{after} (another)" if after is not None and before == after else after


def _host(url: str | None) -> str | None:
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.hostname or '…'}/…"
    except ValueError:
        return "…"

"""Where GetFunctionCode lets a function's code be fetched: URLs of this port that nobody can guess."""

from __future__ import annotations

import io
import secrets
import zipfile
from collections import OrderedDict
from pathlib import Path

from .. import limits

PATH = "/_local/code/"


class CodeDownloads:
    """The packages that were asked for; only the last ones can still be fetched."""

    def __init__(self) -> None:
        self._offered: OrderedDict[str, Path] = OrderedDict()

    def offer(self, code: Path) -> str:
        """Return the path of a URL for a package, or for a folder that is packed when it is fetched."""
        token = secrets.token_hex(16)
        self._offered[token] = code
        while len(self._offered) > limits.CODE_DOWNLOADS:
            self._offered.popitem(last=False)
        return PATH + token

    def read(self, token: str) -> bytes | None:
        """Return a package; None for one that was not offered, or is gone."""
        code = self._offered.get(token)
        try:
            return None if code is None else zip_of(code)
        except (OSError, ValueError):  # it is gone, or has a name that no zip can write
            return None


def zip_of(code: Path) -> bytes:
    """Return a package as it is, a folder as a zip of its files; raises OSError."""
    if not code.is_dir():
        return code.read_bytes()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
        for path in sorted(code.rglob("*")):
            if path.is_file() and path.resolve().is_relative_to(code.resolve()):  # no link leads out
                archive.write(path, path.relative_to(code))
    return buffer.getvalue()

"""Where GetFunctionCode lets a function's code be fetched: URLs of this port that nobody can guess."""

from __future__ import annotations

import io
import secrets
import zipfile
from collections import OrderedDict
from pathlib import Path

from .. import limits
from ..catalog.fc_errors import not_implemented

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
    """Return a package as it is, a folder as a zip of its files; raises OSError and ValueError."""
    if not code.is_dir():
        return code.read_bytes()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
        for path in files_of(code):
            archive.write(path, path.relative_to(code))
            if buffer.tell() > limits.CODE_DOWNLOAD_BYTES:
                raise ValueError
    return buffer.getvalue()


def files_of(code: Path) -> list[Path]:
    """Return the files of a folder, in their order; no link leads out of it."""
    inside = code.resolve()
    return [path for path in sorted(code.rglob("*")) if path.is_file() and path.resolve().is_relative_to(inside)]


def check_can_be_packed(code: Path) -> None:
    """Raise FcError 501 for a folder that is larger than what is packed."""
    if code.is_dir() and sum(map(_size, files_of(code))) > limits.CODE_DOWNLOAD_BYTES:
        raise not_implemented(f"GetFunctionCode of a folder of more than {limits.CODE_DOWNLOAD_BYTES} bytes")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # it has just been removed

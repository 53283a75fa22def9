"""A function's code as it is uploaded: a folder as a zip that is the same for the same files, or a zip as it is."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

from ..errors import ArgumentError
from ..settings.bounded_read import read_bounded

MAX_CODE_BYTES = 50_000_000
"""Largest zip that is uploaded with the call: "50 MB" (facts), in the smaller of its two readings (assumed)."""

_CHUNK_BYTES = 1 << 16
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip can tell: a file's own time would make another package of the same code."""
_UNIX = 3


def packaged(code: object) -> bytes:
    """Return the zip of a function's code.

    Args:
        code: a folder; a file that ends in `.zip`; or a zip's bytes.

    Raises:
        ArgumentError: it is none of these, cannot be read, is empty or over 50 MB; or the folder holds a link that
            leads out of it, or what is neither file nor folder.
    """
    if isinstance(code, (bytes, bytearray, memoryview)):
        return _checked(bytes(code) if memoryview(code).nbytes <= MAX_CODE_BYTES else None)
    if not isinstance(code, (str, os.PathLike)) or code == "":
        raise ArgumentError(
            f"code: expected a folder, a .zip or the bytes of one, got {type(code).__name__ if code else 'nothing'}"
        )
    path = Path(os.fsdecode(code))
    try:
        if path.is_dir():
            return _zipped(path)
        if path.suffix.lower() == ".zip":
            return _checked(read_bounded(path, MAX_CODE_BYTES))
    except (OSError, ValueError) as error:
        if isinstance(error, ArgumentError):
            raise
        reason = getattr(error, "strerror", None) or "a name in it is no text"
    else:
        reason = "it is neither a folder nor a .zip" if path.exists() else "there is nothing there"
    raise ArgumentError(f"code: expected a folder or a .zip that can be read, got {str(code)[:200]!r}: {reason}")


def _checked(package: bytes | None) -> bytes:
    if package is None or len(package) > MAX_CODE_BYTES:
        raise ArgumentError(
            f"code: expected a zip of at most {MAX_CODE_BYTES} bytes, got a larger one: put it into an OSS bucket and"
            " name that (code.ossBucketName, code.ossObjectName) with client.sdk, or move what is large into a layer"
        )
    if not package:
        raise ArgumentError("code: expected a zip, got nothing")
    return package


def _zipped(folder: Path) -> bytes:
    root = folder.resolve()
    files = sorted(_files(root, "", root, (root,)))
    if not files:
        raise ArgumentError(f"code: expected a folder with files in it, got {str(folder)[:200]!r}, which has none")
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in files:
            _add(archive, name, path, package)
    return _checked(package.getvalue())


def _add(archive: zipfile.ZipFile, name: str, path: Path, package: io.BytesIO) -> None:
    with path.open("rb") as source:
        about = os.fstat(source.fileno())
        entry = zipfile.ZipInfo(name, _FIXED_TIME)
        entry.compress_type, entry.create_system, entry.file_size = zipfile.ZIP_DEFLATED, _UNIX, about.st_size
        entry.external_attr = (0o100755 if about.st_mode & 0o111 else 0o100644) << 16
        with archive.open(entry, "w") as target:
            while chunk := source.read(_CHUNK_BYTES):
                target.write(chunk)
                if package.tell() > MAX_CODE_BYTES:
                    _checked(None)


def _files(folder: Path, prefix: str, root: Path, above: tuple[Path, ...]) -> Iterator[tuple[str, Path]]:
    """Go through the files to pack: name in the package, and where it is; `above`: the folders that lead here."""
    for entry in folder.iterdir():
        if entry.name.startswith(".") or entry.name == "__pycache__":
            continue
        name = prefix + entry.name
        real = _inside(entry, name, root)
        if real.is_file():
            yield name, real
        elif not real.is_dir():
            raise ArgumentError(f"code: expected files and folders, got {name!r}, which is neither")
        elif real in above:
            raise ArgumentError(f"code: expected a folder that ends, got the link {name!r}, which leads back up")
        else:
            yield from _files(real, f"{name}/", root, (*above, real))


def _inside(path: Path, name: str, root: Path) -> Path:
    """Return where a path really is; a link is followed as long as that is in the folder."""
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError):  # a circle of links is a RuntimeError before Python 3.13
        raise ArgumentError(f"code: expected links that lead to a file, got {name!r}, which leads nowhere") from None
    if not real.is_relative_to(root):
        raise ArgumentError(
            f"code: expected links that stay in the folder, got {name!r}, which leads out of it: copy what it names"
        )
    return real

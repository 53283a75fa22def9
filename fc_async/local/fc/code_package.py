"""A function's code as it is uploaded, a zip in base64: checked, then unpacked into a folder."""

from __future__ import annotations

import base64
import binascii
import io
import shutil
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from .. import limits
from ..catalog.fc_errors import FcError, invalid_argument

_CHUNK_BYTES = 1 << 16


def decode_zip(text: object) -> bytes:
    """Return the bytes of `code.zipFile`; refuses what is no base64."""
    if not isinstance(text, (str, bytes)):
        raise invalid_argument("code.zipFile must be a zip file in base64")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise invalid_argument("code.zipFile is not valid base64") from None


def unpack(archive: bytes, folder: Path) -> None:
    """Unpack a zip into `folder`, which exists and is empty; it is removed again when the zip is refused.

    Raises:
        FcError: 400 InvalidArgument: no zip, damaged, encrypted, an entry that would leave the folder or is larger
            than its header says, more than 500 MB or 100,000 entries altogether.
    """
    try:
        _unpack(archive, folder)
    except FcError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    except (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, ValueError):
        shutil.rmtree(folder, ignore_errors=True)
        raise invalid_argument("code.zipFile is not a zip file, or is damaged") from None
    except (RuntimeError, NotImplementedError):
        shutil.rmtree(folder, ignore_errors=True)
        raise invalid_argument("code.zipFile is encrypted or compressed by a method that is not supported") from None
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise invalid_argument(f"code.zipFile cannot be unpacked: {error.strerror or 'damaged'}") from None


def _unpack(archive: bytes, folder: Path) -> None:
    # Counted before zipfile makes an object of each; a directory of 50 MB would be 700 MB of them.
    if archive.count(b"PK\x01\x02") > limits.CODE_ENTRIES:
        raise invalid_argument(f"code.zipFile has more than {limits.CODE_ENTRIES} entries")
    with zipfile.ZipFile(io.BytesIO(archive)) as package:
        entries = package.infolist()
        if sum(entry.file_size for entry in entries) > limits.UNPACKED_CODE_BYTES:
            raise invalid_argument(f"code.zipFile unpacks to more than {limits.UNPACKED_CODE_BYTES} bytes")
        for entry in entries:
            path = folder / _inside(entry.filename)
            if entry.is_dir():
                path.mkdir(parents=True, exist_ok=True)
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                _write(package, entry, path)


def _inside(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or not path.parts:
        raise invalid_argument("code.zipFile holds an entry whose name leads out of its folder")
    if len(path.parts) > limits.CODE_FOLDERS_DEEP:
        raise invalid_argument(
            f"code.zipFile holds an entry that lies {len(path.parts) - 1} folders deep: "
            f"expected fewer than {limits.CODE_FOLDERS_DEEP}"
        )
    return path


def _write(package: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> None:
    says_bytes = entry.file_size
    entry.file_size += 1  # zipfile reads no further than this; the byte more shows an entry that lies
    written = 0
    with package.open(entry) as source, path.open("wb") as target:
        while chunk := source.read(_CHUNK_BYTES):
            written += len(chunk)
            if written > says_bytes:
                raise invalid_argument("code.zipFile holds an entry that is larger than its header says")
            target.write(chunk)
    if written != says_bytes:
        raise invalid_argument("code.zipFile holds an entry that is smaller than its header says")
    path.chmod(0o755 if (entry.external_attr >> 16) & 0o111 else 0o644)

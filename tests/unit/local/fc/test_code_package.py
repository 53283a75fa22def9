"""What may be in a function's zip, and what happens to one that lies."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path

import pytest

from fc_async.local import limits
from fc_async.local.catalog.fc_errors import FcError
from fc_async.local.fc.code_package import decode_zip, unpack


def archive(*entries: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as package:
        for name, data in entries:
            package.writestr(name, data)
    return buffer.getvalue()


def refused(data: bytes, folder: Path) -> str:
    folder.mkdir()
    with pytest.raises(FcError) as caught:
        unpack(data, folder)
    assert (caught.value.status, caught.value.code) == (400, "InvalidArgument")
    assert not folder.exists()
    return caught.value.message


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_is_unpacked_with_its_folders_and_empty_files(tmp_path: Path, method: int) -> None:
    unpack(archive(("index.py", b"x = 1" * 1000), ("a/b/c.txt", b""), ("empty/", b""), method=method), tmp_path)
    found = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")}
    assert found == {"index.py", "a", "a/b", "a/b/c.txt", "empty"}
    assert (tmp_path / "index.py").read_bytes() == b"x = 1" * 1000


def test_an_executable_stays_one(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o100755 << 16
        package.writestr(entry, b"#!/bin/sh\n")
    unpack(buffer.getvalue(), tmp_path)
    assert (tmp_path / "bootstrap").stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("name", ["../evil.py", "a/../../evil.py", "/evil.py", "a\\..\\evil.py", "..", "a/.."])
def test_an_entry_that_would_leave_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    assert "leads out" in refused(archive(("index.py", b""), (name, b"evil")), tmp_path / "code")
    assert [path.name for path in tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    "data",
    [b"", b"PK", b"no zip at all", archive(("index.py", b"x" * 999))[:-30]],
    ids=["empty", "two bytes", "text", "cut short"],
)
def test_what_is_no_zip_is_refused(tmp_path: Path, data: bytes) -> None:
    assert "not a zip file" in refused(data, tmp_path / "code")


def test_a_damaged_entry_is_refused(tmp_path: Path) -> None:
    data = bytearray(archive(("index.py", bytes(range(256)) * 9), method=zipfile.ZIP_STORED))
    data[200] ^= 0xFF
    assert "damaged" in refused(bytes(data), tmp_path / "code")


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    data = bytearray(archive(("index.py", b"x")))
    central = data.index(b"PK\x01\x02")
    data[6] |= 1
    data[central + 8] |= 1
    assert "encrypted" in refused(bytes(data), tmp_path / "code")


def test_a_bomb_is_refused_by_what_its_header_says(tmp_path: Path) -> None:
    data = _with_sizes(archive(("index.py", b"x")), limits.UNPACKED_CODE_BYTES + 1)
    assert "unpacks to more than" in refused(data, tmp_path / "code")


def test_more_entries_than_are_allowed_are_refused_before_they_are_read(tmp_path: Path) -> None:
    assert "entries" in refused(b"PK\x01\x02" * (limits.CODE_ENTRIES + 1), tmp_path / "code")


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("checked_bytes", [10, 11, 1_000_000])
def test_an_entry_that_is_larger_than_its_header_says_is_refused(
    tmp_path: Path, method: int, checked_bytes: int
) -> None:
    data = archive(("index.py", b"0" * 1_000_000), method=method)
    refused(_with_sizes(data, 10, zlib.crc32(b"0" * checked_bytes)), tmp_path / "code")


def test_a_file_where_a_folder_must_be_is_refused(tmp_path: Path) -> None:
    refused(archive(("a", b""), ("a/b", b"")), tmp_path / "code")


@pytest.mark.parametrize("text", [None, 1, "%", "AAA", "é"])
def test_what_is_no_base64_is_refused(text: object) -> None:
    with pytest.raises(FcError, match="base64"):
        decode_zip(text)


def _with_sizes(data: bytes, size: int, checksum: int | None = None) -> bytes:
    """The same zip of one entry, whose headers claim another size and, if given, another CRC-32."""
    changed = bytearray(data)
    central = data.index(b"PK\x01\x02")
    struct.pack_into("<I", changed, 22, size)
    struct.pack_into("<I", changed, central + 24, size)
    if checksum is not None:
        struct.pack_into("<I", changed, 14, checksum)
        struct.pack_into("<I", changed, central + 16, checksum)
    return bytes(changed)


@pytest.mark.parametrize("name", ["a/" * 1500 + "index.py", "a/" * 1500])
def test_a_zip_that_lies_too_deep_is_told_as_what_it_is(tmp_path: Path, name: str) -> None:
    said = refused(archive((name, b"")), tmp_path / "code")
    assert "folders deep: expected fewer than 100" in said


def test_a_zip_may_be_as_deep_as_is_allowed(tmp_path: Path) -> None:
    unpack(archive(("a/" * 99 + "index.py", b"x")), tmp_path)
    assert (tmp_path / ("a/" * 99) / "index.py").read_bytes() == b"x"

"""A function's code as a zip: the same for the same files, nothing that was not meant, nothing from elsewhere."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from fc_async import ArgumentError
from fc_async.functions.code_package import MAX_CODE_BYTES, packaged


def files(package: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def code(tmp_path: Path) -> Path:
    folder = tmp_path / "code"
    (folder / "lib").mkdir(parents=True)
    (folder / "index.py").write_text("x = 1\n")
    (folder / "lib" / "a.py").write_text("")
    (folder / "bootstrap").write_text("#!/bin/sh\n")
    (folder / "bootstrap").chmod(0o700)
    return folder


def test_a_folder_is_the_same_zip_whenever_and_in_whatever_order_it_was_written(code: Path, tmp_path: Path) -> None:
    twin = tmp_path / "twin"
    twin.mkdir()
    for name in ("lib/a.py", "bootstrap", "index.py"):
        (twin / name).parent.mkdir(exist_ok=True)
        (twin / name).write_bytes((code / name).read_bytes())
        os.utime(twin / name, (0, 10**9))
    (twin / "bootstrap").chmod(0o755)
    (twin / "index.py").chmod(0o600)
    assert packaged(code) == packaged(str(twin))
    assert list(files(packaged(code))) == ["bootstrap", "index.py", "lib/a.py"]


def test_what_can_be_run_stays_so_and_everyone_may_read_the_rest(code: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(packaged(code))) as archive:
        modes = {one.filename: one.external_attr >> 16 for one in archive.infolist()}
    assert modes == {"bootstrap": 0o100755, "index.py": 0o100644, "lib/a.py": 0o100644}


def test_compiled_files_and_what_begins_with_a_dot_stay_at_home(code: Path) -> None:
    for name in ("__pycache__/a.pyc", "lib/__pycache__/b.pyc", ".env", ".git/config", "lib/.hidden"):
        (code / name).parent.mkdir(exist_ok=True)
        (code / name).write_text("secret")
    (code / ".venv").symlink_to("/etc")
    assert list(files(packaged(code))) == ["bootstrap", "index.py", "lib/a.py"]


def test_a_link_is_followed_where_it_stays_in_the_folder(code: Path, tmp_path: Path) -> None:
    (code / "main.py").symlink_to("index.py")
    (code / "vendored").symlink_to(code / "lib")
    (tmp_path / "link").symlink_to(code)
    found = files(packaged(tmp_path / "link"))
    assert found["main.py"] == b"x = 1\n"
    assert found["vendored/a.py"] == b""


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("/etc", "leads out of it"),
        ("/etc/hostname", "leads out of it"),
        ("/dev/zero", "leads out of it"),
        ("../secret", "leads out of it"),
        ("nowhere", "leads nowhere"),
        ("link", "leads nowhere"),
        (".", "leads back up"),
        ("../code", "leads back up"),
    ],
)
def test_a_link_that_leads_elsewhere_is_refused_by_name(code: Path, tmp_path: Path, target: str, said: str) -> None:
    (tmp_path / "secret").write_text("secret")
    (code / "link").symlink_to(target)
    with pytest.raises(ArgumentError, match=f"'link', which {said}"):
        packaged(code)


def test_what_is_neither_file_nor_folder_is_refused(code: Path) -> None:
    os.mkfifo(code / "pipe")
    with pytest.raises(ArgumentError, match="'pipe', which is neither"):
        packaged(code)


def test_a_zip_is_taken_as_it_is_by_path_or_as_bytes(code: Path, tmp_path: Path) -> None:
    package = packaged(code)
    (tmp_path / "code.ZIP").write_bytes(package)
    assert packaged(tmp_path / "code.ZIP") == packaged(package) == packaged(memoryview(package)) == package


def test_code_over_50_mb_is_refused_with_the_way_out_before_it_is_read_whole(tmp_path: Path) -> None:
    with (tmp_path / "large.zip").open("wb") as large:
        large.truncate(51_000_000)
    (tmp_path / "endless.zip").symlink_to("/dev/zero")
    folder = tmp_path / "folder"
    folder.mkdir()
    for number in range(2):
        (folder / f"{number}.bin").write_bytes(os.urandom(1 << 20) * 24)  # repeats lie outside of what deflate sees
    with (folder / "2.bin").open("wb") as unread:
        unread.write(os.urandom(1 << 20) * 8)
        unread.truncate(1 << 40)
    for code in (tmp_path / "large.zip", tmp_path / "endless.zip", folder, bytes(MAX_CODE_BYTES + 1)):
        with pytest.raises(ArgumentError, match=r"at most 50000000 bytes.*OSS bucket"):
            packaged(code)
    assert len(packaged(bytes(MAX_CODE_BYTES))) == MAX_CODE_BYTES


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (5, "got int"),
        (None, "got nothing"),
        ("", "got nothing"),
        (b"", "got nothing"),
        ("missing", "nothing there"),
        ("missing.zip", "No such file"),
        ("a\0b", "got"),
    ],
)
def test_what_is_no_code_is_refused(code: Any, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ArgumentError, match=f"code: expected .*{said}"):
        packaged(code)


def test_a_folder_without_files_and_a_file_that_is_no_zip_are_refused(tmp_path: Path) -> None:
    (tmp_path / "index.py").write_text("x")
    (tmp_path / "empty" / "inside").mkdir(parents=True)
    with pytest.raises(ArgumentError, match="which has none"):
        packaged(tmp_path / "empty")
    with pytest.raises(ArgumentError, match=r"neither a folder nor a \.zip"):
        packaged(tmp_path / "index.py")

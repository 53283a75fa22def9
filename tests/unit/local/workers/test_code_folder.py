"""A watched folder: every edit is seen by who asks after it, and nobody waits on the event loop for a large one."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from fc_async.local.workers.code_folder import CodeFolder

SMALL, LARGE = 3, 200


def filled(folder: Path, files: int) -> Path:
    (folder / "deep").mkdir(parents=True)
    for number in range(files):
        (folder / "deep" / f"{number}.py").write_text("x")
    return folder


def write_again(folder: Path) -> None:
    (folder / "deep" / "0.py").write_text("y")


def write_with_its_old_time(folder: Path) -> None:
    path = folder / "deep" / "0.py"
    before = path.stat()
    path.write_text("y")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace(folder: Path) -> None:
    (folder / "new").write_text("x")
    (folder / "new").replace(folder / "deep" / "0.py")


def add(folder: Path) -> None:
    (folder / "more.py").write_text("x")


def remove(folder: Path) -> None:
    (folder / "deep" / "0.py").unlink()


@pytest.mark.parametrize("files", [SMALL, LARGE])
@pytest.mark.parametrize("edit", [write_again, write_with_its_old_time, replace, add, remove])
def test_an_edit_is_seen_by_the_next_look(tmp_path: Path, files: int, edit: Callable[[Path], None]) -> None:
    path = filled(tmp_path / "code", files)

    async def looks() -> tuple[int, int, int]:
        folder = CodeFolder(path)
        before, again = await folder.fingerprint(), await folder.fingerprint()
        edit(path)
        return before, again, await folder.fingerprint()

    before, again, after = asyncio.run(looks())
    assert before == again
    assert before != after


def test_an_edit_made_while_others_look_is_seen_by_who_asks_after_it(tmp_path: Path) -> None:
    path = filled(tmp_path / "code", LARGE)

    async def looks() -> tuple[int, int]:
        folder = CodeFolder(path)
        before = asyncio.ensure_future(folder.fingerprint())
        await asyncio.sleep(0)  # its look goes on
        await asyncio.sleep(0)
        write_again(path)
        after = asyncio.ensure_future(folder.fingerprint())
        await before
        return await after, await folder.fingerprint()

    after, at_last = asyncio.run(looks())
    assert after == at_last


def test_those_who_ask_together_share_one_look(tmp_path: Path) -> None:
    path = filled(tmp_path / "code", LARGE)

    async def looks() -> tuple[int, int]:
        folder = CodeFolder(path)
        asked = [asyncio.ensure_future(folder.fingerprint()) for _ in range(50)]
        await asyncio.sleep(0)
        looking = len(asyncio.all_tasks()) - len(asked) - 1
        return looking, len(set(await asyncio.gather(*asked)))

    assert asyncio.run(looks()) == (1, 1)


def test_a_linked_file_and_a_linked_folder_are_followed_and_a_circle_ends(tmp_path: Path) -> None:
    shared = filled(tmp_path / "shared", SMALL)
    code = tmp_path / "code"
    code.mkdir()
    (code / "shared").symlink_to(shared)
    (code / "file.py").symlink_to(shared / "deep" / "1.py")
    (shared / "back").symlink_to(code)
    (code / "nowhere").symlink_to(tmp_path / "nothing")

    async def looks() -> tuple[int, int]:
        folder = CodeFolder(code)
        before = await folder.fingerprint()
        write_again(shared)
        return before, await folder.fingerprint()

    before, after = asyncio.run(looks())
    assert before != after


def test_what_tools_write_beside_the_code_is_no_edit(tmp_path: Path) -> None:
    path = filled(tmp_path / "code", SMALL)

    async def looks() -> tuple[int, int]:
        folder = CodeFolder(path)
        before = await folder.fingerprint()
        for name in ("__pycache__", ".git"):
            (path / name).mkdir()
            (path / name / "file").write_text("x")
        return before, await folder.fingerprint()

    before, after = asyncio.run(looks())
    assert before == after


def test_a_folder_that_is_gone_is_no_failure(tmp_path: Path) -> None:
    assert isinstance(asyncio.run(CodeFolder(tmp_path / "nothing").fingerprint()), int)


def test_a_link_to_nowhere_that_leads_somewhere_later_is_an_edit(tmp_path: Path) -> None:
    path = filled(tmp_path / "code", SMALL)
    (path / "later.py").symlink_to(tmp_path / "made_later.py")

    async def looks() -> tuple[int, int]:
        folder = CodeFolder(path, now_ms=lambda: 1 << 50)  # so late that every time in the folder is long past
        before = await folder.fingerprint()
        (tmp_path / "made_later.py").write_text("x")
        return before, await folder.fingerprint()

    before, after = asyncio.run(looks())
    assert before != after


@pytest.mark.parametrize("edit", [write_again, write_with_its_old_time, replace, add, remove])
def test_an_edit_of_a_folder_that_was_long_unchanged_is_seen_without_listing_it_each_time(
    tmp_path: Path, edit: Callable[[Path], None]
) -> None:
    path = filled(tmp_path / "code", SMALL)

    async def looks() -> tuple[int, int, int]:
        folder = CodeFolder(path, now_ms=lambda: 1 << 50)
        before, again = await folder.fingerprint(), await folder.fingerprint()
        edit(path)
        return before, again, await folder.fingerprint()

    before, again, after = asyncio.run(looks())
    assert before == again
    assert before != after


def test_a_file_that_is_added_in_the_same_second_is_seen_where_folders_have_no_finer_time(tmp_path: Path) -> None:
    path = filled(tmp_path / "code", SMALL)
    second = path.stat().st_mtime_ns // 1_000_000_000
    for one in (path, path / "deep"):
        os.utime(one, (second, second))

    async def looks() -> tuple[int, int]:
        folder = CodeFolder(path, now_ms=lambda: second * 1000 + 900)
        await folder.fingerprint()
        before = await folder.fingerprint()
        add(path)
        os.utime(path, (second, second))
        return before, await folder.fingerprint()

    before, after = asyncio.run(looks())
    assert before != after


def test_a_folder_of_many_folders_is_no_small_one(tmp_path: Path) -> None:
    path = filled(tmp_path / "code", SMALL)
    for number in range(LARGE):
        (path / str(number)).mkdir()

    async def is_small() -> bool:
        folder = CodeFolder(path)
        await folder.fingerprint()
        return folder.is_small

    assert not asyncio.run(is_small())

"""Uploaded code on disk: a folder for each zip, and for each copy that a version keeps, for as long as it is needed."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from ..catalog.functions import FunctionCatalog
from .execution import Runner


class UploadedCode:
    """The folders under one root.

    Args:
        root: nothing else is in it.
        packages: where each zip stays as it came, under the name of its folder; nothing else is in it.
        catalog: the functions and versions that refer to them.
        runner: the workers that were started in them.
        settled: waits until it is kept that a folder is needed no longer, before it goes.
    """

    def __init__(
        self,
        root: Path,
        packages: Path,
        catalog: FunctionCatalog,
        runner: Runner,
        settled: Callable[[], Awaitable[None]],
    ) -> None:
        self._settled = settled
        self._root = root
        self._packages = packages
        self._catalog = catalog
        self._runner = runner
        self._being_filled: set[Path] = set()
        self._is_retired = False

    def retire(self) -> None:
        """Leave the root to the one that follows: what is needed there is known to that one alone."""
        self._is_retired = True

    @asynccontextmanager
    async def new_folder(self) -> AsyncIterator[Path]:
        """Give an empty folder; at the end of the block it stays if a function or version refers to it."""
        folder = Path(tempfile.mkdtemp(prefix="code-", dir=self._root))
        self._being_filled.add(folder)
        try:
            yield folder
        finally:
            self._being_filled.discard(folder)
            await (self._remove(folder) if self._is_retired else self.sweep())

    def keep_package(self, folder: Path, archive: bytes) -> None:
        """Keep the zip of a folder for as long as the folder."""
        (self._packages / folder.name).write_bytes(archive)

    def package_of(self, folder: Path) -> Path | None:
        """Return the zip of a folder; None for one that came without."""
        package = self._packages / folder.name
        return package if folder.parent == self._root and package.is_file() else None

    async def sweep(self) -> None:
        """End the idle workers of code that is gone; remove the folders that no function, version or worker uses."""
        if self._is_retired:
            return
        await self._settled()
        needed = self._catalog.code_dirs()
        needed_dirs = {code_dir for _, code_dir in needed} | self._runner.release(needed) | self._being_filled
        unused = [folder for folder in self._root.iterdir() if folder not in needed_dirs]
        for folder in unused:
            await self._remove(folder)

    async def _remove(self, folder: Path) -> None:
        # The package first: a folder is found again by the next start, where this one is cut off in between.
        with contextlib.suppress(OSError):
            (self._packages / folder.name).unlink()
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

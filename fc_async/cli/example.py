"""The files of examples/dlq: beside the package in a checkout, inside it where a wheel was installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ..errors import FcAsyncError

_LEFT_OUT = {"tests", "__pycache__"}
"""A checkout has its tests too; Python leaves what it compiled, wherever it runs."""


def copy_example(folder: Path) -> int:
    """Copy the example into a folder, which is made where it is missing, and return how many files it has.

    Nothing is written over. Where one file cannot be written, all that was made is taken back, and nothing else.
    Modes are those of new files: where a package is installed they may be read-only.

    Raises:
        FcAsyncError: the files are not installed.
        OSError: one cannot be written.
    """
    source = _source()
    paths = list(_files(source))
    made: list[Path] = []
    try:
        for path in paths:
            target = folder / path.relative_to(source)
            _make_folders(target.parent, made)
            with target.open("xb") as file:
                made.append(target)
                file.write(path.read_bytes())
    except BaseException:
        _take_back(made)
        raise
    return len(paths)


def _make_folders(folder: Path, made: list[Path]) -> None:
    for one in reversed([folder, *folder.parents]):
        if not one.is_dir():
            one.mkdir()
            made.append(one)


def _take_back(made: list[Path]) -> None:
    for one in reversed(made):
        with suppress(OSError):  # someone else put something into the folder meanwhile: it stays
            if one.is_dir():
                one.rmdir()
            else:
                one.unlink()


def _source() -> Path:
    package = Path(__file__).parents[1]
    places = [root / "examples" / "dlq" for root in (package, package.parent)]
    for place in places:
        if (place / "demo.py").is_file():
            return place
    raise FcAsyncError(f"expected the example's files in {places[0]}, and they are not there: install fc_async again")


def _files(source: Path) -> Iterator[Path]:
    for path in sorted(source.rglob("*")):
        if path.is_file() and not _LEFT_OUT & set(path.relative_to(source).parts):
            yield path

"""The files of examples/dlq: beside the package in a checkout, inside it where a wheel was installed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..errors import FcAsyncError

_LEFT_OUT = {"tests", "__pycache__"}
"""A checkout has its tests too; Python leaves what it compiled, wherever it runs."""


def copy_example(folder: Path) -> int:
    """Copy the example into a folder that is there, and return how many files it has.

    Modes are those of new files: where a package is installed they may be read-only.

    Raises:
        FcAsyncError: the files are not installed.
        OSError: one cannot be written.
    """
    source = _source()
    paths = list(_files(source))
    for path in paths:
        target = folder / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    return len(paths)


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

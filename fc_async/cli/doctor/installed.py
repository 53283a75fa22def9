"""What runs here: Python, fc_async, and the packages whose versions matter to it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import metadata

from .finding import Finding, ok, trouble
from .requirement import bounds_of, is_within

LOWEST_PYTHON = (3, 10)
PACKAGES = (
    "alibabacloud-fc20230330",
    "aliyun-mns-sdk",
    "alibabacloud-credentials",
    "darabonba-core",
    "requests",
    "pydantic",
    "click",
    "aiohttp",
)


def installed() -> Iterator[Finding]:
    """Yield a finding for Python, for fc_async, and for each package."""
    from ... import __version__

    yield python_of(sys.version_info[:3], sys.executable or "an unknown place")
    yield ok("fc-async", f"fc-async {__version__}")
    requirements = _requirements()
    for name in PACKAGES:
        yield package_of(name, _version(name), bounds_of(name, requirements))


def python_of(version: tuple[int, ...], place: str) -> Finding:
    """Return the finding for this version of Python."""
    shown = ".".join(map(str, version))
    if version[:2] < LOWEST_PYTHON:
        return trouble("python", f"Python {shown} ({place}) is older than 3.10", "install fc_async with Python 3.10")
    return ok("python", f"Python {shown} ({place})")


def package_of(name: str, version: str | None, bounds: str) -> Finding:
    """Return the finding for a package.

    Args:
        name: as an index has it.
        version: the one that is installed; None: it is not.
        bounds: what fc_async asks for; "": nothing is known.
    """
    advice = f"python -m pip install '{name}{bounds}'"
    if version is None:
        return trouble(name, f"{name} is not installed", advice)
    if not is_within(version, bounds):
        return trouble(name, f"{name} {version}, and fc_async is made for {bounds}", advice)
    return ok(name, f"{name} {version}")


def _requirements() -> list[str]:
    try:
        return metadata.requires("fc-async") or []
    except metadata.PackageNotFoundError:  # it runs out of a folder
        return []


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None

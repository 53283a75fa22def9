"""Whether an installed version is one that fc_async asks for: `alibabacloud-fc20230330<5,>=4.6.8`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import zip_longest

_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)\s*([<>=!][^;]*)?")
_BOUND = re.compile(r"(==|!=|>=|<=|<|>)\s*([0-9]+(?:\.[0-9]+)*)(\.\*)?")

_HOLDS: dict[str, Callable[[int], bool]] = {
    ">=": lambda order: order >= 0,
    "<=": lambda order: order <= 0,
    "==": lambda order: order == 0,
    "!=": lambda order: order != 0,
    "<": lambda order: order < 0,
    ">": lambda order: order > 0,
}


def bounds_of(package: str, requirements: Iterable[str]) -> str:
    """Return what is asked of a package's version, as it stands in the metadata; "" for nothing."""
    for one in requirements:
        found = _REQUIREMENT.match(one)
        if found and found[1].lower().replace("_", "-") == package.lower() and "extra ==" not in one:
            return (found[2] or "").strip()
    return ""


def is_within(version: str, bounds: str) -> bool:
    """Tell whether a version keeps to all the bounds; what follows its numbers (rc1, .post2) is left aside."""
    return all(_keeps(version, *found.groups()) for found in _BOUND.finditer(bounds))


def _keeps(version: str, operator: str, bound: str, any_below: str | None) -> bool:
    limit, own = _numbers(bound), _numbers(version)
    return _HOLDS[operator](_order(own[: len(limit)] if any_below else own, limit))


def _numbers(version: str) -> list[int]:
    found = re.match(r"[0-9]+(?:\.[0-9]+)*", version)
    return [int(one) for one in found[0].split(".")] if found else [0]


def _order(one: list[int], other: list[int]) -> int:
    """Return below 0, 0 or over 0: 1.2 is 1.2.0."""
    pairs = zip_longest(one, other, fillvalue=0)
    return next((left - right for left, right in pairs if left != right), 0)

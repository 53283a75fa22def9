"""A number and what it counts, in words."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Return `1 attempt` or `2 attempts`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

"""What a benchmark prints: rows of a Markdown table, and the machine that they were measured on."""

from __future__ import annotations

import os
import platform
import statistics
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path


def machine() -> str:
    """Return one line: processor, cores, system, Python, aiohttp, and the load when it was asked."""
    load = os.getloadavg()[0]
    return (
        f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, aiohttp {version('aiohttp')}, load average {load:.1f}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def median_of_ratios(measured: Sequence[float], beside: Sequence[float]) -> float:
    """Return the median over the rounds of what was measured by what was measured beside it."""
    return statistics.median(one / other for one, other in zip(measured, beside, strict=True))


def spread(values: Sequence[float], digits: int = 0) -> str:
    """Return the median, and in brackets the quarters below and above it."""
    quarters = statistics.quantiles(values, n=4)
    return f"{statistics.median(values):,.{digits}f} ({quarters[0]:,.{digits}f}-{quarters[2]:,.{digits}f})"


def row(*cells: str) -> None:
    """Print a row of the table."""
    say(f"| {' | '.join(cells)} |")


def is_met(cells: Sequence[str], value: float, bar: float, unit: str, *, at_most: bool = False) -> bool:
    """Print a row that ends in what was measured and its bar; return whether the bar is met.

    Args:
        cells: what was measured, its figures, and those of what was measured beside it.
        value: what is held against the bar.
        bar: the bar.
        unit: of both, as `×` or `ms`.
        at_most: whether less is better.
    """
    met = value <= bar if at_most else value >= bar
    row(*cells, f"{value:,.2f} {unit}", f"{'≤' if at_most else '≥'} {bar:g} {unit}{'' if met else ': MISSED'}")
    return met


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def rounds_from(arguments: Sequence[str], default: int) -> int:
    """Return how many rounds were asked for on the command line."""
    return int(arguments[1]) if len(arguments) > 1 else default

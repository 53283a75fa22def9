"""The local service, wired: one port, loopback only."""

from __future__ import annotations

from collections.abc import Sequence

from .function import FunctionSpec


def run(
    *, port: int, workers: int | None, functions: Sequence[FunctionSpec] = (), host: str = "127.0.0.1"
) -> None:
    """Serve until SIGTERM or Ctrl-C; the first line on stdout is the base URL."""
    raise NotImplementedError

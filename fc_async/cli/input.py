"""What is read from a file or stdin that the command line names: never more than it may be, and one byte."""

from __future__ import annotations

import errno
import sys
from pathlib import Path

import click

from .options import say


def read_input(name: str, limit_bytes: int) -> bytes:
    """Return what a file holds, or stdin for `-`; where that is over the limit, its beginning and one byte too many.

    What cannot be read is one sentence.
    """
    from ..settings.bounded_read import read_bounded, read_stream

    try:
        if name == "-" and sys.stdin is None:
            raise OSError(errno.EBADF, "it is closed")
        if name == "-":
            if sys.stdin.isatty():
                say("reading stdin: paste it here, then Ctrl-D on a line of its own")
            return read_stream(sys.stdin.buffer, limit_bytes)
        return read_bounded(Path(name), limit_bytes)
    except (OSError, ValueError) as error:  # a name with a NUL is a ValueError
        reason = getattr(error, "strerror", None) or str(error)
    raise click.ClickException(f"cannot read {'stdin' if name == '-' else name}: {reason}")

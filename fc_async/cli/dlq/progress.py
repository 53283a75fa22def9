"""How far a command is, on stderr: one line that is written again in a terminal, else a line every 10 seconds."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

_LINE_SECONDS = 10.0


class ProgressLine:
    """Shows a text that changes.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._is_terminal = sys.stderr is not None and sys.stderr.isatty()
        self._clock = clock
        self._next = clock() + _LINE_SECONDS
        self._shown = ""

    def show(self, text: str) -> None:
        """Show how far it is now."""
        if self._is_terminal:
            if text != self._shown:
                shown = text[: shutil.get_terminal_size().columns - 1]  # a longer one would not be written again
                click.echo(f"\r\x1b[K{shown}", nl=False, err=True)
            self._shown = text
        elif self._clock() >= self._next:
            click.echo(text, err=True)
            self._next = self._clock() + _LINE_SECONDS

    def end(self) -> None:
        """Leave the line."""
        if self._shown:
            click.echo("", err=True)
            self._shown = ""


class Stopping:
    """Whether Ctrl-C or SIGTERM came.

    Args:
        event: set by the first one.
    """

    def __init__(self) -> None:
        from ...mns.consume.signals import StopSignals

        self.event = threading.Event()
        self.signals = StopSignals(self.event.set)

    def exit_code(self, otherwise: int) -> int:
        """Return 130 or 143 after a signal, else this code."""
        return otherwise if self.signals.came is None else 128 + self.signals.came


@contextmanager
def stopping() -> Iterator[Stopping]:
    """Take Ctrl-C and SIGTERM as a wish to end: what is under way is finished; a second one ends at once."""
    one = Stopping()
    one.signals.take()
    try:
        yield one
    finally:
        one.signals.put_back()

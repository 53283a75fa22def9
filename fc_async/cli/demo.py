"""fc-async demo: the story of the example, told by its own demo.py in a folder that is gone afterwards."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from .options import FcCommand, say


@click.command("demo", cls=FcCommand)
def command() -> None:
    """Tell the whole story: fail, dead letter, fix, redrive.

    A function is deployed, fails, is retried, lands in a queue as a dead
    letter, is read, mended, and sent again. Each step is a command that you
    can type. No account is used, and nothing is left behind.

    \b
    Example:
      fc-async demo
    """
    import runpy

    with _ended_in_order(), _folder() as folder:
        _fill(folder)
        runpy.run_path(str(folder / "demo.py"))["main"]()
    say("Next: fc-async init my-dlq, which takes these files away; then type the commands yourself.")


@contextmanager
def _folder() -> Iterator[Path]:
    import tempfile

    try:
        made = tempfile.TemporaryDirectory(prefix="fc-async-demo-")
    except OSError as error:
        reason = error.strerror or "there is none that can be written to"
    else:
        with made:
            yield Path(made.name)
        return
    raise click.ClickException(f"no temporary folder can be made: {reason}; TMPDIR names another place for it")


def _fill(folder: Path) -> None:
    from .example import copy_example

    try:
        copy_example(folder)
    except OSError as error:
        reason = error.strerror or type(error).__name__
    else:
        return
    raise click.ClickException(f"cannot write to {folder}: {reason}; TMPDIR names another place for it")


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Let a signal that ends the command take the folder and the local service with it."""
    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    numbers = [one for one in numbers if signal.getsignal(one) is not signal.SIG_IGN]  # nohup lets it go on
    before = {number: signal.signal(number, lambda caught, _: sys.exit(128 + caught)) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

"""fc-async init: take the dead-letter-queue example away."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from .options import FcCommand, say


@click.command("init", cls=FcCommand)
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
def command(folder: Path) -> None:
    """Take the dead-letter-queue example away, into a folder of yours.

    A function that fails, the queue that receives its failures, a deploy
    script, a consumer, and a README that tells of each. DIR is made, or is
    empty: nothing is written over.

    \b
    Example:
      fc-async init my-dlq
    """
    count = _taken(folder)
    say(f"wrote {count} files to {folder}; its README.md tells what each is for")
    say(_next(shlex.quote(str(folder / "s.yaml"))))


def _next(file: str) -> str:
    return f"""Next, in one terminal:
  fc-async local up -f {file}
and in another (the letter is there after 2 seconds):
  export FC_ASYNC_ENDPOINT=http://127.0.0.1:9700
  fc-async invoke dlq-main -d '{{"failure": true}}'
  fc-async dlq list dlq-dead-letters"""


def _taken(folder: Path) -> int:
    """Copy the files, or leave everything as it was; returns how many there are."""
    from .example import copy_example

    try:
        if folder.is_dir() and any(folder.iterdir()):
            raise click.ClickException(f"{folder} is there and not empty, so nothing was written: name a new folder")
        return copy_example(folder)
    except OSError as error:
        reason = error.strerror or str(error)
    raise click.ClickException(f"cannot write to {folder}: {reason}; name a folder that you may make")

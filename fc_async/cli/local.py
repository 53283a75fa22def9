"""fc-async local: Function Compute and MNS on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from .options import FcGroup


@click.group("local", cls=FcGroup)
def command() -> None:
    """Run Function Compute and MNS on this machine.

    \b
    Example:
      fc-async local up -f s.yaml
    """


@command.command("up")
@click.option(
    "-f", "--file", type=click.Path(path_type=Path), metavar="FILE", help="An s.yaml whose functions to serve."
)
@click.option("--port", type=click.IntRange(0, 65535), default=9700, show_default=True, help="0 picks a free one.")
@click.option("--workers", type=click.IntRange(0, 256), metavar="N", help="Handler processes. Default: one per core.")
def up(file: Path | None, port: int, workers: int | None) -> None:
    """Serve until Ctrl-C. The first line of stdout is the base URL; the log is on stderr.

    \b
    Example, and then in another terminal:
      fc-async local up -f s.yaml
      export FC_ASYNC_ENDPOINT=http://127.0.0.1:9700
      fc-async config list
    """
    from ..deploy.document import read_document
    from ..local.function import FunctionSpec
    from ..local.server import run

    functions = []
    if file is not None:
        document = read_document(file)
        for note in document.notes:
            click.echo(note, err=True)
        functions = [FunctionSpec(**declared.local_fields()) for declared in document.functions]
    run(port=port, workers=workers, functions=functions)

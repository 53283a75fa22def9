"""fc-async local: Function Compute and MNS on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .local_look import invocation, status
from .local_rehearse import advance, fault, reset
from .options import FcGroup, output_option
from .output import print_documents, print_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..deploy.document import Document
    from ..errors import LocalError
    from ..local.catalog.function import FunctionSpec

MAX_ASSUMPTIONS_BYTES = 65536


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
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    metavar="ADDRESS",
    help="Where to listen; others than loopback need --access-key.",
)
@click.option("--workers", type=click.IntRange(0, 256), metavar="N", help="Handler processes. Default: one per core.")
@click.option(
    "--assume",
    multiple=True,
    metavar="NAME=VALUE|@FILE",
    help="What the service is taken to do where no source says so; may be repeated. A FILE has one a line. "
    "See: fc-async local assumptions.",
)
@click.option(
    "--access-key",
    envvar="FC_ASYNC_LOCAL_ACCESS_KEY",
    show_envvar=True,
    metavar="ID:SECRET",
    help="Refuse requests that are not signed with it.",
)
@click.option(
    "--clock",
    type=click.Choice(["real", "manual"]),
    default="real",
    show_default=True,
    help="manual: time stands still until it is moved, as by: fc-async local advance 6h.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Keep everything there, so that it outlives the process, also a killed one. Default: in memory.",
)
@click.option("--quiet", is_flag=True, help="Log one line for each invocation, and nothing that handlers print.")
def up(
    file: Path | None,
    port: int,
    host: str,
    workers: int | None,
    assume: tuple[str, ...],
    access_key: str | None,
    clock: str,
    data: Path | None,
    quiet: bool,
) -> None:
    """Serve until Ctrl-C. The first line of stdout is the base URL; the log is on stderr.

    \b
    Example, and then in another terminal:
      fc-async local up -f s.yaml
      export FC_ASYNC_ENDPOINT=http://127.0.0.1:9700
      fc-async config list
    """
    from ..local import limits
    from ..local.assumptions import split_assumption
    from ..local.clock import ManualClock
    from ..local.server import LocalServer
    from ..local.up.foreground import run
    from ..local.up.watched_file import WatchedFile

    document = None if file is None else _read(file)
    region = None if document is None else document.region
    server = LocalServer(
        port=port,
        host=host,
        region=limits.REGION if region is None else region,
        workers=workers,
        functions=[] if document is None else _functions(document),
        left_out=_say_left_out,
        assume=dict(map(split_assumption, _assumed(assume))),
        access_key=access_key,
        clock=ManualClock() if clock == "manual" else None,
        data=data,
    )
    watched = None if file is None else WatchedFile(file, lambda: _reread(file, region))
    run(server, is_quiet=quiet, watched=watched)


def _assumed(given: tuple[str, ...]) -> Iterator[str]:
    """Yield what was typed, with the lines of a file in the place of its @FILE."""
    from ..deploy.yaml_1_2 import read_text

    for text in given:
        if not text.startswith("@"):
            yield text
            continue
        path = Path(text[1:])
        lines = read_text(path, MAX_ASSUMPTIONS_BYTES).splitlines()
        for number, line in enumerate(map(str.strip, lines), 1):
            if line and not line.startswith("#"):
                yield _checked(line, f"{path}:{number}")


def _checked(line: str, place: str) -> str:
    """Return a line of a file as it would be typed; raises ArgumentError with the place."""
    from ..errors import ArgumentError
    from ..local.assumptions import read_assumptions, split_assumption

    try:
        name, value = map(str.strip, split_assumption(line))
        read_assumptions({name: value})
    except ArgumentError as error:
        reason = f"{place}: {error}"
    else:
        return f"{name}={value}"
    raise ArgumentError(reason)


def _say_left_out(reason: LocalError) -> None:
    _say(f"{reason}; the function is left out")


def _say(sentence: str) -> None:
    from .terminal import clean

    click.echo(clean(sentence), err=True)  # it may name keys of the file, and a file may come from anywhere


def _read(file: Path) -> Document:
    from ..deploy.s_yaml import read_document
    from ..local import limits

    document = read_document(file, region=limits.REGION, account_id=limits.ACCOUNT_ID)
    for note in document.notes:
        _say(note)
    return document


def _reread(file: Path, region: str | None) -> list[FunctionSpec]:
    """Return the functions of a file that has changed; raises ArgumentError for a change that needs another start."""
    from ..errors import ArgumentError

    document = _read(file)
    if document.region != region:
        raise ArgumentError(
            f"its region is {document.region} now, and was {region}: stop the service and start it again"
        )
    return _functions(document)


def _functions(document: Document) -> list[FunctionSpec]:
    from ..local.catalog.function import FunctionSpec

    return [FunctionSpec(**declared.local_fields()) for declared in document.functions]


@command.command("assumptions")
@output_option
def assumptions(output: str) -> None:
    """List what the local service assumes, because no source says what the cloud does.

    Those with more than one value are set by "fc-async local up --assume NAME=VALUE"; the first value is the default.

    \b
    Example:
      fc-async local assumptions -o json
    """
    from ..local import limits
    from ..local.allowed import shown_value

    fixed = [rule for rule in limits.RULES if rule.is_assumed]
    if output != "table":
        settable = [
            {"name": known.name, "value": known.default, "values": str(known.allowed), "why": known.why}
            for known in limits.ASSUMPTIONS
        ]
        rest = [{"name": r.name, "value": r.value, "values": None, "why": r.source} for r in fixed]
        print_documents([*settable, *rest], output)
        return
    rows = [(known.name, str(known.allowed), shown_value(known.default), known.why) for known in limits.ASSUMPTIONS]
    print_table(("name", "values", "default", "why"), rows, whole=("name",))
    click.echo()
    others = [(rule.name, shown_value(rule.value), rule.source) for rule in fixed]
    print_table(("fixed", "value", "why"), others, whole=("fixed",))


command.add_command(status)
command.add_command(invocation)
command.add_command(advance)
command.add_command(reset)
command.add_command(fault)

"""fc-async invoke: run a function, asynchronously unless told otherwise."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from .options import FUNCTION, CommonOptions, FcCommand, FunctionName, output_option, say_where
from .output import print_fields, print_json


@click.command("invoke", cls=FcCommand)
@click.argument("function", type=FUNCTION)
@click.option("-d", "--data", metavar="TEXT|@FILE|-", help="The payload: text, a file, or stdin. Default: none.")
@click.option("--sync", is_flag=True, help="Wait for the function and print what it returns.")
@output_option
@click.pass_context
def command(context: click.Context, function: FunctionName, data: str | None, sync: bool, output: str) -> None:
    """Invoke a function asynchronously, or wait for it (--sync).

    An asynchronous invocation is accepted into the function's queue at once and run later.

    \b
    Examples:
      fc-async invoke orders@prod -d '{"id": 7}'
      fc-async invoke orders -d @event.json --sync
    """
    payload = _payload(data)
    client = context.find_root().ensure_object(CommonOptions).functions()
    say_where(client.settings.place)
    if sync:
        _invoke_sync(client, function, payload)
        return
    accepted = client.invoke_async(function.name, payload, qualifier=function.qualifier)
    if output == "json":
        print_json({"requestId": accepted.request_id, "taskId": accepted.task_id})
    else:
        print_fields([("request id", accepted.request_id or ""), ("task id", accepted.task_id or "")])


def _payload(data: str | None) -> bytes | None:
    if data is None:
        return None
    if data == "-":
        return sys.stdin.buffer.read()
    if data.startswith("@"):
        return read_file(Path(data[1:]))
    return data.encode("utf-8", "surrogateescape")


def read_file(path: Path) -> bytes:
    """Read a file that was named on the command line; a missing one is one sentence."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise click.ClickException(f"cannot read {path}: {error.strerror or error}") from None


def _invoke_sync(client: object, function: FunctionName, payload: bytes | None) -> None:
    from ..errors import FunctionError

    try:
        result = client.invoke(function.name, payload, qualifier=function.qualifier)  # type: ignore[attr-defined]
    except FunctionError as error:
        _write(error.payload)
        raise
    _write(result.payload)


def _write(payload: bytes) -> None:
    """Write what a function returned: as it is into a pipe, made harmless on a terminal."""
    from .terminal import clean

    if sys.stdout.isatty():
        click.echo(clean(payload.decode("utf-8", "replace"), keep_lines=True))
        return
    sys.stdout.buffer.write(payload + (b"" if payload.endswith(b"\n") else b"\n"))
    sys.stdout.buffer.flush()

"""fc-async invoke: run a function, asynchronously unless told otherwise."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from ..checks import FunctionName
from .arguments import FUNCTION, NEW_TASK_ID, DurationType
from .input import read_input
from .options import CommonOptions, FcCommand, common_options, dry_run_option, output_option, say
from .output import print_document, print_fields
from .task import finish, max_wait_option

if TYPE_CHECKING:
    from ..functions.client import FunctionsClient
    from ..functions.outcomes import Accepted


@click.command("invoke", cls=FcCommand)
@click.argument("function", type=FUNCTION, metavar="FUNCTION[@QUALIFIER]")
@click.option("-d", "--data", metavar="TEXT|@FILE|-", help="The payload: text, a file, or stdin. Default: none.")
@click.option("--sync", is_flag=True, help="Wait for the function and print what it returns.")
@click.option("--delay", type=DurationType(0, 3600), metavar="T", help="Run no earlier than this: 90s, 15m, 1h.")
@click.option("--task-id", type=NEW_TASK_ID, metavar="ID", help="An id of your own; a second one is refused.")
@click.option("--wait", is_flag=True, help="Follow the async task to its end, and show it.")
@max_wait_option
@click.option(
    "--max-payload",
    type=click.IntRange(0),
    metavar="BYTES",
    help="Longest payload; raised where your account takes more. Default: 131072.",
)
@dry_run_option
@output_option
@click.pass_context
def command(
    context: click.Context,
    function: FunctionName,
    data: str | None,
    sync: bool,
    delay: int | None,
    task_id: str | None,
    wait: bool,
    max_wait: int | None,
    max_payload: int | None,
    dry_run: bool,
    output: str,
) -> None:
    """Invoke a function asynchronously, or wait for it (--sync).

    An asynchronous invocation is accepted into the function's queue at once and
    run later. --wait needs async tasks ("config set --async-task"), and exits 1
    unless the task succeeds.

    \b
    Examples:
      fc-async invoke orders@prod -d '{"id": 7}'
      fc-async invoke orders -d @event.json --sync
      fc-async invoke orders -d - --task-id order-7 --wait --max-wait 15m
    """
    _check(
        sync, max_wait, {"--wait": wait or None, "--delay": delay, "--task-id": task_id, "--max-payload": max_payload}
    )
    payload, options = _payload(data, sync=sync, max_payload=max_payload), common_options(context)
    client = options.functions(max_payload_bytes=None)  # checked above, in the words of the command line
    say(client.settings.place)
    if dry_run:
        _say_dry_run(function, payload, sync=sync)
    elif sync:
        _invoke_sync(client, function, payload, options)
    else:
        deduplicated = wait and _require_tasks(client, function) and task_id is not None
        accepted = client.invoke_async(
            function.name,
            payload,
            qualifier=function.qualifier,
            delay_seconds=delay,
            task_id=task_id,
            deduplicated=deduplicated,
        )
        if wait:
            _follow(context, client, function, accepted, max_wait, output)
        elif output == "table":
            print_fields([("request id", accepted.request_id), ("task id", accepted.task_id or "")])
        else:
            print_document({"requestId": accepted.request_id, "taskId": accepted.task_id}, output)


def _check(sync: bool, max_wait: int | None, asynchronous: dict[str, object]) -> None:
    clash = [name for name, value in asynchronous.items() if value is not None]
    if sync and clash:
        raise click.UsageError(f"--sync and {clash[0]} exclude each other: {clash[0]} is for asynchronous invocations")
    if max_wait is not None and asynchronous["--wait"] is None:
        raise click.UsageError("--max-wait says how long --wait follows the task; without --wait it has no meaning")


def _follow(
    context: click.Context,
    client: FunctionsClient,
    function: FunctionName,
    accepted: Accepted,
    max_wait: int | None,
    output: str,
) -> None:
    from ..errors import ArgumentError

    task_id = accepted.task_id or accepted.request_id
    say(f"accepted as task {task_id or 'unknown'} (request id {accepted.request_id or 'none given'})")
    if not task_id:
        raise click.ClickException(
            "it was invoked, but cannot be followed: the answer names no task id and no request id"
        )
    try:
        finish(context, client, function, task_id, max_wait, output)
    except ArgumentError as error:  # the service's id, nothing that was typed
        raise click.ClickException(f"it was invoked, but cannot be followed: {error}") from None


def _payload(data: str | None, *, sync: bool, max_payload: int | None) -> bytes | None:
    from ..functions.payload import MAX_PAYLOAD_BYTES, MAX_SYNC_PAYLOAD_BYTES

    if data is None:
        return None
    is_read = data == "-" or data.startswith("@")
    limit = MAX_SYNC_PAYLOAD_BYTES if sync else MAX_PAYLOAD_BYTES if max_payload is None else max_payload
    payload = read_input(data.removeprefix("@"), limit) if is_read else data.encode("utf-8", "surrogateescape")
    if len(payload) <= limit:
        return payload
    count = f"{'at least ' if is_read else ''}{len(payload)} bytes"
    if sync:
        raise click.UsageError(f"the payload has {count}, and a synchronous invocation takes {limit}")
    raise click.UsageError(
        f"the payload has {count}, and an asynchronous invocation takes {limit};"
        " keep large data elsewhere and send its address, or raise --max-payload if your account takes more"
    )


def _require_tasks(client: FunctionsClient, function: FunctionName) -> bool:
    """Refuse before the invocation what could not be followed after it; a config that may not be read is no reason."""
    from ..errors import ServiceError

    try:
        config = client.find_config(function.name, qualifier=function.qualifier)
    except ServiceError as error:
        if error.status != 403:
            raise
        return False
    if config is None or not config.async_task:
        raise click.ClickException(
            f"--wait follows async tasks, and {function} has them switched off; nothing was invoked."
            f" Switch them on: fc-async config set {function} --async-task"
        )
    return True


def _say_dry_run(function: FunctionName, payload: bytes | None, *, sync: bool) -> None:
    body = "no payload" if payload is None else f"a payload of {len(payload)} bytes"
    say(f"dry run: {function} would be invoked {'synchronously' if sync else 'asynchronously'} with {body}")


def _invoke_sync(
    client: FunctionsClient, function: FunctionName, payload: bytes | None, options: CommonOptions
) -> None:
    from ..errors import FunctionError

    try:
        result = client.invoke(function.name, payload, qualifier=function.qualifier, timeout_seconds=options.timeout)
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

"""fc-async task: list, follow and stop async tasks."""

from __future__ import annotations

import re
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from ..checks import STATUSES, FunctionName
from .arguments import FUNCTION, MOMENT, TASK_ID, DurationType
from .interrupt import handled
from .options import FcGroup, common_options, dry_run_option, output_option, say
from .output import print_document, print_documents, print_fields, print_table
from .task_view import COLUMNS, fields, row

if TYPE_CHECKING:
    from ..functions.async_task import AsyncTask
    from ..functions.client import FunctionsClient

max_wait_option = click.option(
    "--max-wait", type=DurationType(0, 604800), metavar="T", help="Give up after T (90s, 6h). Default: no limit."
)


@click.group("task", cls=FcGroup)
def command() -> None:
    """List, follow and stop async tasks.

    Invocations are tasks where the config says so, and can be looked up for 7
    days.

    \b
    Examples:
      fc-async config set orders --async-task
      fc-async task list orders --status Failed --since 6h
    """


@command.command("list")
@click.argument("function", type=FUNCTION, metavar="FUNCTION[@QUALIFIER]")
@click.option("--status", type=click.Choice(STATUSES, case_sensitive=False), metavar="STATUS", help="Only these.")
@click.option("--prefix", metavar="TEXT", help="Only tasks whose id begins so.")
@click.option("--since", type=MOMENT, metavar="WHEN", help="Started then or later: 15m, 6h, 2d ago or ISO 8601.")
@click.option("--until", type=MOMENT, metavar="WHEN", help="Started then or earlier.")
@click.option("--order", type=click.Choice(["asc", "desc"]), help="By time of start: oldest first, newest first.")
@click.option("--include-payload", is_flag=True, help="With what each was invoked with (json, ndjson).")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="At most N tasks. Default: all.")
@output_option
@click.pass_context
def list_(context: click.Context, /, function: FunctionName, output: str, limit: int | None, **filters: Any) -> None:
    """List the async tasks of a function.

    STATUS is Enqueued, Dequeued, Running, Retrying, Stopping, Succeeded,
    Failed, Stopped, Expired or Invalid.

    \b
    Examples:
      fc-async task list orders@prod --status Failed --since 6h
      fc-async task list orders --prefix nightly- --include-payload -o ndjson
    """
    _check(filters)
    tasks = islice(_tasks(_client(context), function, filters), limit)
    if output == "table":
        if not print_table(COLUMNS, map(row, tasks), whole=COLUMNS[:3], optional=COLUMNS[4:]):
            say("no such tasks; they are kept for 7 days, and only while asyncTask is on")
    else:
        print_documents((one.wire for one in tasks), output)


@command.command("get")
@click.argument("function", type=FUNCTION, metavar="FUNCTION[@QUALIFIER]")
@click.argument("task_id", type=TASK_ID)
@output_option
@click.pass_context
def get(context: click.Context, function: FunctionName, task_id: str, output: str) -> None:
    """Show one async task, with its events.

    \b
    Example:
      fc-async task get orders@prod nightly-2026-01-31
    """
    print_task(_client(context).get_task(function.name, task_id, qualifier=function.qualifier), output)


@command.command("stop")
@click.argument("function", type=FUNCTION, metavar="FUNCTION[@QUALIFIER]")
@click.argument("task_id", type=TASK_ID)
@dry_run_option
@output_option
@click.pass_context
def stop(context: click.Context, function: FunctionName, task_id: str, dry_run: bool, output: str) -> None:
    """Stop an async task, and show it.

    One that runs may go on for a moment: its status is Stopping, then Stopped.

    \b
    Example:
      fc-async task stop orders@prod nightly-2026-01-31
    """
    client = _client(context)
    say(client.settings.place)
    if not dry_run:
        client.stop_task(function.name, task_id, qualifier=function.qualifier)
        say(f"asked to stop {task_id}")
    _print_known(client, function, task_id, output)
    if dry_run:
        say("dry run: it was not stopped")


@command.command("wait")
@click.argument("function", type=FUNCTION, metavar="FUNCTION[@QUALIFIER]")
@click.argument("task_id", type=TASK_ID)
@max_wait_option
@output_option
@click.pass_context
def wait(context: click.Context, function: FunctionName, task_id: str, max_wait: int | None, output: str) -> None:
    """Wait until an async task is over, and show it.

    Exits 0 when it succeeded; 1 when it ended otherwise or --max-wait passed.

    \b
    Example:
      fc-async task wait orders@prod nightly-2026-01-31 --max-wait 15m
    """
    finish(context, _client(context), function, task_id, max_wait, output)


def finish(
    context: click.Context,
    client: FunctionsClient,
    function: FunctionName,
    task_id: str,
    max_wait: int | None,
    output: str,
) -> None:
    """Wait for a task, print it, and exit 1 unless it succeeded."""
    try:
        task = client.wait_task(function.name, task_id, timeout_seconds=max_wait, qualifier=function.qualifier)
    except KeyboardInterrupt:
        handled()
        say(f"stopped waiting; the task goes on: fc-async task get {function} {task_id}")
        context.exit(130)
    print_task(task, output)
    if task.status != "Succeeded":
        raise click.ClickException(f"the task {task_id} ended as {task.status}{_reason(task)}")


def print_task(task: AsyncTask, output: str) -> None:
    """Print one task."""
    if output == "table":
        print_fields(fields(task))
    else:
        print_document(task.wire, output)


def _print_known(client: FunctionsClient, function: FunctionName, task_id: str, output: str) -> None:
    """Print one task; where reading it is not permitted, say so (and give programs no status)."""
    from ..errors import ServiceError

    try:
        task = client.get_task(function.name, task_id, qualifier=function.qualifier)
    except ServiceError as error:
        if error.status != 403:
            raise
        say("its status is unknown (403: no permission to read it)")
        if output != "table":
            print_document({"taskId": task_id, "status": None}, output)
    else:
        print_task(task, output)


def _client(context: click.Context) -> FunctionsClient:
    return common_options(context).functions()


def _check(filters: dict[str, Any]) -> None:
    since, until = filters["since"], filters["until"]
    if since is not None and until is not None and since > until:
        raise click.UsageError(f"--since ({_iso(since)}) is later than --until ({_iso(until)})")


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _tasks(client: FunctionsClient, function: FunctionName, filters: dict[str, Any]) -> Any:
    return client.iter_tasks(
        function.name,
        qualifier=function.qualifier,
        prefix=filters["prefix"],
        status=filters["status"],
        started_time_begin=filters["since"],
        started_time_end=filters["until"],
        sort_order_by_time=filters["order"],
        include_payload=filters["include_payload"],
    )


def _reason(task: AsyncTask) -> str:
    """Return what kind of error a task ended with; its text is the handler's, and stands in the task alone."""
    told = task.task_error_message or ""
    return f" ({told})" if re.fullmatch(r"[A-Za-z][A-Za-z0-9_.]{0,63}", told) else ""

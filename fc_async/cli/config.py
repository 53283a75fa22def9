"""fc-async config: read and change the async config of a function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .options import (
    DESTINATION,
    FUNCTION,
    CommonOptions,
    DurationType,
    FcGroup,
    FunctionName,
    confirm,
    output_option,
    say_where,
    yes_option,
)
from .output import print_fields, print_json, print_table

if TYPE_CHECKING:
    from ..arn import Arn
    from ..config import AsyncInvokeConfig
    from ..functions import FunctionsClient


@click.group("config", cls=FcGroup)
def group() -> None:
    """Read and change where outcomes go, retries and age."""


@group.command("get")
@click.argument("function", type=FUNCTION)
@output_option
@click.pass_context
def get(context: click.Context, function: FunctionName, output: str) -> None:
    """Show the async config of FUNCTION[@QUALIFIER]."""
    found = _client(context).get_config(function.name, qualifier=function.qualifier)
    if output == "json":
        print_json(_answer(found))
    else:
        print_fields(_fields(found))


@group.command("list")
@click.argument("function", required=False, type=FUNCTION)
@output_option
@click.pass_context
def list_(context: click.Context, function: FunctionName | None, output: str) -> None:
    """List the async configs of all functions, or of every qualifier of FUNCTION."""
    if function is not None and function.qualifier is not None:
        raise click.UsageError("config list takes a function without qualifier; config get shows one qualifier")
    found = list(_client(context).iter_configs(None if function is None else function.name))
    if output == "json":
        print_json([{**_answer(one), "qualifier": _qualifier(one)} for one in found])
    else:
        columns = ("function", "qualifier", "on failure", "on success", "max retries", "max age")
        print_table(columns, (_row(one) for one in found))


@group.command("set")
@click.argument("function", type=FUNCTION)
@click.option("--on-success", type=DESTINATION, help="queue:NAME, topic:NAME, function:NAME[@QUALIFIER] or an ARN.")
@click.option("--on-failure", type=DESTINATION, help="The same, for what failed after all retries.")
@click.option("--max-retries", type=click.IntRange(0, 8), metavar="N", help="Attempts after the first, 0 to 8.")
@click.option("--max-age", type=DurationType(1, 604800), metavar="T", help="How long an event may wait: 90s, 6h, 2d.")
@click.option("--async-task/--no-async-task", default=None, help="Whether invocations are tasks with an id.")
@click.pass_context
def set_(context: click.Context, /, function: FunctionName, **named: Any) -> None:
    """Change the async config of FUNCTION[@QUALIFIER]; what is not named stays.

    \b
    Example:
      fc-async config set orders@prod --on-failure queue:dead --max-retries 1
    """
    if all(value is None for value in named.values()):
        raise click.UsageError("nothing to set: name at least one of --on-success, --on-failure, --max-retries, ...")
    client = _client(context)
    say_where(client.settings.place)
    before, known = _before(client, function)
    after = client.put_config(function.name, _changed(before, named), qualifier=function.qualifier)
    _say_change(before if known else None, after, named)


@group.command("delete")
@click.argument("function", type=FUNCTION)
@yes_option
@click.pass_context
def delete(context: click.Context, function: FunctionName, yes: bool) -> None:
    """Remove the async config of FUNCTION[@QUALIFIER]: the service's defaults apply, and no destination."""
    client = _client(context)
    say_where(client.settings.place)
    confirm(f"Remove the async config of {function}?", yes=yes)
    client.delete_config(function.name, qualifier=function.qualifier)


def _client(context: click.Context) -> FunctionsClient:
    return context.find_root().ensure_object(CommonOptions).functions()


def _before(client: FunctionsClient, function: FunctionName) -> tuple[AsyncInvokeConfig, bool]:
    """Return what is there now, and whether that is known: without leave to read, only what was named is sent."""
    from ..config import AsyncInvokeConfig
    from ..errors import ServiceError

    try:
        return client.find_config(function.name, qualifier=function.qualifier) or AsyncInvokeConfig(), True
    except ServiceError as error:
        if error.status != 403:
            raise
        click.echo("before: unknown (no permission to read it); sending only what was named", err=True)
        return AsyncInvokeConfig(), False


def _changed(before: AsyncInvokeConfig, named: dict[str, Any]) -> AsyncInvokeConfig:
    from ..config import AsyncInvokeConfig, DestinationConfig

    old = before.destination_config
    on_success = _either(named["on_success"], None if old is None else old.on_success)
    on_failure = _either(named["on_failure"], None if old is None else old.on_failure)
    destinations = old
    if on_success is not None or on_failure is not None:
        destinations = DestinationConfig(on_success=on_success, on_failure=on_failure)
    return AsyncInvokeConfig(
        destination_config=destinations,
        max_async_retry_attempts=_either(named["max_retries"], before.max_async_retry_attempts),
        max_async_event_age_in_seconds=_either(named["max_age"], before.max_async_event_age_in_seconds),
        async_task=_either(named["async_task"], before.async_task),
    )


def _either(new: Any, old: Any) -> Any:
    return old if new is None else new


def _say_change(before: AsyncInvokeConfig | None, after: AsyncInvokeConfig, named: dict[str, Any]) -> None:
    old = dict(_fields(before)) if before is not None else {}
    for name, value in _fields(after):
        was = old.get(name, "unknown")
        if was != value:
            click.echo(f"{name}: {was} → {value}", err=True)
    if before is not None and dict(_fields(before)) == dict(_fields(after)):
        click.echo("nothing changed", err=True)


def _answer(config: AsyncInvokeConfig) -> dict[str, Any]:
    """The service's AsyncConfig: its names, null where nothing is set."""
    from datetime import datetime

    def moment(value: datetime | None) -> str | None:
        return None if value is None else value.strftime("%Y-%m-%dT%H:%M:%SZ")

    wire = config.to_wire()
    return {
        "asyncTask": wire.get("asyncTask"),
        "createdTime": moment(config.created_time),
        "destinationConfig": wire.get("destinationConfig"),
        "functionArn": None if config.function is None else str(config.function),
        "lastModifiedTime": moment(config.last_modified_time),
        "maxAsyncEventAgeInSeconds": wire.get("maxAsyncEventAgeInSeconds"),
        "maxAsyncRetryAttempts": wire.get("maxAsyncRetryAttempts"),
    }


def _qualifier(config: AsyncInvokeConfig) -> str:
    qualifier = getattr(config.function, "qualifier", None)
    return "LATEST" if qualifier is None else qualifier


def _fields(config: AsyncInvokeConfig) -> list[tuple[str, str]]:
    halves = config.destination_config
    return [
        ("on failure", _destination(None if halves is None else halves.on_failure, config)),
        ("on success", _destination(None if halves is None else halves.on_success, config)),
        ("max retries", _or("not set (3)", config.max_async_retry_attempts)),
        ("max age", _or("not set (86400 s)", config.max_async_event_age_in_seconds, " s")),
        ("async task", _or("not set (off)", {True: "on", False: "off", None: None}[config.async_task])),
    ]


def _destination(arn: Arn | None, config: AsyncInvokeConfig) -> str:
    """Show a destination in short where it is in the function's own region and account, else the whole ARN."""
    from ..arn import FunctionArn, QueueArn, TopicArn

    own = config.function
    kinds = {FunctionArn: "function", QueueArn: "queue", TopicArn: "topic"}
    if arn is None:
        return "nowhere"
    if not isinstance(own, FunctionArn) or not isinstance(arn, (FunctionArn, QueueArn, TopicArn)):
        return str(arn)
    if (arn.region, arn.account_id) != (own.region, own.account_id) or getattr(arn, "service", None):
        return str(arn)
    qualifier = getattr(arn, "qualifier", None)
    return f"{kinds[type(arn)]}:{arn.name}" + (f"@{qualifier}" if qualifier else "")


def _or(nothing: str, value: Any, unit: str = "") -> str:
    return nothing if value is None else f"{value}{unit}"


def _row(config: AsyncInvokeConfig) -> tuple[str, ...]:
    fields = dict(_fields(config))
    name = getattr(config.function, "name", None)
    columns = (fields[key] for key in ("on failure", "on success", "max retries", "max age"))
    return (name if name is not None else "unknown", _qualifier(config), *columns)

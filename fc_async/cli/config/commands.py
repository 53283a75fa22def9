"""fc-async config: read and change the async config of a function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ...checks import LATEST, FunctionName
from ..arguments import DESTINATION, FUNCTION, DurationType
from ..options import FcGroup, common_options, confirm, dry_run_option, output_option, say, yes_option
from ..output import print_document, print_documents, print_fields, print_table
from .change import as_sent, merged, only_named, read_before, say_change, say_unknown, without
from .existence import not_there
from .view import COLUMNS, answer, fields, function_name, qualifier, row
from .warnings import warnings, without_on_failure

if TYPE_CHECKING:
    from ...config import AsyncInvokeConfig
    from ...functions.client import FunctionsClient


@click.group("config", cls=FcGroup)
def command() -> None:
    """Read and change where outcomes go, retries and age.

    A config belongs to FUNCTION[@QUALIFIER]: a version, an alias, or LATEST
    where none is named.

    \b
    Examples:
      fc-async config list
      fc-async config set orders@prod --on-failure queue:dead --max-retries 1
    """


@command.command("get")
@click.argument("function", type=FUNCTION, metavar="FUNCTION[@QUALIFIER]")
@output_option
@click.pass_context
def get(context: click.Context, function: FunctionName, output: str) -> None:
    """Show the async config of a function.

    \b
    Examples:
      fc-async config get orders
      fc-async config get orders@prod -o json
    """
    found = _client(context).get_config(function.name, qualifier=function.qualifier)
    if output == "table":
        print_fields(fields(found))
    else:
        print_document(answer(found), output)


@command.command("list")
@click.argument("function", required=False, type=FUNCTION, metavar="[FUNCTION]")
@click.option("--all-qualifiers", is_flag=True, help="Also every version and alias that has no config.")
@click.option("--fail-on-none", is_flag=True, help="Exit 1 where one of them has no OnFailure (for CI).")
@output_option
@click.pass_context
def list_(
    context: click.Context, function: FunctionName | None, all_qualifiers: bool, fail_on_none: bool, output: str
) -> None:
    """List the async configs of all functions, or of FUNCTION.

    NONE marks what has no OnFailure, so that its failures are lost. The table
    has a row for a function without any config, too; json and ndjson have it
    with --all-qualifiers (all its fields null).

    \b
    Examples:
      fc-async config list
      fc-async config list orders --all-qualifiers -o ndjson
      fc-async config list --fail-on-none
    """
    if function is not None and function.qualifier is not None:
        raise click.UsageError("config list takes a function without qualifier; config get shows one qualifier")
    client, name = _client(context), None if function is None else function.name
    configs = found = list(client.iter_configs(name))
    if output == "table" or all_qualifiers or fail_on_none:
        from .gaps import without_config

        found = [
            *configs,
            *without_config(client, name, configs, all_qualifiers=all_qualifiers, must_be_seen=fail_on_none),
        ]
        found.sort(key=lambda one: (function_name(one), qualifier(one) != LATEST, qualifier(one)))
    if output == "table":
        print_table(COLUMNS, [row(one) for one in found], whole=COLUMNS[:2])
    else:
        shown = found if all_qualifiers else configs
        print_documents([{**answer(one), "qualifier": qualifier(one)} for one in shown], output)
    has_none = any(one.on_failure is None for one in found)
    if output == "table" or fail_on_none:
        _say_gaps(found)
    if has_none and fail_on_none:
        context.exit(1)


@command.command("set")
@click.argument("function", type=FUNCTION, metavar="FUNCTION[@QUALIFIER]")
@click.option("--on-success", type=DESTINATION, metavar="DESTINATION", help="Where successes go.")
@click.option("--on-failure", type=DESTINATION, metavar="DESTINATION", help="Where failures go, after all retries.")
@click.option("--max-retries", type=click.IntRange(0, 8), metavar="N", help="Attempts after the first, 0 to 8.")
@click.option("--max-age", type=DurationType(1, 604800), metavar="T", help="How long an event may wait: 90s, 6h, 7d.")
@click.option("--async-task/--no-async-task", default=None, help="Whether invocations are tasks that can be followed.")
@dry_run_option
@output_option
@click.pass_context
def set_(context: click.Context, /, function: FunctionName, dry_run: bool, output: str, **named: Any) -> None:
    """Change the async config of a function; what is not named stays.

    DESTINATION is queue:NAME, topic:NAME, function:NAME[@QUALIFIER] or an ARN.
    What was and what is stands on stderr, with what to beware of.

    \b
    Examples:
      fc-async config set orders@prod --on-failure queue:dead --max-retries 1
      fc-async config set orders --max-age 6h --async-task --dry-run
    """
    if all(value is None for value in named.values()):
        raise click.UsageError("nothing to set: name at least one of --on-success, --on-failure, --max-retries, ...")
    client = _client(context)
    say(client.settings.place)
    before = read_before(client, function)
    if before is None:
        say_unknown(named)
    wanted = merged(before, named)
    after = wanted if dry_run else client.put_config(function.name, wanted, qualifier=function.qualifier)
    is_whole = before is not None or not dry_run
    say_change(before, after, only=None if is_whole else only_named(named))
    for sentence in (
        *not_there(common_options(context), client, [named["on_failure"], named["on_success"]]),
        *warnings(client, function, after, named, is_whole=is_whole),
    ):
        say(f"warning: {sentence}")
    _end(as_sent(client, after), output, dry_run=dry_run)


@command.command("unset")
@click.argument("function", type=FUNCTION, metavar="FUNCTION[@QUALIFIER]")
@click.option("--on-success", is_flag=True, help="No destination for successes.")
@click.option("--on-failure", is_flag=True, help="No destination for failures.")
@click.option("--max-retries", is_flag=True, help="The service's default, 3.")
@click.option("--max-age", is_flag=True, help="The service's default, 86400 s.")
@click.option("--async-task", is_flag=True, help="The service's default, off.")
@dry_run_option
@output_option
@click.pass_context
def unset(context: click.Context, /, function: FunctionName, dry_run: bool, output: str, **named: bool) -> None:
    """Take parts out of the config of a function; the rest stays.

    To take a destination out, the config may have to be deleted and put again;
    between these two calls outcomes go nowhere.

    \b
    Examples:
      fc-async config unset orders@prod --on-success
      fc-async config unset orders --max-retries --max-age --dry-run
    """
    from ...config import is_same

    if not any(named.values()):
        raise click.UsageError("nothing to unset: name at least one of --on-success, --on-failure, --max-retries, ...")

    client = _client(context)
    say(client.settings.place)
    before = client.get_config(function.name, qualifier=function.qualifier)
    wanted = without(before, named)
    if is_same(wanted, before):
        after = before
    elif dry_run:
        after = wanted
    else:
        after = client.replace_config(function.name, wanted, qualifier=function.qualifier)
    say_change(before, after)
    for sentence in without_on_failure(function, after) if after != before and named["on_failure"] else ():
        say(f"warning: {sentence}")
    _end(after, output, dry_run=dry_run)


@command.command("delete")
@click.argument("function", type=FUNCTION, metavar="FUNCTION[@QUALIFIER]")
@yes_option
@dry_run_option
@output_option
@click.pass_context
def delete(context: click.Context, function: FunctionName, yes: bool, dry_run: bool, output: str) -> None:
    """Remove the async config of a function.

    The service's defaults apply then: 3 retries, 86400 s, no destination. json
    and ndjson print the config that was removed.

    \b
    Example:
      fc-async config delete orders@prod --yes
    """
    client = _client(context)
    say(client.settings.place)
    if not dry_run:
        confirm(f"Remove the async config of {function}?", yes=yes)
    before = None
    if dry_run or output != "table":
        before = _about_to_go(client, function)
    if not dry_run:
        client.delete_config(function.name, qualifier=function.qualifier)
        say(f"{function} has no async config now")
    _end(before, output, dry_run=dry_run)


def _client(context: click.Context) -> FunctionsClient:
    return common_options(context).functions()


def _about_to_go(client: FunctionsClient, function: FunctionName) -> AsyncInvokeConfig | None:
    """Return the config that is to be removed, and tell it; None when it may not be read, which hinders nothing."""
    from ...config import AsyncInvokeConfig
    from ...errors import ServiceError

    try:
        before = client.get_config(function.name, qualifier=function.qualifier)
    except ServiceError as error:
        if error.status != 403:
            raise
        say("before: unknown (403: no permission to read it)")
        return None
    say_change(before, AsyncInvokeConfig())
    return before


def _end(config: AsyncInvokeConfig | None, output: str, *, dry_run: bool) -> None:
    """Print the config for programs (null: unknown), people have read it on stderr; and say that a dry run was one."""
    if output != "table":
        print_document(None if config is None else answer(config), output)
    if dry_run:
        say("dry run: nothing was changed")


def _say_gaps(found: list[Any]) -> None:
    count = sum(1 for one in found if one.on_failure is None)
    if count:
        say(f"{count} of {len(found)} without OnFailure (NONE): what fails there is lost")

"""fc-async deploy: a function's code, from a folder or a zip."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .arguments import FUNCTION, DurationType
from .options import FcCommand, common_options, dry_run_option, output_option, say
from .output import print_document, print_fields

if TYPE_CHECKING:
    from ..checks import FunctionName
    from ..functions.outcomes import DeployedFunction


@click.command("deploy", cls=FcCommand)
@click.argument("function", type=FUNCTION, metavar="FUNCTION")
@click.option("--code", required=True, metavar="DIR|ZIP", help="The code: a folder, or a file that ends in .zip.")
@click.option("--runtime", required=True, metavar="NAME", help="For example python3.10.")
@click.option("--handler", required=True, metavar="NAME", help="For example index.handler.")
@click.option("--function-timeout", type=DurationType(1, 86400), metavar="T", help="How long an execution may take.")
@click.option("--memory", type=click.IntRange(128, 32768), metavar="MB", help="Memory of an instance.")
@click.option("--role", metavar="ARN", help="The role that the function acts as.")
@click.option("--env", multiple=True, metavar="K=V", help="A variable; repeatable. Others that are there go.")
@click.option("--publish", is_flag=True, help="Also publish a version.")
@dry_run_option
@output_option
@click.pass_context
def command(
    context: click.Context,
    function: FunctionName,
    code: str,
    runtime: str,
    handler: str,
    function_timeout: int | None,
    memory: int | None,
    role: str | None,
    env: tuple[str, ...],
    publish: bool,
    dry_run: bool,
    output: str,
) -> None:
    """Create a function, or bring the one that is there to this state.

    What is not named stays as it is. A folder is packed without __pycache__ and
    what begins with a dot. It ends when the function can be invoked.

    \b
    Example:
      fc-async deploy orders --code code --runtime python3.10 \\
        --handler index.handler --env STAGE=prod --publish
    """
    from ..functions.code_package import packaged

    if function.qualifier is not None:
        raise click.UsageError("deploy takes a function without qualifier; --publish makes a version of it")
    variables = _variables(env)
    if not Path(code).exists():
        raise click.ClickException(f"cannot read {code}: there is nothing there")
    package = packaged(code)
    client = common_options(context).functions()
    say(client.settings.place)
    if dry_run:
        say(f"dry run: {function} would be deployed with a zip of {len(package)} bytes")
        return
    done = client.deploy_function(
        function.name,
        package,
        runtime=runtime,
        handler=handler,
        timeout_seconds=function_timeout,
        memory_mb=memory,
        role=role,
        environment=variables,
        publish=publish,
    )
    _show(done, output)


def _variables(pairs: tuple[str, ...]) -> dict[str, str] | None:
    """Return the variables, None for none; no message has a value, which may be a secret."""
    if not pairs:
        return None
    for pair in pairs:
        if not pair.partition("=")[0] or "=" not in pair:
            raise click.UsageError("--env: expected NAME=VALUE, got a text without a name or without '='")
    return {name: value for name, _, value in (pair.partition("=") for pair in pairs)}


def _show(done: DeployedFunction, output: str) -> None:
    if output != "table":
        document = {"functionArn": done.function_arn, "created": done.created, "version": done.version}
        print_document(document, output)
        return
    fields = [("function", done.function_arn), ("was", "created" if done.created else "updated")]
    print_fields([*fields, *([("version", done.version)] if done.version is not None else [])])

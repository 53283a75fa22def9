"""The root of the command line: common options, the groups, and how an error is told.

Exit codes: 0 done, 1 what was found (the service refused, a file is missing), 2 what was typed.
"""

from __future__ import annotations

import os
import sys
from typing import NoReturn

import click

from .. import __version__
from . import config, dlq, invoke, local, record
from .options import CommonOptions, FcGroup
from .terminal import clean


@click.group(
    cls=FcGroup,
    list_common=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    epilog="Common options may also follow the command. Start with: fc-async local up",
)
@click.version_option(__version__, "-V", "--version", prog_name="fc-async")
@click.pass_context
def cli(context: click.Context) -> None:
    """Asynchronous invocation on Alibaba Cloud Function Compute.

    Set where outcomes go, invoke, read the records that destinations receive, and work a dead-letter queue; in the
    cloud, or on this machine with "fc-async local up".
    """
    context.ensure_object(CommonOptions)


for command in (config.group, dlq.group, invoke.command, local.group, record.command):
    cli.add_command(command)


def run(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit; no input from outside ends in a traceback."""
    try:
        code = cli.main(arguments, prog_name="fc-async", standalone_mode=False)
        sys.stdout.flush()
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.Abort:
        _fail("stopped; nothing more was done", 130)
    except click.UsageError as error:
        _usage(error)
    except click.ClickException as error:
        _fail(error.format_message(), error.exit_code)
    except BrokenPipeError:
        # Whoever read us has gone (`| head`): not our failure, and flushing at exit must not complain either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        _fail_for(error)


def _usage(error: click.UsageError) -> NoReturn:
    if error.ctx is not None:
        click.echo(f"Try '{error.ctx.command_path} --help'.", err=True)
    _fail(error.format_message(), error.exit_code)


def _fail_for(error: Exception) -> NoReturn:
    from ..errors import ArgumentError, DocumentError, FcAsyncError, RecordError

    typed = isinstance(error, ArgumentError) and not isinstance(error, (DocumentError, RecordError))
    if isinstance(error, FcAsyncError):
        _fail(str(error), 2 if typed else 1)
    if error.__class__.__name__ == "ValidationError" and error.__class__.__module__.startswith("pydantic"):
        _fail(_validation_message(error), 2)
    raise error


def _validation_message(error: Exception) -> str:
    first = error.errors(include_url=False)[0]  # type: ignore[attr-defined]
    field = ".".join(str(part) for part in first["loc"])
    return f"{field}: {first['msg'].removeprefix('Value error, ')}"


def _fail(message: str, code: int) -> NoReturn:
    click.echo(f"Error: {clean(message, keep_lines=True)}", err=True)
    sys.exit(code)

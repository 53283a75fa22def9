"""The root of the command line: common options, the groups, and how an error is told.

Exit codes: 0 done, 1 what was found (the service refused, a file is missing), 2 what was typed.
"""

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING, NoReturn

import click

from .. import __version__
from .options import CommonOptions, FcGroup, say

if TYPE_CHECKING:
    from ..errors import ArgumentError

COMMANDS = {
    "apply": "Bring functions, queues and topics to what a file says.",
    "check": "Find what a file, or what is live, does that nobody wants.",
    "completion": "Print what makes a shell complete fc-async.",
    "config": "Read and change where outcomes go, retries and age.",
    "demo": "Tell the whole story: fail, dead letter, fix, redrive.",
    "deploy": "Create a function, or bring the one that is there to this state.",
    "dlq": "Look into a dead-letter queue, send its letters again.",
    "doctor": "Say what is wrong with this setup, and what to do about it.",
    "export": "Print what is live as a document for check, plan and apply.",
    "graph": "Draw functions, queues and topics and where outcomes go.",
    "init": "Take the dead-letter-queue example away, into a folder of yours.",
    "invoke": "Invoke a function asynchronously, or wait for it (--sync).",
    "local": "Run Function Compute and MNS on this machine.",
    "plan": "Show what apply would change, field by field.",
    "queue": "Create, list, show, delete and empty queues.",
    "record": "Decode a destination's payload and show its record.",
    "task": "List, follow and stop async tasks.",
    "topic": "Topics: who subscribes to them, and publishing.",
    "whoami": "Show region, account, endpoints, credentials, and their origin.",
}
"""The commands and what they do in short; each stands in the file of its name, which is loaded when it is called."""

_FOLDERS = {
    "apply": "fleet.apply",
    "check": "fleet.check",
    "config": "config.commands",
    "dlq": "dlq.group",
    "doctor": "doctor.command",
    "export": "fleet.export",
    "graph": "fleet.graph",
    "plan": "fleet.plan",
}
"""The commands that fill a folder, and the file in which each begins."""


class _Root(FcGroup):
    """Loads a command's file when it is called: `--help` waits for none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        from importlib import import_module

        command: click.Command = import_module(f".{_FOLDERS.get(cmd_name, cmd_name)}", __package__).command
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # here, because click itself would end with 1
            _end_without_reader()

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=_Root,
    list_common=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    epilog="""\b
Where an option is missing, its variable counts, then the current profile of
~/.aliyun/config.json; "fc-async whoami" shows what was found. Also read:
  ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET and the others
  of alibabacloud-credentials; FC_ASYNC_FC_ENDPOINT, FC_ASYNC_MNS_ENDPOINT

\b
Examples:
  fc-async local up
  fc-async config set orders@prod --on-failure queue:dead --max-retries 1
  fc-async invoke orders@prod -d @order.json --profile staging
""",
)
@click.version_option(__version__, "-V", "--version", prog_name="fc-async")
def cli() -> None:
    """Asynchronous invocation on Alibaba Cloud Function Compute.

    Set where outcomes go, invoke, read the records that destinations receive,
    and work a dead-letter queue; in the cloud, or on this machine. The options
    below may stand before or after the command.
    """


def run(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit; no input from outside ends in a traceback, and no Ctrl-C is lost."""
    from .interrupt import never_lost

    with never_lost():
        _run(arguments)


def _run(arguments: list[str] | None) -> NoReturn:
    options = CommonOptions()
    _write_what_an_encoding_lacks()
    try:
        code: object = cli.main(arguments, prog_name="fc-async", standalone_mode=False, obj=options)
        if sys.stdout is not None:  # None: it was closed (>&-)
            sys.stdout.flush()
        sys.exit(code if isinstance(code, int) else 0)
    except (click.exceptions.Abort, KeyboardInterrupt):
        _fail("stopped; nothing more was done", 130)
    except click.UsageError as error:
        _usage(error)
    except click.ClickException as error:
        _fail(error.format_message(), error.exit_code)
    except BrokenPipeError:
        _end_without_reader()
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EIO, errno.EBADF):
            fail_for(error, options)
        _fail(f"stdout cannot be written to: {error.strerror}", 1)
    except Exception as error:
        fail_for(error, options)


def _write_what_an_encoding_lacks() -> None:
    """Let a terminal that is not UTF-8 show an escape for a character that it has not (`─`, a Chinese name)."""
    for stream in (sys.stdout, sys.stderr):
        if getattr(stream, "errors", None) == "strict" and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _end_without_reader() -> NoReturn:
    """The reader of our output has gone (`| head`): that is no failure of ours, and flushing at exit stays silent."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(0)


def _usage(error: click.UsageError) -> NoReturn:
    if error.ctx is not None:
        click.echo(f"Try '{error.ctx.command_path} --help'.", err=True)
    _fail(error.format_message(), error.exit_code)


def fail_for(error: Exception, options: CommonOptions) -> NoReturn:
    """Tell an error in one sentence and exit: 2 for what was typed, 1 for everything else."""
    from ..errors import ArgumentError, FcAsyncError

    if isinstance(error, ArgumentError):
        _fail(_as_typed(error), 2)
    if isinstance(error, FcAsyncError):
        _fail(str(error), 1)
    if error.__class__.__name__ == "ValidationError" and error.__class__.__module__.startswith("pydantic"):
        _fail(_validation_message(error), 2)
    if options.debug:
        raise error
    # Not its text: what an unforeseen exception quotes is not known.
    _fail(f"{type(error).__name__}: this is a defect of fc-async; --debug shows where it happened", 1)


def _as_typed(error: ArgumentError) -> str:
    """Name an argument as the option that was typed: `account_id=: ...` is about --account-id."""
    from ..settings.found import option_of

    return str(error) if error.argument is None else f"{option_of(error.argument)}: {error.reason}"


def _validation_message(error: Exception) -> str:
    first = error.errors(include_url=False)[0]  # type: ignore[attr-defined]
    field = ".".join(str(part) for part in first["loc"])
    return f"{field}: {first['msg'].removeprefix('Value error, ')}"


def _fail(message: str, code: int) -> NoReturn:
    say(f"Error: {message}")
    _let_go_of_a_stdout_that_is_full()
    sys.exit(code)


def _let_go_of_a_stdout_that_is_full() -> None:
    """Where what was printed cannot be written, Python would end with 120 at the end, in place of our code."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

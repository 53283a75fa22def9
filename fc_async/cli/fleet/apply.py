"""fc-async apply: bring what is live to a document, or apply a saved plan exactly."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..interrupt import handled
from ..options import CommonOptions, FcCommand, common_options, confirm, output_option, say, yes_option
from ..output import print_document
from .plan import FILE, create_option, made_plan, prune_option, wants_colour
from .view import plan_lines, summary_lines

if TYPE_CHECKING:
    from ...deploy.apply_run import ApplySummary
    from ...deploy.plan import Plan


@click.command("apply", cls=FcCommand)
@click.argument("file", type=FILE, metavar="FILE|PLAN")
@yes_option
@prune_option
@create_option
@click.option(
    "--on-error",
    type=click.Choice(["stop", "continue"]),
    default="stop",
    show_default=True,
    help="What to do after a change that failed.",
)
@output_option
@click.pass_context
def command(
    context: click.Context,
    file: Path,
    yes: bool,
    prune: bool,
    create_destinations: bool,
    on_error: str,
    output: str,
) -> None:
    """Bring functions, queues and topics to what a file says.

    Shows the plan and asks. A plan of "fc-async plan --out" is applied exactly,
    and refused where what is live has moved. Queues and topics come before the
    functions that name them. Running it again finishes what was not done.

    \b
    Examples:
      fc-async apply fc-async.yaml
      fc-async apply plan.json --yes
    """
    from ...deploy.plan_file import is_plan_file, read_plan

    options = common_options(context)
    if is_plan_file(file):
        if prune or create_destinations:
            raise click.UsageError("a saved plan is applied exactly: give --prune and --create-destinations to plan")
        plan = _saved(options, read_plan(file))
    else:
        plan = made_plan(options, file, prune=prune, create_destinations=create_destinations)
    say(plan.place)
    click.echo("\n".join(plan_lines(plan)), err=True, color=wants_colour())
    if plan.changes:
        confirm(
            "Apply this change?" if len(plan.changes) == 1 else f"Apply these {len(plan.changes)} changes?", yes=yes
        )
    if plan.changes or output != "table":
        context.exit(_apply(options, plan, on_error, output))


def _saved(options: CommonOptions, plan: Plan) -> Plan:
    """Return a saved plan; one of another place is refused before it is shown."""
    from ...deploy.apply import check_place

    with options.functions() as functions:
        check_place(plan, functions)
    return plan


def _apply(options: CommonOptions, plan: Plan, on_error: str, output: str) -> int:
    """Apply a plan, print what came of it, and return the exit code."""
    from ...deploy.apply import ApplyInterrupted, apply

    with ExitStack() as stack:
        functions = stack.enter_context(options.functions())
        needs_mns = any(one.kind != "config" for one in plan.changes)
        mns = stack.enter_context(options.mns()) if needs_mns else None
        progress = stack.enter_context(_Progress(len(plan.changes)))
        try:
            summary = apply(plan, functions, mns, on_progress=progress.tell, on_error=on_error)
        except ApplyInterrupted as interrupted:
            progress.close()
            _print(interrupted.summary, output)
            _say_stopped(goes_on=interrupted.goes_on)
            handled()
            return 128 + interrupted.signal
    _print(summary, output)
    return 1 if summary.failed or summary.not_reached else 0


def _say_stopped(*, goes_on: bool) -> None:
    """Say how it ended; where something goes on, the end waits for it, and one more Ctrl-C for nothing."""
    import signal

    if not goes_on:
        say("stopped; what had begun came to its end")
        return
    say("stopped; what has begun is waited for, until Ctrl-C once more")
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Python would end the wait for its threads with a traceback


def _print(summary: ApplySummary, output: str) -> None:
    from ...deploy.plan_file import change_json

    if output == "table":
        click.echo("\n".join(summary_lines(summary)), color=wants_colour())
        return
    failed = [{**change_json(one), "error": str(error)} for one, error in summary.failed]
    found: dict[str, Any] = {
        "done": [change_json(one) for one in summary.done],
        "failed": failed,
        "notReached": [change_json(one) for one in summary.not_reached],
    }
    print_document(found, output)


class _Progress:
    """A bar on stderr while changes are made, where a person watches it."""

    def __init__(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        console = Console(stderr=True)
        columns = (TextColumn("applying"), BarColumn(), MofNCompleteColumn())
        self._bar = Progress(*columns, console=console, disable=not console.is_terminal, transient=True)
        self._task = self._bar.add_task("", total=total)

    def __enter__(self) -> _Progress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Take the bar away."""
        self._bar.stop()

    def tell(self, _change: object, _error: object) -> None:
        """Count one change."""
        self._bar.advance(self._task)

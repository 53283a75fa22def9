"""fc-async dlq redrive: send dead letters again."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..arguments import DurationType, FunctionNameType
from ..options import FcCommand, common_options, confirm, dry_run_option, say, yes_option
from .counted import counted_letters
from .redrive_view import LiveLine, is_of_empty_queue, plan_lines, question, summary_lines, summary_to_json
from .source import refuse_of_a_queue
from .where_option import where_of, where_option

if TYPE_CHECKING:
    from ...checks import FunctionName
    from ...dlq.choosing import Transform
    from ...dlq.redrive import Redrive
    from ...dlq.redrive_summary import RedrivePlan, RedriveSummary
    from ...dlq.spool import Spool
    from ...mns.queue_client import QueueClient
    from ..options import CommonOptions

    _ParamType = click.ParamType[Any]
else:
    _ParamType = click.ParamType  # not generic at run time before click 8.2

_CANARY_SECONDS = 120.0
"""So long the ends of the first few are waited for."""

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}


class RateType(_ParamType):
    """Reads 20/s, 100/m or a number a second."""

    name = "rate"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)(?:/([smh]))?", str(value))
        rate = float(found[1]) / _UNITS[found[2] or ""] if found else 0.0
        if not 0 < rate <= 10**6:
            self.fail(f"expected 20/s, 100/m or a number a second over 0, got {str(value)[:40]!r}", param, ctx)
        return rate


class PartType(_ParamType):
    """Reads 20% as a part of 1."""

    name = "percent"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)%", str(value))
        part = float(found[1]) / 100 if found else 0.0
        if not 0 < part <= 1:
            self.fail(f"expected a percentage over 0%, 100% at most, got {str(value)[:40]!r}", param, ctx)
        return part


@click.command("redrive", cls=FcCommand)
@click.argument("source", metavar="QUEUE|SPOOL")
@where_option
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Send N at most.")
@click.option("--to", type=FunctionNameType(), metavar="FUNCTION", help="Send all to this FUNCTION[@QUALIFIER].")
@click.option("--rate", type=RateType(), metavar="R", help="Send no faster: 20/s, 100/m.")
@click.option("--concurrency", type=click.IntRange(1, 256), default=16, show_default=True, metavar="N")
@click.option("--canary", type=click.IntRange(1), metavar="N", help="Send N, wait for their ends, and ask again.")
@click.option("--transform", metavar="M:F", help="A Python function that makes each payload, or returns None.")
@click.option("--until-succeeded", is_flag=True, help="A letter is done only when its async task has succeeded.")
@click.option("--stop-at", type=PartType(), metavar="P%", help="End when more than P% of what was sent came back.")
@click.option("--max-redrives", type=click.IntRange(1), metavar="N", help="Leave what was sent again N times before.")
@click.option("--again", is_flag=True, help="Send also what is known to have been accepted.")
@click.option("--allow-loss", is_flag=True, help="Send also where a new failure would be lost.")
@click.option("--allow-damaged", is_flag=True, help="Send also payloads that hold U+FFFD.")
@click.option("--include-successes", is_flag=True, help="Send also what names no error.")
@click.option("--same-version", is_flag=True, help="Send also to the published version that failed.")
@click.option("--map", "maps", multiple=True, metavar="S/F=NAME", help="What stands for a function of FC 2.0.")
@click.option("--wait", type=DurationType(0, 86400), metavar="T", help="Wait so long for letters that others hold.")
@click.option("--spool", type=click.Path(path_type=Path), metavar="FILE", help="Where the journal of a QUEUE goes.")
@click.option("--resume", type=click.Path(path_type=Path), metavar="SPOOL", help="Go on with a QUEUE's journal.")
@click.option("-o", "--output", type=click.Choice(["table", "json"]), default="table", show_default=True)
@yes_option
@dry_run_option
@click.pass_context
def redrive(context: click.Context, /, source: str, yes: bool, dry_run: bool, output: str, **asked: Any) -> None:
    """Invoke the functions of dead letters again, with their original payloads.

    A letter of a QUEUE stays there until its invocation is accepted; what may not be sent is left, with the reason.
    Typed again after a kill, the same command goes on.

    \b
    Examples:
      fc-async dlq redrive dead --dry-run
      fc-async dlq redrive dead --rate 20/s --canary 5
      fc-async dlq redrive ./dead.spool --where error=Timeout
    """
    try:
        code = _redriven(context, source, yes, dry_run, output, asked)
    except BrokenPipeError:  # nobody reads what is said; what was not done does not end as if it was
        _say_no_more()
        code = 1
    context.exit(code)


def _redriven(context: click.Context, source: str, yes: bool, dry_run: bool, output: str, asked: dict[str, Any]) -> int:
    with ExitStack() as stack:
        night = _Night(context, source, {**asked, "dry_run": dry_run}, stack)
        night.say_place()
        plan = night.redrive(limit=asked["limit"]).plan()
        if dry_run:
            _say_plan(plan, output)
            say("dry run: nothing was sent")
            return 0
        for line in plan_lines(plan):
            say(line)
        if is_of_empty_queue(plan) and not yes:  # with --yes what comes meanwhile is sent
            _say_summary(night.nothing_done(), output)
            return 0
        confirm(question(plan, limit=asked["limit"], rate=asked["rate"]), yes=yes)
        summary, is_well = night.run(plan, yes=yes)
        try:
            _say_summary(summary, output)
        except BrokenPipeError:
            _say_no_more()
        code = _exit_code(summary, has_limit=asked["limit"] is not None)
        return code if is_well else code or 1


def _say_no_more() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            os.dup2(nowhere, stream.fileno())


class _Night:
    """One command line: its source, its clients, and what was asked."""

    def __init__(self, context: click.Context, source: str, asked: dict[str, Any], stack: ExitStack) -> None:
        from ...dlq.spool_place import is_spool

        self._common: CommonOptions = common_options(context)
        self._functions = stack.enter_context(self._common.functions())
        self._asked = asked
        self._is_spool = is_spool(source)
        refuse_of_a_queue(source, asked["conditions"])
        if self._is_spool and (asked["spool"] or asked["resume"]):
            raise click.UsageError("--spool and --resume name the journal of a QUEUE; a SPOOL is its own")
        self._where = where_of(asked["conditions"])
        self._transform = _transform(asked["transform"])
        self._maps = dict(map(_map, asked["maps"]))
        self._stack = stack
        self._queue: QueueClient | None = None
        self._source = self._opened(source)
        self._journal: Spool | None = self._opened_journal()

    def _opened(self, source: str) -> Spool | QueueClient:
        if not self._is_spool:
            self._queue = self._stack.enter_context(self._common.queue(source))
            return self._queue
        from ...dlq.spool import Spool
        from ...dlq.spool_place import check_same_account

        spool = self._stack.enter_context(Spool(source))
        check_same_account(spool.path, spool.place, self._functions.settings)
        self._spool = spool
        return spool

    def _opened_journal(self) -> Spool | None:
        if self._queue is None:
            return None
        from ...dlq.journals import journal_of

        new, old = self._asked["spool"], self._asked["resume"]
        if new is not None and old is not None:
            raise click.UsageError("--spool names a new journal and --resume an old one: leave one of them out")
        if self._asked["dry_run"]:
            return None
        self._queue.get_attributes()  # where it is not there nothing is made
        self._spool = self._stack.enter_context(journal_of(self._queue, new=new, old=old))
        return self._spool

    def say_place(self) -> None:
        """Say where it acts, with what, and what else waits."""
        from ...dlq.journals import unfinished

        place = self._functions.settings.place
        if self._queue is None:
            say(f"{place} queue {self._spool.place.queue}, spool {self._spool.path}")
            return
        say(f"{place} queue {self._queue.queue}")
        if self._journal is None:
            return
        say(f"journal {self._journal.path}")
        for path, held in unfinished(self._journal):
            say(f"note: {path} still holds {counted_letters(held)} of this queue: fc-async dlq redrive {path}")

    def redrive(self, limit: int | None) -> Redrive:
        """Return a redrive as it was asked for."""
        from ...dlq.redrive import Redrive

        asked = self._asked
        to: FunctionName | None = asked["to"]
        return Redrive(
            self._source,
            self._functions,
            to=None if to is None else str(to),
            where=self._where,
            limit=limit,
            rate_per_second=asked["rate"],
            concurrency=asked["concurrency"],
            transform=self._transform,
            allow_loss=asked["allow_loss"],
            spool=self._journal,
            again=asked["again"],
            include_successes=asked["include_successes"],
            allow_damaged=asked["allow_damaged"],
            same_version=asked["same_version"],
            until_succeeded=asked["until_succeeded"],
            maps=self._maps,
            max_redrives=asked["max_redrives"],
            stop_at=asked["stop_at"],
            wait_seconds=asked["wait"],
        )

    def nothing_done(self) -> RedriveSummary:
        """Return the summary of a queue that held no letter."""
        from ...dlq.redrive_summary import RedriveSummary

        return RedriveSummary(0, 0, 0, {}, in_queue_now=0, drained=True, spool=self._spool.path)

    def run(self, plan: RedrivePlan, *, yes: bool) -> tuple[RedriveSummary, bool]:
        """Send, a few first where that was asked for; returns what was done, and whether the few went well."""
        limit, few = self._asked["limit"], self._asked["canary"]
        if few is None:
            return self._sent(limit, plan), True
        first, goes_on = self._canary(few if limit is None else min(few, limit), plan, yes=yes)
        rest = None if limit is None else limit - first.sent
        if not goes_on or rest == 0:
            return first, goes_on
        second = self._sent(rest, plan)
        return replace(second, sent=first.sent + second.sent, done=first.done + second.done), True

    def _canary(self, few: int, plan: RedrivePlan, *, yes: bool) -> tuple[RedriveSummary, bool]:
        """Send a few, wait for their ends, and ask whether the rest is to follow; returns whether it is."""
        from ...dlq.ends import ends

        since_ms = round(time.time() * 1000)
        summary = self._sent(few, plan)
        for line in summary_lines(summary):
            say(line)
        if summary.signal is not None or summary.came_back or summary.ended is not None:
            return summary, _not_well()
        found = ends(self._spool, self._functions, since_ms, _CANARY_SECONDS)
        for status, count in sorted(found.items()):
            say(f"{count} {status}")
        if summary.sent > found.total():
            say("how they end cannot be seen of all, for asyncTask is off: look at the function before you go on")
        failed = found.total() - found["Succeeded"] or (self._asked["until_succeeded"] and summary.sent > summary.done)
        if yes and failed:
            return summary, _not_well()
        return summary, yes or click.confirm("Send the rest?", err=True)

    def _sent(self, limit: int | None, plan: RedrivePlan) -> RedriveSummary:
        return _attended(self.redrive(limit), plan)


def _not_well() -> bool:
    say("the canary did not go well: nothing more is sent")
    return False


def _attended(redrive: Redrive, plan: RedrivePlan) -> RedriveSummary:
    with LiveLine(plan.about_letters) as live:
        try:
            return redrive.run(live.tell)
        except KeyboardInterrupt:
            say("stopped at once: what was in flight stands as planned in the journal; the same command goes on")
            raise


def _map(text: str) -> tuple[str, str]:
    old, equals, new = text.partition("=")
    if not equals or old.count("/") != 1 or not new:
        raise click.UsageError(f"--map: expected SERVICE/FUNCTION=NAME, got {text[:60]!r}")
    return old, new


def _transform(named: str | None) -> Transform | None:
    """Return the function that was named as MODULE:FUNCTION; the current folder is looked through first."""
    if named is None:
        return None
    import importlib

    module, colon, function = named.partition(":")
    if not colon or not module or not function:
        raise click.UsageError(f"--transform: expected MODULE:FUNCTION, got {named[:60]!r}")
    sys.path.insert(0, "")
    try:
        found = getattr(importlib.import_module(module), function)
    except (Exception, SystemExit) as error:  # what is imported is the user's own
        raise click.UsageError(f"--transform: {named[:60]} cannot be loaded ({type(error).__name__})") from None
    if not callable(found):
        raise click.UsageError(f"--transform: {named[:60]} is no function")
    made: Transform = found
    return made


def _say_plan(plan: RedrivePlan, output: str) -> None:
    if output == "json":
        click.echo(
            json.dumps({"send": plan.send, "leave": plan.leave, "sentBefore": plan.sent_before}, ensure_ascii=False)
        )
        return
    for line in plan_lines(plan, with_samples=True):
        click.echo(line)


def _say_summary(summary: RedriveSummary, output: str) -> None:
    if output == "json":
        click.echo(json.dumps(summary_to_json(summary), ensure_ascii=False))
        return
    for line in summary_lines(summary):
        click.echo(line)


def _exit_code(summary: RedriveSummary, *, has_limit: bool) -> int:
    if summary.signal is not None:
        return 128 + summary.signal
    is_whole = summary.drained or has_limit
    return 0 if is_whole and not summary.left and not summary.came_back and summary.ended is None else 1

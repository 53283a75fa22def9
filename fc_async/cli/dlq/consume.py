"""fc-async dlq consume: a command for each letter of a queue, or each record as a line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from ..arguments import DurationType
from ..options import FcCommand, common_options, say

if TYPE_CHECKING:
    from ...mns.consume.summary import ConsumerSummary
    from ...mns.letter import Letter

RETRY_CODE = 75
"""EX_TEMPFAIL of sysexits.h."""

_RETRY_SECONDS = 60


@click.command("consume", cls=FcCommand)
@click.argument("queue")
@click.option("--exec", "command", metavar="CMD", help="Run CMD for each letter, its record on stdin.")
@click.option("--print", "prints", is_flag=True, help="Write each record to stdout, a JSON object a line.")
@click.option("--concurrency", type=click.IntRange(1, 256), default=8, show_default=True, help="Letters at a time.")
@click.option("--max-messages", type=click.IntRange(1), metavar="N", help="End after N letters. Default: no limit.")
@click.option("--idle-timeout", type=DurationType(1, 86400), metavar="T", help="End when none has come for T.")
@click.pass_context
def consume(
    context: click.Context,
    queue: str,
    command: str | None,
    prints: bool,
    concurrency: int,
    max_messages: int | None,
    idle_timeout: int | None,
) -> None:
    """Work the letters of QUEUE until Ctrl-C: each is deleted when its command ends with 0.

    75 shows the letter again after a minute, any other code after a growing delay. What is no record is hidden for an
    hour, and never deleted.

    \b
    Examples:
      fc-async dlq consume dead --exec "./handle.sh --loud"
      fc-async dlq consume dead --print --idle-timeout 5s
    """
    from ...errors import LocalError
    from ...mns.consumer import Consumer

    if (command is None) is not prints:
        raise click.UsageError("expected --exec CMD or --print, one of the two")
    if prints and sys.stdout is None:  # closed (>&-): click would write nowhere, and each letter be deleted unseen
        raise LocalError("--print: expected a stdout to write to, and it is closed")
    unseen: list[OSError] = []

    def show(letter: Letter) -> None:
        try:
            print_record(letter)
        except OSError as error:  # nobody reads it any more, or the disk is full: no later letter would be seen
            unseen.append(error)
            consumer.stop()
            raise

    commands = None if command is None else Commands(words_of(command))
    client = common_options(context).queue(queue)
    say(f"{client.settings.place} queue {queue}")
    counts = LiveCounts()
    consumer = Consumer(client, commands or show, concurrency=concurrency, missing="raise", observer=counts)
    try:
        summary = consumer.run(max_messages=max_messages, idle_timeout_seconds=idle_timeout)
    finally:
        if commands is not None:
            commands.end()
    counts.end()
    _say_summary(summary)
    if unseen and isinstance(unseen[0], BrokenPipeError):
        raise unseen[0]
    if unseen:
        raise LocalError(f"--print: stdout cannot be written to: {unseen[0].strerror}")


def print_record(letter: Letter) -> None:
    """Write a letter's record to stdout, as one line."""
    import json

    assert letter.record is not None  # noqa: S101 - what is none is never handed over
    click.echo(json.dumps(letter.record.to_dict(), ensure_ascii=True))


def words_of(command: str) -> list[str]:
    """Take a command apart.

    Raises:
        click.UsageError: it cannot be taken apart.
        LocalError: there is no such program.
    """
    import shlex
    import shutil

    from ...errors import LocalError

    try:
        words = shlex.split(command)
    except ValueError as error:
        raise click.UsageError(f"--exec: the quotes in it do not match: {error}") from None
    if not words:
        raise click.UsageError("--exec: expected a command, got none")
    if shutil.which(words[0]) is None:
        raise LocalError(f"--exec: there is no program {words[0][:80]!r} that can be run")
    return words


class Commands:
    """Runs a command for each letter, in a session of its own: Ctrl-C lets it come to its end within the grace.

    Args:
        words: the program and its arguments.
    """

    def __init__(self, words: list[str]) -> None:
        self._words = words
        self._running: set[subprocess.Popen[bytes]] = set()

    def __call__(self, letter: Letter) -> None:
        import json

        from ...errors import FcAsyncError
        from ...mns.consume.verdict import Retry

        assert letter.record is not None  # noqa: S101 - what is none is never handed over
        given = json.dumps(letter.record.to_dict(), ensure_ascii=False).encode("utf-8", "surrogatepass")
        code = self._run(given)
        if code == RETRY_CODE:
            raise Retry(after_seconds=_RETRY_SECONDS)
        if code:
            raise FcAsyncError(f"the command ended with {code}")

    def end(self) -> None:
        """Have what still runs end, with all that it has started: its letter is released, and will be run again."""
        for process in list(self._running):
            if process.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGTERM) if hasattr(os, "killpg") else process.terminate()

    def _run(self, given: bytes) -> int:
        with subprocess.Popen(self._words, stdin=subprocess.PIPE, start_new_session=True) as process:  # noqa: S603 - what was typed
            self._running.add(process)
            try:
                process.communicate(given)
            finally:
                self._running.discard(process)
        return process.returncode


class LiveCounts:
    """One line of counts on a terminal, written again as they change; nothing elsewhere."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}
        self._received = 0

    def received(self, count: int, in_flight: int) -> None:
        """Take note of what came."""
        with self._lock:
            self._received += count
            self._show()

    def finished(self, letter: Any, outcome: str, seconds: float, error: BaseException | None) -> None:
        """Take note of what became of a letter."""
        with self._lock:
            self._counts[outcome] = self._counts.get(outcome, 0) + 1
            self._show()

    def end(self) -> None:
        """Leave the line."""
        if self._is_terminal and self._received:
            click.echo("", err=True)

    def _show(self) -> None:
        if self._is_terminal:
            words = ", ".join(f"{outcome} {count}" for outcome, count in self._counts.items())
            click.echo(f"\r\x1b[Kreceived {self._received}{', ' if words else ''}{words}", nl=False, err=True)


def _say_summary(summary: ConsumerSummary) -> None:
    say(
        f"received {summary.received}, acknowledged {summary.acknowledged}, released {summary.released}, "
        f"unreadable {summary.unreadable}"
    )
    if summary.first_unreadable_expires is not None:
        expires = summary.first_unreadable_expires.isoformat(timespec="seconds")
        say(f"the first of the unreadable ones expires at {expires}")

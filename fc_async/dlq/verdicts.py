"""What is to be done with a letter: it is done with already, left for a reason, or sent.

A redrive that runs asks, and one that only says what it would do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from ..checks import FunctionName
from ..mns.letter import Letter
from .acceptances import Acceptances
from .choosing import Choosing, Chosen
from .entry import SENT, Around, Entry, State
from .targets import Target

_PLANNED_OR_LEFT = (State.PLANNED, State.LEFT)


@dataclass(frozen=True)
class Wanted:
    """What was asked of a redrive beside the choice of letters.

    Args:
        limit: most letters that are sent; None: no limit.
        again: send also what is known to have been accepted.
        max_redrives: leave what was sent again so often before; None: no limit.
        stop_at: end where more than this part of what was sent came back, over 0 to 1; None: never.
        until_succeeded: whether an acceptance alone is not enough.
        again_from: with `again` of a spool, what was sent on purpose so often was sent by an `--again` that came to no
            end; None: there was none.
    """

    limit: int | None = None
    again: bool = False
    max_redrives: int | None = None
    stop_at: float | None = None
    until_succeeded: bool = False
    again_from: int | None = None


@dataclass(frozen=True)
class Before:
    """The letter was accepted before, and that is all that is wanted."""

    known: Entry


@dataclass(frozen=True)
class Left:
    """The letter stays."""

    state: State
    reason: str


@dataclass(frozen=True)
class ToSend:
    """The letter is to be sent.

    Args:
        chosen: where to, and what.
        generation: how often it was sent again on purpose, this time among them.
        task_id: the task id that a spool has for that; None: none has.
        planned: where it was planned for another function, and may have been accepted; None: nowhere.
    """

    chosen: Chosen = field(repr=False)
    generation: int = 0
    task_id: str | None = None
    planned: Entry | None = None


Verdict: TypeAlias = "Before | Left | ToSend"


class Verdicts:
    """Judges letters.

    Args:
        choosing: which letters go where.
        others: the other spools of the queue.
        wanted: what was asked.
        look: tells what is known of a function.
        since_ms: when this redrive began, in milliseconds since 1970.
        own_net: the queue whose letters are worked, where what fails again shows there; None: a spool is worked.
    """

    def __init__(
        self,
        choosing: Choosing,
        others: Acceptances,
        wanted: Wanted,
        look: Callable[[FunctionName], Target],
        since_ms: int,
        own_net: str | None,
    ) -> None:
        self._choosing = choosing
        self._others = others
        self._wanted = wanted
        self._look = look
        self._since_ms = since_ms
        self._own_net = own_net

    def of(self, letter: Letter, identity: str, around: Around, *, is_newer: bool = False) -> Verdict:
        """Return what is to be done with a letter.

        Args:
            letter: the letter.
            identity: what it shares with those that are one with it.
            around: what the journal knows of it.
            is_newer: whether it came after the start.
        """
        elsewhere = self._others.known_of(identity)
        known = around.accepted or _last(one for one in elsewhere if one.state in SENT)
        if known is not None and self._is_done(known, letter):
            return Before(known)
        if around.is_own:
            return Left(State.CAME_BACK, "it failed again: this redrive has sent it")
        if is_newer:
            return Left(State.LEFT, "it came after the start")
        chosen = self._chosen(letter, known)
        if isinstance(chosen, str):
            return Left(State.LEFT, chosen)
        reason = self._too_often(letter) or self._refusal(self._look(chosen.target))
        if reason is not None:
            return Left(State.LEFT, reason)
        here = () if around.message is None else (around.message,)
        return self._to_send(chosen, known, _begun((*elsewhere, *here)))

    def _is_done(self, known: Entry, letter: Letter) -> bool:
        if self._wanted.again and known.changed_ms < self._since_ms and not self._is_of_this_again(known, letter):
            return False
        return known.state is State.DONE or not self._wanted.until_succeeded

    def _is_of_this_again(self, known: Entry, letter: Letter) -> bool:
        """Whether an `--again` that was killed has sent it: in a queue this very message, which is not deleted yet."""
        if known.is_custody:
            return self._wanted.again_from is not None and known.generation >= self._wanted.again_from
        return known.generation > 0 and known.fields.message_id == letter.message.message_id

    def _chosen(self, letter: Letter, known: Entry | None) -> Chosen | str:
        chosen = self._choosing.choose(letter)
        if isinstance(chosen, str) or known is None or self._wanted.again:
            return chosen
        if known.task_id is None or known.target is None:
            return (
                "it was accepted without a task, so that its success cannot be waited for (--again sends it once more)"
            )
        return replace(chosen, target=FunctionName.parse(known.target))  # its end is waited for where it was accepted

    def _too_often(self, letter: Letter) -> str | None:
        most = self._wanted.max_redrives
        if most is None or letter.record is None:
            return None
        before = self._others.redrives_before(letter.record.request_id)
        return None if before < most else f"sent again {before} times before (--max-redrives {most})"

    def _refusal(self, target: Target) -> str | None:
        if target.refusal is not None or target.is_task_mode:
            return target.refusal
        if self._wanted.until_succeeded:
            return f"{target.name} has no asyncTask, so that its success cannot be waited for"
        if self._wanted.stop_at is not None and (self._own_net is None or target.net_queue != self._own_net):
            return (
                f"{target.name} has no asyncTask, and what fails does not come back here, so that --stop-at cannot see "
                "it (without --stop-at it is sent)"
            )
        return None

    def _to_send(self, chosen: Chosen, known: Entry | None, begun: Entry | None) -> ToSend:
        """Say under which generation and task id it goes.

        A run that was killed may have asked for a task under an id that cannot be made again: a transform need not
        make the same payload twice.
        """
        again = int(self._wanted.again)
        if known is not None and (begun is None or begun.generation <= known.generation):
            generation, before = known.generation + again, known
        elif begun is not None:
            generation, before = begun.generation + (again if begun.state is State.LEFT else 0), begun
        else:
            return ToSend(chosen, again)
        is_same = before.target == str(chosen.target)
        task_id = before.task_id if is_same and before.generation == generation else None
        is_elsewhere = before.state is State.PLANNED and before.task_id is not None and not is_same
        return ToSend(chosen, generation, task_id, before if is_elsewhere else None)


def _last(entries: Iterable[Entry]) -> Entry | None:
    return max(entries, key=lambda one: one.generation, default=None)


def _begun(entries: Iterable[Entry]) -> Entry | None:
    """Return what was planned for a function, the last time, and not accepted; None: nothing was."""
    found = [one for one in entries if one.state in _PLANNED_OR_LEFT and one.target is not None]
    return max(found, key=lambda one: (one.generation, one.state is State.PLANNED), default=None)

"""What a redrive would do with the letters that can be looked at: all of a spool, the head of a queue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from ..checks import FunctionName
from ..mns.letter import Letter
from .entry import Around
from .identity import identity
from .redrive_summary import RedrivePlan
from .spool import Spool
from .targets import Targets
from .verdicts import Before, Left, Verdicts

_SAMPLES = 3
_NOTHING_KNOWN = Around(None, None, False)
_KEY_DIGITS = 16

Judged: TypeAlias = "tuple[Letter, FunctionName | str]"
"""A letter, and the function that it would be sent to, or why it would not be."""


def judged(letters: Iterable[Letter], journal: Spool | None, verdicts: Verdicts) -> Iterator[Judged]:
    """Yield each letter with what would be done with it.

    Args:
        letters: the letters.
        journal: what is known of them already; None: nothing is.
        verdicts: judges them.
    """
    sent: set[int] = set()
    for letter in letters:
        wanted = identity(letter)
        around = _NOTHING_KNOWN if journal is None else journal.around(letter, wanted)
        verdict = verdicts.of(letter, wanted, around)
        key = int(wanted[:_KEY_DIGITS], 16)  # a million of them fit
        if isinstance(verdict, Before):
            yield letter, "it was accepted before: it is done with, and not sent again"
        elif isinstance(verdict, Left):
            yield letter, verdict.reason
        elif key in sent:
            yield letter, "it is one with another letter, which is sent"
        else:
            sent.add(key)
            yield letter, verdict.chosen.target


def planned(
    found: Iterable[Judged],
    targets: Targets,
    redrives_before: Callable[[str], int],
    *,
    about_letters: int | None,
) -> RedrivePlan:
    """Return the plan of letters that were judged.

    Args:
        found: the letters.
        targets: what is known of their functions, when all are judged.
        redrives_before: tells how often what a request id stands for was sent again before.
        about_letters: how many letters there are, about, where these are not all; None: they are.
    """
    send: Counter[str] = Counter()
    leave: Counter[str] = Counter()
    samples: dict[str, list[str]] = {}
    sent_before: Counter[int] = Counter()
    for letter, verdict in found:
        if not isinstance(verdict, str):
            send[str(verdict)] += 1
            sent_before[redrives_before(letter.record.request_id) if letter.record is not None else 0] += 1
            continue
        leave[verdict] += 1
        if len(known := samples.setdefault(verdict, [])) < _SAMPLES:
            known.append(letter.record.request_id if letter.record is not None else letter.message.message_id)
    looked = list(targets.known())
    return RedrivePlan(
        dict(send),
        dict(leave),
        samples,
        is_exact=about_letters is None,
        about_letters=send.total() + leave.total() if about_letters is None else about_letters,
        guarantees={str(one.name): "once" if one.is_task_mode else "at least once" for one in looked},
        warnings=tuple(one.warning for one in looked if one.warning is not None),
        sent_before={times: count for times, count in sorted(sent_before.items()) if times},
    )

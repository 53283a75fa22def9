"""QUEUE|SPOOL: which of both was typed, and the letters that it holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from ..options import common_options, say
from .where_option import where_of

if TYPE_CHECKING:
    from ...dlq.arrival import Arrivals
    from ...dlq.key_fields import KeyFields
    from ...dlq.look import Look

source_argument = click.argument("source", metavar="QUEUE|SPOOL")


@dataclass(frozen=True)
class Listed:
    """A letter as a list knows it.

    Args:
        fields: what is known of it.
        state: what became of it in its spool; None for a letter of a queue.
        by_failure: whether it came by OnFailure; None: not known, or of no interest.
    """

    fields: KeyFields
    state: str | None = None
    by_failure: bool | None = None


def refuse_of_a_queue(source: str, conditions: Sequence[str]) -> None:
    """Raise click.UsageError where letters of a queue were to be selected."""
    from ...dlq.spool_place import is_spool

    if conditions and not is_spool(source):
        raise click.UsageError(
            f"--where: MNS cannot select letters of a queue; take them into a spool first: fc-async dlq pull {source}"
        )


@contextmanager
def listed(context: click.Context, source: str, conditions: Sequence[str]) -> Iterator[Iterable[Listed]]:
    """Give the letters of a spool, or those at a queue's head; at the end say how many there are."""
    from ...dlq.spool_place import is_spool

    refuse_of_a_queue(source, conditions)
    where = where_of(conditions)
    if is_spool(source):
        from ...dlq.spool import Spool

        with Spool(source, read_only=True) as spool:
            yield (Listed(entry.fields, entry.state.value) for entry in spool.entries(where))
            held = ", ".join(f"{state} {count}" for state, count in spool.counts().items() if count)
            say(f"{source}: {held or 'no letters'}")
        return
    from ...dlq.key_fields import key_fields
    from ...dlq.look import look

    common = common_options(context)
    seen = look(common.queue(source))
    arrivals = arrivals_of(context, source)
    fields = [key_fields(letter) for letter in seen.letters]
    yield [Listed(one, by_failure=arrivals.by_failure(one) if one.is_success else None) for one in fields]
    more = max(0, seen.about_letters - len(fields))
    rest = f", about {more} more{_pull(source)}" if more else ", and that is all"
    say(f"{source}: {len(fields)} at the head{rest}")
    say_expiry(seen)


def say_expiry(seen: Look) -> None:
    """Say when the oldest letter seen will be gone."""
    if seen.first_expiry is not None:
        say(f"the oldest one seen expires at {seen.first_expiry.isoformat(timespec='seconds')}")


def arrivals_of(context: click.Context, queue: str) -> Arrivals:
    """Return what tells how letters of a queue came; it asks only for letters without an error."""
    from ...dlq.arrival import Arrivals

    return Arrivals(common_options(context).functions, queue)


def _pull(queue: str) -> str:
    return f' ("fc-async dlq pull {queue}" takes all into a spool)'

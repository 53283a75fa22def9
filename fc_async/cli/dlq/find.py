"""One letter, found by its request id or its message id."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..options import common_options

if TYPE_CHECKING:
    from ...dlq.entry import Entry
    from ...mns.letter import Letter

_MOST = 16

FORGOTTEN = "its raw letter was forgotten (dlq drop --forget)"


def letters_of(context: click.Context, source: str, letter_id: str) -> list[Letter]:
    """Return the letters that have this id, at least one and 16 at most.

    Raises:
        click.UsageError: the id is empty.
        FcAsyncError: there is none.
    """
    from ...dlq.spool_place import is_spool
    from ...errors import FcAsyncError

    if not letter_id:
        raise click.UsageError("ID: expected a request id or a message id, got nothing")
    if is_spool(source):
        found, where = _in_spool(source, letter_id), f"in {source}"
    else:
        found = _at_head(context, source, letter_id)
        where = f'among the 16 letters at the head of {source}; "fc-async dlq pull {source}" shows all'
    if not found:
        raise FcAsyncError(f"no letter with the id {letter_id[:80]!r} is {where}")
    return found


def _in_spool(path: str, letter_id: str) -> list[Letter]:
    from itertools import islice

    from ...dlq.spool import Spool
    from ...dlq.where import parse_where

    with Spool(path, read_only=True) as spool:
        entries = islice(spool.entries(parse_where([f"id={letter_id}"], 0)), _MOST)
        return [_told(spool.letter(entry.number), entry) for entry in list(entries)]


def _told(letter: Letter, entry: Entry) -> Letter:
    """Return a letter whose body is gone with that as its problem: what it was, it is no more."""
    from dataclasses import replace

    from ...dlq.entry import State

    is_forgotten = entry.state is State.DROPPED and not letter.message.message_body
    return replace(letter, problem=FORGOTTEN) if is_forgotten else letter


def _at_head(context: click.Context, queue: str, letter_id: str) -> list[Letter]:
    from ...dlq.look import look

    seen = look(common_options(context).queue(queue)).letters
    return [
        letter
        for letter in seen
        if letter_id == letter.message.message_id or (letter.record and letter_id == letter.record.request_id)
    ]

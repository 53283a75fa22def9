"""All that a consumer holds, by what it waits for; and the seats of those that handle it."""

from __future__ import annotations

from collections import deque

from .held import Held, State
from .summary import Tally
from .verdict import Outcome, Verdict


class Holding:
    """The messages that are held; each that leaves is counted.

    Args:
        tally: counts them.
    """

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._held: dict[int, Held] = {}
        self._done: dict[int, None] = {}
        self._returning: dict[int, None] = {}
        self.waiting: deque[int] = deque()

    def __len__(self) -> int:
        return len(self._held)

    @property
    def unhandled(self) -> int:
        """How many wait, or are handled."""
        return len(self._held) - self.leaving

    @property
    def leaving(self) -> int:
        """How many are to be deleted, or to be shown again."""
        return len(self._done) + len(self._returning)

    def add(self, one: Held) -> None:
        """Hold one more."""
        self._held[one.key] = one

    def __getitem__(self, key: int) -> Held:
        return self._held[key]

    def next_waiting(self) -> Held:
        """Return the message that waits for the longest, and have it wait no more."""
        return self._held[self.waiting.popleft()]

    def find(self, key: int) -> Held | None:
        """Return the message of this receive; None where it has left."""
        return self._held.get(key)

    def all(self) -> list[Held]:
        """Return all, in the order of their receives."""
        return list(self._held.values())

    def done(self) -> list[Held]:
        """Return those that are to be deleted and that no call is about, the first to come first."""
        return [one for one in map(self._held.__getitem__, self._done) if not one.is_calling]

    def returning(self) -> list[Held]:
        """Return those that are to be shown again and that no call is about."""
        return [one for one in map(self._held.__getitem__, self._returning) if not one.is_calling]

    def judged(self, one: Held, verdict: Verdict, now: float) -> None:
        """Take what is to become of one."""
        one.verdict = verdict
        is_done = verdict.hidden_seconds is None
        one.enter(State.DONE if is_done else State.RETURNING, now)
        (self._done if is_done else self._returning)[one.key] = None

    def forget(self, key: int, *, came_late: bool = False) -> None:
        """Let one go, and count it: one that was visible again before it could be deleted counts as released."""
        one = self._held.pop(key, None)
        if one is None:
            return
        self._done.pop(key, None)
        self._returning.pop(key, None)
        verdict = one.verdict
        is_late = verdict is None or (came_late and verdict.hidden_seconds is None)
        self._tally.count(Outcome.RELEASED if verdict is None or is_late else verdict.outcome, one.message)


class Seats:
    """The workers: how many are free, and which have been given up.

    Args:
        count: how many there are.
        replacements: how many that hang are replaced at a time, so that their number has a bound.
    """

    def __init__(self, count: int, replacements: int) -> None:
        self.alive = self.free = count
        self._replacements = replacements
        self._abandoned: dict[int, bool] = {}

    @property
    def are_all_free(self) -> bool:
        """Whether nobody works."""
        return self.free >= self.alive

    def abandon(self, key: int, *, is_wanted: bool) -> bool:
        """Give the worker up that has this message; return whether another takes its place, if one is wanted."""
        is_replaced = is_wanted and sum(self._abandoned.values()) < self._replacements
        self._abandoned[key] = is_replaced
        if is_replaced:
            self.free += 1
        else:
            self.alive -= 1
        return is_replaced

    def came_back(self, key: int) -> bool:
        """Take back the worker that had this message; return whether it had been given up.

        One that was replaced ends; one that was not works again.
        """
        was_replaced = self._abandoned.pop(key, None)
        if not was_replaced:
            self.free += 1
        if was_replaced is False:
            self.alive += 1
        return was_replaced is not None

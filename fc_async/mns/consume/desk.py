"""The desk of a consumer: what is held, and what is to be done next. Told the time, it waits for nothing, does no I/O.

    received ──> WAITING ──(a worker is free)──> RUNNING ──(its verdict)──┬──> DONE ──(deleted)──> gone
                    │                               │                     └──> RETURNING ──(hidden for so long)──> gone
                    │ the run ends                  │ takes too long, or the grace is over
                    └───────────────> RETURNING <───┘
    WAITING, RUNNING, DONE: its visibility is renewed when a third of it is over
    WAITING and visible again ──> gone: another consumer may have it; it counts as released

A handle is good for one call, and a renewal gives a new one. So of each message one call at a time is under way, and
what comes to be done meanwhile waits for its answer: renewal, delete and release cannot meet.

One thread owns the desk. It tells what happened (`received`, `handled`, `changed`, ...), then asks `due` what is to be
done, and `next_at` when to ask again if nothing happens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...errors import FcAsyncError
from ..message import QueueAttributes, QueueMessage
from ..queue_client import MAX_BATCH
from .back_off import BackOff, Failure, Outage, failure_of
from .commands import Abandon, Change, Command, Cut, Delete, Handle, Say
from .held import FOREVER, Held, State, Visibility
from .holding import Holding, Seats
from .polls import Ending, Polls
from .summary import Tally
from .verdict import Outcome, Verdict, delay_seconds

COMPANY_SECONDS = 0.03
"""How long a letter that is to be deleted waits for others to be deleted with it."""

_GIVE_BACK_SECONDS = 1
"""For what nobody has begun: the service knows no less."""

_CUT_AGAIN_SECONDS = 0.1
_MOST_CALL_FAILURES = 8
"""A message that cannot be given back, or deleted, in so many calls comes back by itself."""


class Desk:
    """The messages of one run.

    Args:
        queue_name: for the log.
        workers: how many letters are handled at a time.
        receivers: how many receives at a time.
        ending: when the run ends.
        handler_seconds: how long a worker may have a letter; FOREVER: no limit.
        waits_for_queue: whether a queue that is not there is waited for; False: that ends the run.
        random: a number from 0 to 1, a new one at each call.
        now: when it begins, in seconds that only grow.
        replacements: how many workers that take too long are replaced at a time; None: as many as there are.
    """

    def __init__(
        self,
        queue_name: str,
        workers: int,
        receivers: int,
        ending: Ending,
        handler_seconds: float,
        waits_for_queue: bool,
        random: Callable[[], float],
        now: float,
        replacements: int | None = None,
    ) -> None:
        self.tally = Tally()
        self.failure: FcAsyncError | None = None
        """Why the run ended early; None where it did not."""
        self.is_stopping = False
        self._capacity = 2 * workers + MAX_BATCH
        self._seats = Seats(workers, workers if replacements is None else replacements)
        self._holding = Holding(self.tally)
        self._ending = ending
        self._handler_seconds = handler_seconds
        self._waits_for_queue = waits_for_queue
        self._random = random
        self._polls = Polls(queue_name, receivers, random)
        self._visibility = Visibility()
        self._deleting = Outage(f"deleting from {queue_name}")
        self._said: list[Command] = []
        self._keys = 0
        self._busy_at = now
        self._look_at = FOREVER
        self._grace_until = FOREVER
        self._cut_at = FOREVER
        self._stopped_at = FOREVER

    # What happened

    def stop(self, now: float) -> None:
        """Take no more, give back what waits, let what runs end within the grace."""
        if not self.is_stopping:
            self.is_stopping = True
            self._stopped_at = now
            self._grace_until = now + self._ending.grace_seconds
            self._cut_at = now
            while self._holding.waiting:
                self._give_back(self._holding.next_waiting(), now)

    def hurry(self, now: float) -> None:
        """Stop, and let the grace be over."""
        self.stop(now)
        self._grace_until = min(self._grace_until, now)

    def fail(self, now: float, error: FcAsyncError) -> None:
        """End the run for this reason."""
        self.failure = self.failure or error
        self.stop(now)

    def looked(self, now: float, number: int, found: QueueAttributes | None) -> None:
        """Take the queue's attributes; None: the service does not tell them."""
        self._polls.looked(number)
        if found is not None:
            self._visibility.seconds = found.visibility_timeout
            self.tally.retention_seconds = found.message_retention_period

    def received(self, now: float, number: int, messages: list[QueueMessage]) -> None:
        """Take what a receive brought."""
        self._say(self._polls.answered(number, now, len(messages)))
        self._visibility.learn(messages)
        self.tally.received += len(messages)
        for message in messages:
            self._keys += 1
            one = self._visibility.held(self._keys, message, now)
            self._holding.add(one)
            self._look_at = min(self._look_at, one.renew_at)
            self._busy_at = now
            if self.is_stopping:
                self._give_back(one, now)
            else:
                self._holding.waiting.append(one.key)

    def not_received(self, now: float, number: int, error: FcAsyncError) -> None:
        """Take that a receive, or the look before it, did not work."""
        if self.is_stopping:
            self._polls.forget(number)
            return
        failure = failure_of(error)
        is_final = failure is Failure.MISSING and not self._waits_for_queue
        if is_final or (failure in (Failure.REFUSED, Failure.GONE) and not self._polls.has_worked):
            self._polls.forget(number)
            self.fail(now, error)
            return
        self._say(self._polls.failed(number, now, failure, str(error)))

    def handled(self, now: float, key: int, verdict: Verdict) -> None:
        """Take a worker's verdict; that of one that was abandoned counts no more."""
        if self._seats.came_back(key):
            return
        self._busy_at = now
        self._holding.judged(self._holding[key], verdict, now)
        if verdict.is_let_be:
            self._holding.forget(key)

    def changed(self, now: float, change: Change, called_at: float, handle: str) -> None:
        """Take that a message was renewed, or given back; its new handle is good for the next call."""
        one = self._holding.find(change.key)
        if one is None:
            return
        if not change.is_renewal:
            self._holding.forget(change.key)
            return
        one.is_calling = False
        one.renewed(called_at, handle, change.seconds)
        self._look_at = min(self._look_at, one.renew_at)

    def not_changed(self, now: float, key: int, error: FcAsyncError) -> None:
        """Take that a renewal or a release did not work."""
        one = self._holding.find(key)
        if one is None:
            return
        one.is_calling = False
        is_passing = failure_of(error) is Failure.PASSING
        one.is_lost = one.is_lost or not is_passing
        if one.state is State.RETURNING:
            self._try_again(one, now)
        else:
            one.renewal_failed(now)
            self._look_at = min(self._look_at, one.renew_at if is_passing else now)

    def deleted(self, now: float, keys: list[int], left: dict[int, bool]) -> None:
        """Take the answer to a delete.

        Args:
            now: seconds that only grow.
            keys: all that were to be deleted.
            left: those that were not; True: visible again, or gone already; False: for a reason that may pass.
        """
        self._say(self._deleting.worked(now))
        self._busy_at = now
        late = {key for key, is_gone in left.items() if is_gone or self._holding[key].failures >= _MOST_CALL_FAILURES}
        for key in keys:
            if key in left and key not in late:
                self._delete_again(self._holding[key], now)
            else:
                self._holding.forget(key, came_late=key in late)
        if late:
            reason = "their visibility was over, they are gone, or the service fails at them"
            self._say(f"{len(late)} letters were handled and could not be deleted, and may come again: {reason}")

    def not_deleted(self, now: float, keys: list[int], error: FcAsyncError) -> None:
        """Take that a delete did not work as a whole."""
        if failure_of(error) is not Failure.PASSING:
            for key in keys:
                self._holding.forget(key, came_late=True)
            self._said.append(Say(f"letters were handled and could not be deleted, and may come again: {error}"))
            return
        self._say(self._deleting.failed(now, str(error)))
        for key in keys:
            self._delete_again(self._holding[key], now)

    # What is to be done

    def due(self, now: float) -> Iterator[tuple[int, Command]]:
        """Yield what is to be done now, each with the number of its receive, or 0."""
        before = None
        while before != (self.is_stopping, len(self._holding)):  # what is dropped on the way can end the run
            before = self.is_stopping, len(self._holding)
            for command in (*self._end(now), *self._keep(now), *self._hand_out(now), *self._delete(now)):
                yield 0, command
            for command in self._return(now):
                yield 0, command
            yield from self._receive(now)
        said, self._said = self._said, []
        yield from ((0, one) for one in said)

    def next_at(self, now: float) -> float:
        """Return when to ask again, if nothing happens before."""
        times = [self._look_at, self._grace_until, self._cut_at]
        if self.is_stopping:
            times += [one + self._ending.flush_seconds for one in (self._grace_until, self._stopped_at)]
        else:
            times += [self._ending.stops_at, self._idle_at(now)]
            if self._room() > 0:
                times.append(self._polls.next_at())
        times += [self._delete_at(one) for one in self._holding.done()]
        times += [one.try_at for one in self._holding.returning()]
        return min((one for one in times if one > now), default=FOREVER)

    def is_over(self, now: float) -> bool:
        """Tell whether the run is over; what is still held then comes back by itself."""
        if not self.is_stopping:
            return False
        if now >= self._grace_until + self._ending.flush_seconds:
            return True
        is_cut = not self._polls.are_under_way or now >= self._stopped_at + self._ending.flush_seconds
        return is_cut and not self._holding

    def close(self) -> None:
        """Count what is still held as released: it comes back when its visibility is over."""
        for one in self._holding.all():
            self._holding.forget(one.key, came_late=True)

    @property
    def in_flight(self) -> int:
        """How many messages are held, those that are to be deleted among them."""
        return len(self._holding)

    # Parts of it

    def _end(self, now: float) -> list[Command]:
        if now >= self._ending.stops_at or now >= self._idle_at(now):
            self.stop(now)
        most = self._ending.max_messages
        if most is not None and self.tally.received >= most and not self._holding:
            self.stop(now)
        if now < self._grace_until:
            return []
        running = [one for one in self._holding.all() if one.state is State.RUNNING]
        return [self._abandon(one, now, is_ending=True) for one in running]

    def _idle_at(self, now: float) -> float:
        """Return when nothing has been done for long enough; a service that does not answer is not idle."""
        if self._holding or self._polls.is_failing or not self._polls.is_looked:
            return FOREVER
        at = self._busy_at + self._ending.idle_seconds
        is_sure = self._polls.is_empty_for_sure or self._ending.idle_seconds >= 1
        return at if is_sure else FOREVER

    def _room(self) -> int:
        """Return how many messages the next receive may bring: whole batches, but for the last of `max_messages`."""
        if self.is_stopping or not self._seats.alive or self._holding.leaving > self._capacity:
            return 0
        room = self._capacity - self._holding.unhandled - self._polls.reserved
        if room < MAX_BATCH:
            return 0
        if self._ending.max_messages is not None:
            room = min(room, self._ending.max_messages - self.tally.received - self._polls.reserved)
        return room

    def _receive(self, now: float) -> Iterator[tuple[int, Command]]:
        if now >= self._cut_at and self.is_stopping:
            self._cut_at = now + _CUT_AGAIN_SECONDS if self._polls.are_under_way else FOREVER
            yield 0, Cut()
        ends_in = min(self._ending.stops_at, self._busy_at + self._ending.idle_seconds) - now
        while (call := self._polls.begin(now, self._room(), ends_in)) is not None:
            yield call

    def _hand_out(self, now: float) -> Iterator[Command]:
        for _ in range(len(self._holding.waiting)):
            if self._seats.free < 1:
                return
            one = self._holding.next_waiting()
            if now >= one.hidden_until and one.is_calling:
                self._holding.waiting.append(one.key)  # the renewal's answer tells whether it is held still
                continue
            if one.is_lost or now >= one.hidden_until:
                self._holding.forget(one.key, came_late=True)
                continue
            one.enter(State.RUNNING, now)
            self._seats.free -= 1
            self._look_at = min(self._look_at, now + self._handler_seconds)
            yield Handle(one.key, one.message)

    def _keep(self, now: float) -> Iterator[Command]:
        """Renew what is due, and abandon the workers that take too long."""
        if now < self._look_at:
            return
        self._look_at = FOREVER
        for one in self._holding.all():
            if one.state is State.RUNNING:
                if now >= one.since + self._handler_seconds:
                    yield self._abandon(one, now, is_ending=False)
                    continue
                self._look_at = min(self._look_at, one.since + self._handler_seconds)
            if one.state is State.RETURNING or one.is_lost or one.is_calling:
                continue
            if one.state is State.WAITING and now >= one.hidden_until:
                one.is_lost = True
                continue
            if now >= one.renew_at:
                one.is_calling = True
                yield Change(one.key, one.handle, self._visibility.renewal_seconds, is_renewal=True)
            else:
                self._look_at = min(self._look_at, one.renew_at)

    def _delete(self, now: float) -> Iterator[Command]:
        ready = [one for one in self._holding.done() if now >= one.try_at]
        is_quiet = not self._holding.waiting and self._seats.are_all_free
        while len(ready) >= MAX_BATCH or (ready and (is_quiet or now >= self._delete_at(ready[0]))):
            batch, ready = ready[:MAX_BATCH], ready[MAX_BATCH:]
            for one in batch:
                one.is_calling = True
            yield Delete({one.key: one.handle for one in batch})

    def _return(self, now: float) -> Iterator[Command]:
        for one in self._holding.returning():
            if now < one.try_at:
                continue
            if one.is_lost or one.failures > _MOST_CALL_FAILURES:
                self._holding.forget(one.key)
                continue
            one.is_calling = True
            seconds = one.verdict.hidden_seconds if one.verdict is not None else None
            yield Change(one.key, one.handle, _GIVE_BACK_SECONDS if seconds is None else seconds, is_renewal=False)

    def _give_back(self, one: Held, now: float) -> None:
        self._holding.judged(one, Verdict(Outcome.RELEASED, _GIVE_BACK_SECONDS), now)

    def _abandon(self, one: Held, now: float, *, is_ending: bool) -> Command:
        """Let the worker go on alone; as many as there are workers are replaced, so that their number has a bound."""
        is_replaced = self._seats.abandon(one.key, is_wanted=not is_ending)
        self._holding.judged(one, Verdict(Outcome.RELEASED, delay_seconds(one.message.dequeue_count)), now)
        if not is_ending:
            more = "" if self._seats.alive else "; all workers hang, and nothing is received until one returns"
            self._said.append(
                Say(f"a handler takes over {self._handler_seconds:g} seconds; its letter is released{more}")
            )
        return Abandon(one.key, is_replaced)

    def _delete_again(self, one: Held, now: float) -> None:
        one.is_calling = False
        self._try_again(one, now)
        self._look_at = min(self._look_at, one.renew_at)

    def _try_again(self, one: Held, now: float) -> None:
        back_off = BackOff(self._random, failures=one.failures)
        one.try_at = now + back_off.next_seconds()
        one.failures = back_off.failures

    def _delete_at(self, one: Held) -> float:
        return max(one.since + COMPANY_SECONDS, one.try_at)

    def _say(self, text: str | None) -> None:
        if text is not None:
            self._said.append(Say(text))

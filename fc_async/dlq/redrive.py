"""Redrive: send dead letters again, lose none, and say only what is true.

From a queue each letter stays there until its invocation is accepted: received, noted, sent, noted, deleted. From a
spool it stays in the spool. What dies in between leaves a journal, and the same call goes on from it: a letter whose
acceptance stands in any spool of the queue on this machine is not sent again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..checks import FunctionName, check_wait, check_whole
from ..errors import ArgumentError, FcAsyncError, SpoolError
from ..functions.client import FunctionsClient
from ..mns.consume.signals import StopSignals
from ..mns.letter import Letter
from ..mns.queue_client import QueueClient
from ..settings.settings import Settings
from .acceptances import Acceptances
from .breaker import Breaker
from .choosing import Choosing, Transform
from .depth import depth_of, settled_depth
from .entry import OPEN, SENT, State
from .from_queue import FromQueue
from .from_spool import FromSpool
from .journals import journal_of
from .nets import Nets
from .pace import Pace
from .planning import judged, planned
from .redrive_summary import Progress, RedrivePlan, RedriveSummary
from .sender import Sender
from .spool import Spool
from .spool_place import place_of, spools_folder
from .targets import Targets
from .telling import Telling
from .verdicts import Verdicts, Wanted
from .worker import Worker

if TYPE_CHECKING:
    from .where import Where

_HEAD = 16
_PROGRESS_SECONDS = 0.25


class Redrive:
    """Sends the letters of a queue or a spool again.

    Args:
        source: a QueueClient, or a Spool that was opened to be written.
        functions: the client that invokes.
        to: `FUNCTION[@QUALIFIER]` that every letter is sent to; None: to the function that it came from.
        where: selects letters of a spool; None: all of them.
        limit: most letters that are sent, 1 or more; None: no limit.
        rate_per_second: most invocations a second, over 0; None: no limit.
        concurrency: letters worked at a time, 1 to 256. Default 16.
        transform: is given each payload, as JSON that was read or else as bytes, and returns what is sent in its place,
            or None to leave the letter; None: the original payload is sent.
        allow_loss: also send where a new failure would be lost.
        spool: the journal of a queue's redrive, to go on with one; None: a new one in the folder of spools.
        again: also send what is known to have been accepted, under a new task id.
        include_successes: also send what names no error.
        allow_damaged: also send payloads that hold U+FFFD.
        same_version: also send to a published version.
        until_succeeded: a letter is done only when its task has succeeded.
        maps: `SERVICE/FUNCTION` of FC 2.0, and the `FUNCTION[@QUALIFIER]` that stands for each.
        max_redrives: leave what was sent again so often before, 1 or more; None: no limit.
        stop_at: end where more than this part of what was sent came back, over 0 to 1; None: never.
        wait_seconds: how long letters that others hold are waited for, from 0; None: for a visibility, 60 at most.
        folder: where spools lie; None: `$XDG_STATE_HOME/fc-async/spools`.

    Raises:
        ArgumentError: an argument cannot be right.
    """

    def __init__(
        self,
        source: Spool | QueueClient,
        functions: FunctionsClient,
        *,
        to: str | None = None,
        where: Where | None = None,
        limit: int | None = None,
        rate_per_second: float | None = None,
        concurrency: int = 16,
        transform: Transform | None = None,
        allow_loss: bool = False,
        spool: Spool | Path | None = None,
        again: bool = False,
        include_successes: bool = False,
        allow_damaged: bool = False,
        same_version: bool = False,
        until_succeeded: bool = False,
        maps: Mapping[str, str] | None = None,
        max_redrives: int | None = None,
        stop_at: float | None = None,
        wait_seconds: float | None = None,
        folder: Path | None = None,
    ) -> None:
        if isinstance(source, QueueClient) and where is not None:
            raise ArgumentError("where: MNS cannot select; pull the queue, and redrive the spool")
        self._source = source
        self._functions = functions
        self._where = where
        self._concurrency = check_whole("concurrency", concurrency, 1, 256)
        self._rate = _check_rate(rate_per_second)
        self._wait_seconds = None if wait_seconds is None else check_wait("wait_seconds", wait_seconds)
        self._until_succeeded = until_succeeded
        self._folder = spools_folder() if folder is None else folder
        self._spool = spool
        for name, value in (("limit", limit), ("max_redrives", max_redrives)):
            if value is not None:
                check_whole(name, value, 1, 10**12)
        if stop_at is not None and not 0 < stop_at <= 1:
            raise ArgumentError(f"stop_at: expected a part over 0, 1 at most, got {stop_at!r}")
        self._wanted = Wanted(limit, again, max_redrives, stop_at, until_succeeded)
        self._choosing = Choosing(
            functions.settings,
            None if to is None else FunctionName.parse(to),
            {old: FunctionName.parse(new) for old, new in (maps or {}).items()},
            transform,
            include_successes,
            allow_damaged,
            same_version,
        )
        self._mns = self._mns_settings()
        self._targets = Targets(functions, Nets(functions, self._mns), allow_loss=allow_loss)
        self._stopping = threading.Event()
        self._reason: str | None = None

    # before

    def plan(self) -> RedrivePlan:
        """Say what would be done: with every letter of a spool, with the head of a queue (16 at most).

        Raises:
            ServiceError: the queue is not there, or the service fails.
            TransportError: no answer came.
        """
        source = self._source
        place = source.place if isinstance(source, Spool) else place_of(source)
        journal = source if isinstance(source, Spool) else self._spool
        known_to = journal if isinstance(journal, Spool) else None
        others = Acceptances(self._folder, place, None if known_to is None else known_to.path)
        now_ms = round(time.time() * 1000)
        verdicts = Verdicts(self._choosing, others, self._at_work(), self._targets.look, now_ms, self._own_net)
        try:
            found = judged(self._letters(), known_to, verdicts)
            depth = None if isinstance(source, Spool) else depth_of(source)
            plan = planned(found, self._targets, others.redrives_before, about_letters=depth)
            return replace(plan, warnings=(*plan.warnings, *others.not_known))
        finally:
            others.close()

    def _letters(self) -> Iterator[Letter]:
        if isinstance(self._source, Spool):
            source = self._source
            return (source.letter(entry.number) for entry in source.entries(self._where, states=self._states()))
        return (Letter.of(message) for message in self._source.peek(_HEAD))

    def _states(self) -> tuple[State, ...]:
        """Return the states of the letters of a spool that are worked."""
        if self._wanted.again:
            return (*OPEN, *SENT)
        return (*OPEN, State.ACCEPTED) if self._until_succeeded else OPEN

    def _at_work(self) -> Wanted:
        """Return what was asked, and what an `--again` of this spool that came to no end has done of it.

        Of letters that were sent again as often as one another all are sent; else those that were sent less often.
        """
        if not self._wanted.again or not isinstance(self._source, Spool):
            return self._wanted
        sent = {entry.generation for entry in self._source.entries(self._where, states=SENT)}
        return replace(self._wanted, again_from=max(sent) if len(sent) > 1 else None)

    @property
    def _own_net(self) -> str | None:
        return self._source.queue if isinstance(self._source, QueueClient) else None

    # the run

    def stop(self, reason: str = "it was stopped") -> None:
        """End: what is in flight is finished, what was accepted is deleted, the rest is released; from any thread."""
        self._reason = self._reason or reason
        self._stopping.set()
        flow = self.__dict__.get("_flow")
        if flow is not None:
            flow.stop()

    def run(self, on_progress: Callable[[Progress], None] | None = None) -> RedriveSummary:
        """Send until all is done, `stop()`, SIGTERM or SIGINT (taken in the main thread alone, and put back).

        Args:
            on_progress: is told how far it is, a few times a second; None: nobody is.

        Raises:
            SpoolError: the journal cannot be written; nothing was deleted after that.
            ServiceError: the queue is not there, or not allowed. After the first letter the summary says so instead.
            SettingsError: there are no credentials; likewise.
        """
        journal, is_mine = self._journal()
        others = Acceptances(self._folder, journal.place, journal.path)
        signals = StopSignals(self.stop)
        signals.take()
        try:
            return self._run(journal, others, signals, on_progress)
        finally:
            signals.put_back()
            others.close()
            if is_mine:
                journal.close()

    def _run(
        self,
        journal: Spool,
        others: Acceptances,
        signals: StopSignals,
        on_progress: Callable[[Progress], None] | None,
    ) -> RedriveSummary:
        since_ms = round(time.time() * 1000)
        wanted = self._at_work()
        breaker = Breaker(self._wanted.stop_at, self._functions, self.stop, self._own_net)
        sender = Sender(
            journal,
            self._functions,
            self._targets,
            Pace(self._rate),
            self._stopping,
            breaker,
            until_succeeded=self._until_succeeded,
        )
        verdicts = Verdicts(self._choosing, others, wanted, sender.look, since_ms, self._own_net)
        worker = Worker(journal, verdicts, sender, wanted, breaker, since_ms)
        flow = self._flow = self._made_flow(journal, worker)
        breaker.begin()
        try:
            drained, ended = self._attended(flow, worker, breaker, on_progress)
        finally:
            breaker.close(is_stopped=self._stopping.is_set())
        return RedriveSummary(
            worker.counts.sent,
            worker.counts.done,
            worker.counts.came_back + breaker.failed_elsewhere,
            self._left(journal, worker),
            self._in_queue_now(),
            drained,
            journal.path,
            ended,
            signals.came,
        )

    def _made_flow(self, journal: Spool, worker: Worker) -> FromQueue | FromSpool:
        if isinstance(self._source, Spool):
            return FromSpool(
                journal,
                worker,
                self._where,
                self._states(),
                concurrency=self._concurrency,
                stopping=self._stopping,
            )
        return FromQueue(
            self._source,
            journal,
            worker,
            concurrency=self._concurrency,
            wait_seconds=self._wait_seconds,
            stopping=self._stopping,
        )

    def _attended(
        self,
        flow: FromQueue | FromSpool,
        worker: Worker,
        breaker: Breaker,
        on_progress: Callable[[Progress], None] | None,
    ) -> tuple[bool, str | None]:
        """Run in a thread of its own, so that this one hears signals and tells how far it is."""
        outcome: list[Any] = []

        def live() -> None:
            try:
                outcome.append(flow.run())
            except BaseException as error:
                outcome.append(error)

        telling = Telling(on_progress, worker.counts, breaker, self.stop)
        thread = threading.Thread(target=live, name="fc_async-redrive", daemon=True)
        thread.start()
        while thread.is_alive():
            thread.join(_PROGRESS_SECONDS)
            telling.tell(flow.waits_for)
            if self._stopping.is_set():
                flow.hurry()
        telling.close()
        (result,) = outcome
        if isinstance(result, BaseException):
            if isinstance(result, SpoolError) or not isinstance(result, FcAsyncError) or not worker.counts.any:
                raise result
            return False, str(result)
        if isinstance(flow, FromSpool):
            return result is None, self._reason or result
        reason = self._reason or result.reason
        if self._stopping.is_set() and flow.undeleted:
            letters = "1 letter is" if flow.undeleted == 1 else f"{flow.undeleted} letters are"
            reason = f"{reason}; {letters} done with and could not be deleted; run it again, none is sent twice"
        return result.drained, reason

    # around it

    def _journal(self) -> tuple[Spool, bool]:
        if isinstance(self._source, Spool):
            return self._source, False
        if isinstance(self._spool, Spool):
            return self._spool, False
        return journal_of(self._source, new=self._spool, old=None, folder=self._folder), True

    def _left(self, journal: Spool, worker: Worker) -> dict[str, list[tuple[str, str | None]]]:
        left: dict[str, list[tuple[str, str | None]]] = {}
        states = (State.LEFT, State.CAME_BACK, State.PLANNED)
        for entry in journal.entries(
            self._where, states=(*states, State.ACCEPTED) if self._until_succeeded else states
        ):
            if entry.number in worker.left_accepted:
                continue
            reason = entry.reason or "it is planned: whether it was accepted is not known (--resume goes on)"
            if entry.reason is None and entry.new_request_id is not None:
                reason = "it was accepted, and its end is not known (--resume waits for it)"
            left.setdefault(reason, []).append((entry.fields.message_id, entry.fields.request_id))
        for reason, message_id, request_id in worker.left_accepted.values():
            left.setdefault(reason, []).append((message_id, request_id))
        return left

    def _mns_settings(self) -> Settings:
        return self._source.settings if isinstance(self._source, QueueClient) else mns_like(self._functions).settings

    def _in_queue_now(self) -> int | None:
        """Return what the queue holds; where failures come back to it, when that has stood still for a moment."""
        name = self._source.queue if isinstance(self._source, QueueClient) else self._source.place.queue
        queue = self._source if isinstance(self._source, QueueClient) else mns_like(self._functions, name)
        coming_back = [target for target in self._targets.known() if target.net_queue == name]
        return settled_depth(queue, coming_back, self._functions, self._stopping)


def mns_like(functions: FunctionsClient, queue: str = "any") -> QueueClient:
    """Return a client of a queue in the place of a FunctionsClient, and as the same identity."""
    settings = functions.settings
    return QueueClient(
        queue,
        endpoint=settings.endpoint.url if settings.endpoint.is_loopback else None,
        region=None if settings.region is None else settings.region.value,
        account_id=None if settings.account_id is None else settings.account_id.value,
        credentials=settings.credentials,
        internal=settings.internal,
    )


def _check_rate(rate_per_second: float | None) -> float | None:
    if rate_per_second is not None and not 0 < rate_per_second <= 10**6:
        raise ArgumentError(f"rate_per_second: expected a number over 0, 1000000 at most, got {rate_per_second!r}")
    return rate_per_second

"""The engine under whatever may happen to it, in any order: what must hold of every invocation, checked step by step.

Every transition that happens is a row of the table in `transitions.py`: which one, this file works out for itself, from
what it did to the engine. At the end everything is drained, and then each accepted invocation has ended once, in time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import takewhile
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from fc_async.local.assumptions import Assumptions
from fc_async.local.engine.engine import Engine
from fc_async.local.engine.invocation import Invocation, Outcome
from fc_async.local.engine.lane import Settings
from fc_async.local.engine.task_book import DuplicateTaskError
from fc_async.local.engine.transitions import ENDS, TRANSITIONS, Condition, Emits, Input, State, Transition

FIVE_HOURS_MS = 5 * 3_600_000
FUNCTIONS = ("f", "g")
TARGETS = [("f", None), ("f", "prod"), ("g", None)]
OUTCOMES = [Outcome(b"done"), Outcome(b"{}", "UnhandledInvocationError"), Outcome(b"", "InternalServerError", 500)]

assumptions = st.builds(
    Assumptions,
    expired_fires_on_failure=st.booleans(),
    stopped_fires_on_failure=st.booleans(),
    failure_record_per_attempt=st.booleans(),
    age_checked_on_retry=st.booleans(),
    age_counts_delay=st.booleans(),
    function_error_retry_seconds=st.sampled_from([0, 1, 60]),
    backoff_cap_seconds=st.sampled_from([None, 1, 600]),
    five_hours_from=st.sampled_from(["first_failure", "acceptance"]),
)
configs = st.builds(
    Settings,
    max_retries=st.sampled_from([0, 1, 2, 8]),
    max_age_ms=st.sampled_from([7 * 86_400_000, 60_000, 1000]),
    on_success=st.sampled_from([None, "good"]),
    on_failure=st.sampled_from([None, "bad"]),
    async_task=st.booleans(),
)


class EngineMachine(RuleBasedStateMachine):
    """Does to an engine what clients, workers and time do."""

    @initialize(assumed=assumptions, at_the_end=st.sampled_from([OUTCOMES[1], OUTCOMES[0]]), config=configs)
    def begin(self, assumed: Assumptions, at_the_end: Outcome, config: Settings) -> None:
        self.assumed = assumed
        self.at_the_end = at_the_end
        self.engine = Engine("cn-x", "1", assumed)
        self.now_ms = 0
        self.accepted: list[Invocation] = []
        self.ended: dict[int, tuple[State, int]] = {}
        self.running: list[Invocation] = []
        self.orphans: set[int] = set()
        self.limits: dict[str, int | None] = dict.fromkeys(FUNCTIONS)
        self.times_ended: Counter[int] = Counter()
        self.most_retries: dict[int, int] = {}  # by invocation: the most that its target had since it was accepted
        self.configs: dict[tuple[str, str | None], Settings] = {}
        for function in FUNCTIONS:
            self.engine.functions.add(function)
        self.engine.functions.add_qualifier("f", "prod")
        for target in TARGETS:
            self.configure(target, config)

    # What happens

    @rule(of=st.sampled_from(TARGETS), delay_ms=st.sampled_from([0, 0, 500, 3_600_000]), task=st.integers(0, 3))
    def accept(self, of: tuple[str, str | None], delay_ms: int, task: int) -> None:
        number = len(self.accepted)
        task_id = f"task-{task}"

        def accept() -> None:
            invocation = self.engine.accept(
                self.now_ms, of[0], b"x", f"r-{number}", task_id=task_id, qualifier=of[1], delay_ms=delay_ms
            )
            self.accepted.append(invocation)
            self.most_retries[invocation.number] = self.configs.get(of, Settings()).max_retries

        try:
            self.doing(Input.ACCEPT, accept)
        except DuplicateTaskError:
            known = self.engine.find_task(self.now_ms, *of, task_id)
            assert known is not None
            assert known.task_id == task_id

    @rule(seconds=st.sampled_from([0, 0.5, 1, 2, 60, 3600, 5 * 3600]))
    def wait(self, seconds: float) -> None:
        self.now_ms += round(seconds * 1000)
        next_ms = self.engine.due(self.now_ms)
        assert next_ms is None or next_ms > self.now_ms

    @rule(workers=st.integers(1, 4))
    def start(self, workers: int) -> None:
        def start() -> None:
            for _ in range(workers):
                invocation = self.engine.start(self.now_ms)
                if invocation is not None:
                    assert invocation.state is State.RUNNING
                    assert invocation.number not in self.orphans
                    limit = self.limits[invocation.function]
                    lane = invocation.target.lane
                    assert limit is None or sum(one.target.lane is lane for one in self.running) < limit
                    self.running.append(invocation)

        self.doing(Input.START, start)

    @precondition(lambda self: self.running)
    @rule(data=st.data(), outcome=st.sampled_from(OUTCOMES))
    def finish(self, data: Any, outcome: Outcome) -> None:
        self.end(self.running.pop(data.draw(st.integers(0, len(self.running) - 1))), outcome)

    def end(self, invocation: Invocation, outcome: Outcome) -> None:
        def finish() -> None:
            assert self.engine.finished(self.now_ms, invocation, outcome) is invocation.state

        self.doing(Input.FINISHED, finish)

    @precondition(lambda self: self.accepted)
    @rule(data=st.data())
    def stop(self, data: Any) -> None:
        invocation = data.draw(st.sampled_from(self.accepted))
        self.doing(Input.STOP, lambda: self.engine.stop(self.now_ms, invocation))
        assert invocation.state in (State.STOPPING, *ENDS)

    @rule(of=st.sampled_from(TARGETS), config=configs)
    def configure(self, of: tuple[str, str | None], config: Settings) -> None:
        self.engine.functions.configure(*of, config)
        self.configs[of] = config
        for one in self.accepted:
            if (one.function, one.qualifier) == of and one.number not in self.orphans and not one.has_ended:
                self.most_retries[one.number] = max(self.most_retries[one.number], config.max_retries)

    @rule(function=st.sampled_from(FUNCTIONS), instances=st.sampled_from([None, 0, 1, 2]))
    def limit(self, function: str, instances: int | None) -> None:
        self.engine.functions.limit(function, instances)
        self.limits[function] = instances

    @rule(what=st.sampled_from(["f", "g", "f@prod"]))
    def delete_and_make_again(self, what: str) -> None:
        deleted = {("f", "prod")} if what == "f@prod" else {target for target in TARGETS if target[0] == what}
        for target in deleted:
            self.configs.pop(target, None)
        self.orphans |= {one.number for one in self.accepted if (one.function, one.qualifier) in deleted}
        if what == "f@prod":
            self.engine.functions.remove_qualifier("f", "prod")
            self.engine.functions.add_qualifier("f", "prod")
            return
        self.limits[what] = None
        self.engine.functions.remove(what)
        self.engine.functions.add(what)
        if what == "f":
            self.engine.functions.add_qualifier("f", "prod")

    # What must hold

    def doing(self, what: Input, action: Callable[[], object]) -> None:
        """Do something, then compare each transition that it brought about with the row of the table that fits."""
        before = {one.number: (one.state, one.attempts, one.target.settings) for one in self.accepted}
        action()
        fired: dict[int, list[str]] = {}
        for delivery in self.engine.take_deliveries():
            fired.setdefault(delivery.invocation.number, []).append(delivery.destination)
        for one in self.accepted:
            state, attempts, config = before.get(one.number, (None, 0, one.target.settings))
            if (one.state, one.attempts) != (state, attempts):
                row = self.row(state, what, one, attempts, config)
                assert one.state is row.to
                assert fired.pop(one.number, []) == self.destinations(row, config)
                self.times_ended[one.number] += row.to in ENDS
                if one.has_ended:
                    self.ended[one.number] = (one.state, one.attempts)
        assert fired == {}

    def row(
        self, state: State | None, what: Input, one: Invocation, attempts_before: int, config: Settings
    ) -> Transition:
        """The only row for what happened, by what is known here of the invocation, and not by where it went."""
        if what is Input.START:
            condition = self.condition_of_start(one, attempts_before, config)
        else:
            condition = self.condition(state, what, one, config)
        (row,) = (row for row in TRANSITIONS if state in row.states and (row.input, row.condition) == (what, condition))
        return row

    def condition(self, state: State | None, what: Input, one: Invocation, config: Settings) -> Condition:
        if what is not Input.FINISHED or state is State.STOPPING:
            return Condition.ALWAYS
        attempts = one.ended_attempts or []
        if attempts[-1].status_code != 200:
            return Condition.SYSTEM_ERROR_TOO_LONG if self.is_over(one) else Condition.SYSTEM_ERROR
        if not attempts[-1].error:
            return Condition.NO_ERROR
        failures = sum(attempt.status_code == 200 for attempt in attempts)
        return Condition.HANDLER_ERROR if failures <= config.max_retries else Condition.LAST_HANDLER_ERROR

    def condition_of_start(self, one: Invocation, attempts_before: int, config: Settings) -> Condition:
        if one.number in self.orphans:
            return Condition.GONE
        age_ms = self.now_ms - one.accepted_ms - (0 if self.assumed.age_counts_delay else one.delay_ms)
        if age_ms > config.max_age_ms and (self.assumed.age_checked_on_retry or attempts_before == 0):
            return Condition.TOO_OLD
        if one in self.running:
            return Condition.ALWAYS  # that there was a place for it was looked at when it was started
        limit = self.limits[one.function]
        assert limit is not None
        assert sum(other.target.lane is one.target.lane for other in self.running) >= limit
        return Condition.THROTTLED_TOO_LONG if self.is_over(one) else Condition.THROTTLED

    def is_over(self, one: Invocation) -> bool:
        """Whether the attempt after the system errors in a row that came last would be later than five hours."""
        errors = list(takewhile(lambda attempt: attempt.status_code != 200, reversed(one.ended_attempts or [])))
        wait_ms = 500 * 2 ** min(len(errors) - 1, 20)
        if self.assumed.backoff_cap_seconds is not None:
            wait_ms = min(wait_ms, self.assumed.backoff_cap_seconds * 1000)
        from_ms = one.accepted_ms if self.assumed.five_hours_from == "acceptance" else errors[-1].ended_ms
        return self.now_ms + wait_ms - from_ms > FIVE_HOURS_MS

    def destinations(self, row: Transition, config: Settings) -> list[str]:
        if row.if_assumed and not getattr(self.assumed, row.if_assumed):
            return []
        of = {Emits.ON_SUCCESS: config.on_success, Emits.ON_FAILURE: config.on_failure}.get(row.emits)
        return [] if of is None else [of]

    @invariant()
    def nothing_happens_after_an_end(self) -> None:
        for invocation in self.accepted:
            assert invocation.has_ended == (invocation.state in ENDS)
            if invocation.number in self.ended:
                assert self.ended[invocation.number] == (invocation.state, invocation.attempts)

    @invariant()
    def attempts_stay_within_the_retries(self) -> None:
        for invocation in self.accepted:
            ended = invocation.ended_attempts or []
            assert sum(attempt.status_code == 200 for attempt in ended) <= 1 + self.most_retries[invocation.number]
            assert invocation.attempts - len(ended) == (invocation.state in (State.RUNNING, State.STOPPING))

    @invariant()
    def every_invocation_is_counted_once(self) -> None:
        states = Counter(invocation.state for invocation in self.accepted)
        assert self.engine.backlog == states[State.ENQUEUED] + states[State.RETRYING]
        assert self.engine.running == states[State.RUNNING] + states[State.STOPPING] == len(self.running)
        assert self.engine.metrics["FunctionEnqueueCount"] == len(self.accepted)
        assert self.engine.metrics["FunctionAsyncEventExpiredDropped"] == states[State.EXPIRED]

    def teardown(self) -> None:
        if not hasattr(self, "engine"):
            return
        for function in FUNCTIONS:
            self.limit(function, None)
        while self.engine.backlog or self.running:
            self.drain_step()
        assert len(self.ended) == len(self.accepted) == len(list(self.engine.history))
        assert self.engine.due(self.now_ms) is None
        assert all(self.times_ended[one.number] == 1 for one in self.accepted)
        self.nothing_happens_after_an_end()
        self.attempts_stay_within_the_retries()
        self.every_invocation_is_counted_once()

    def drain_step(self) -> None:
        next_ms = self.engine.due(self.now_ms)
        self.start(10)
        if not self.running and next_ms is not None:
            self.now_ms = next_ms
        while self.running:
            self.end(self.running.pop(), self.at_the_end)


TestEngine = EngineMachine.TestCase

"""Sender: what is noted before and after a call, and how long an answer that may come is waited for; time is told."""

import threading

import pytest

from fc_async import ServiceError, TransportError
from fc_async.checks import FunctionName
from fc_async.dlq.choosing import Chosen
from fc_async.dlq.entry import State
from fc_async.dlq.pace import Pace
from fc_async.dlq.sender import REGISTRATION_SECONDS, Sender, Stopped
from fc_async.dlq.spool import Spool
from fc_async.dlq.spool_place import SpoolPlace
from fc_async.dlq.targets import Target
from fc_async.functions.async_task import AsyncTask
from fc_async.functions.outcomes import Accepted
from fc_async.mns.letter import Letter
from fc_async.testing import record

NAME = FunctionName("orders")
LETTER = Letter.of(record("{}", function="orders", error="no").as_queue_message())
CHOSEN = Chosen(NAME, b"{}")
CONFLICT = ServiceError(409, "AsyncTaskAlreadyExists", "id")
UNKNOWN = ServiceError(404, "AsyncTaskNotFound", "id")


class Time(threading.Event):
    """An event that nobody sets, and whose waits take no time: they move a clock."""

    def __init__(self):
        super().__init__()
        self.now = 0.0

    def wait(self, timeout=None):
        self.now += timeout or 0
        return self.is_set()


class Functions:
    """A client that answers what it is told to; the last answer holds."""

    def __init__(self, invoke, task=UNKNOWN):
        self.invoke, self.task = list(invoke), task
        self.sent, self.asked = [], 0

    def invoke_async(self, name, payload, *, qualifier, task_id, deduplicated):
        self.sent.append((name, payload, task_id, deduplicated))
        answer = self.invoke.pop(0) if len(self.invoke) > 1 else self.invoke[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def get_task(self, name, task_id, *, qualifier):
        self.asked += 1
        answer = self.task(self.asked) if callable(self.task) else self.task
        if isinstance(answer, Exception):
            raise answer
        return answer


class Looks:
    """What is known of the one function."""

    def __init__(self, target):
        self.target = target

    def find(self, _):
        return self.target

    look = find

    def gone(self, name, reason):
        self.target = Target(name, reason)


def task(status):
    return AsyncTask(task_id="t", status=status, request_id="of the task")


@pytest.fixture
def send(tmp_path):
    """Sends the letter, and returns what became of it, its entry, and the seconds that passed."""

    def run(functions, *, is_task=True, has_net=True, **options):
        time = Time()
        with Spool.create(tmp_path / "a.spool", SpoolPlace("1", "r", "q", "")) as spool:
            looks = Looks(Target(NAME, is_task_mode=is_task, has_net=has_net))
            sender = Sender(spool, functions, looks, Pace(None), time, clock=lambda: time.now, **options)
            result = sender.send(LETTER, CHOSEN)
            (entry,) = spool.entries()
        return result, entry, time.now

    return run


def test_an_acceptance_is_noted_with_its_task(send):
    functions = Functions([Accepted("new", "t")])
    result, entry, _ = send(functions)
    ((_, payload, task_id, deduplicated),) = functions.sent
    assert (result.state, result.is_new, entry.state, entry.new_request_id) == (
        State.ACCEPTED,
        True,
        State.ACCEPTED,
        "new",
    )
    assert (payload, task_id, deduplicated) == (b"{}", entry.task_id, True)


def test_without_tasks_no_id_is_sent(send):
    functions = Functions([Accepted("new", None)])
    assert send(functions, is_task=False)[1].task_id is None
    assert functions.sent == [("orders", b"{}", None, False)]


@pytest.mark.parametrize(
    "passing",
    [ServiceError(429, "Busy", "id"), ServiceError(503, "Down", "id"), TransportError("cut", sent=True)],
    ids=["429", "503", "cut"],
)
def test_what_is_passing_is_waited_out_with_longer_and_longer_rests(send, passing):
    functions = Functions([*[passing] * 12, Accepted("new", "t")])
    result, _, seconds = send(functions)
    assert (result.state, len(functions.sent)) == (State.ACCEPTED, 13)
    assert len({task_id for _, _, task_id, _ in functions.sent}) == 1
    assert 60 < seconds < 12 * 30


@pytest.mark.parametrize("status", [400, 403, 404, 409, 413])
def test_what_the_service_refuses_is_left_with_its_words_and_without_the_id_of_the_call(send, status):
    refusal = ServiceError(status, "Code", "call-id", message="The words.")
    result, entry, _ = send(Functions([refusal]), is_task=False)
    assert (result.state, entry.state) == (State.LEFT, State.LEFT)
    assert result.reason == entry.reason == f"orders: {status} Code: The words"


def test_a_202_without_a_request_id_accepts_nothing(send):
    assert send(Functions([Accepted("", "t")]))[0].state is State.LEFT


def test_a_task_that_is_there_but_not_known_yet_is_asked_for_during_a_minute_and_stays_planned(send):
    functions = Functions([CONFLICT])
    result, entry, seconds = send(functions)
    assert (result.state, entry.state, result.is_new) == (State.PLANNED, State.PLANNED, False)
    assert REGISTRATION_SECONDS <= seconds < REGISTRATION_SECONDS + 6
    assert "--resume asks again" in (entry.reason or "")
    assert 10 < functions.asked < 30


def test_a_task_that_is_known_after_a_while_stands_for_its_letter(send):
    functions = Functions([CONFLICT], lambda asked: task("Succeeded") if asked > 8 else UNKNOWN)
    result, entry, _ = send(functions)
    assert (result.state, result.is_new, entry.new_request_id) == (State.DONE, False, "of the task")


@pytest.mark.parametrize(
    ("status", "has_net", "state"),
    [
        ("Enqueued", False, State.DONE),
        ("Running", False, State.DONE),
        ("Retrying", False, State.DONE),
        ("Succeeded", False, State.DONE),
        ("Failed", True, State.DONE),
        ("Failed", False, State.LEFT),
        ("Expired", True, State.LEFT),
        ("Stopped", True, State.LEFT),
        ("Invalid", True, State.LEFT),
    ],
)
@pytest.mark.parametrize("answer", [CONFLICT, Accepted("r", "t", repeated=True)], ids=["409", "repeated"])
def test_a_task_that_is_there_is_judged_by_its_state(send, status, has_net, state, answer):
    result, entry, _ = send(Functions([answer], task(status)), has_net=has_net)
    assert (result.state, entry.state) == (state, state)
    assert result.is_new is (state is State.DONE and answer is not CONFLICT)


def test_a_task_whose_state_may_not_be_asked_for_costs_its_letter_alone(send):
    result, entry, _ = send(Functions([CONFLICT], ServiceError(403, "AccessDenied", "id")))
    assert (result.state, entry.state) == (State.PLANNED, State.PLANNED)
    assert "403 AccessDenied" in entry.reason


@pytest.mark.parametrize(("status", "state"), [("Succeeded", State.DONE), ("Failed", State.LEFT)])
def test_until_succeeded_the_end_of_its_task_decides(send, status, state):
    functions = Functions([Accepted("new", "t")], lambda asked: task(status if asked > 5 else "Running"))
    result, entry, _ = send(functions, until_succeeded=True)
    assert (result.state, entry.state, result.is_new) == (state, state, True)


def test_the_end_leaves_what_has_no_answer_planned(tmp_path):
    stopping = threading.Event()

    class Down(Functions):
        def invoke_async(self, *arguments, **options):
            stopping.set()
            raise TransportError("cut", sent=True)

    with Spool.create(tmp_path / "a.spool", SpoolPlace("1", "r", "q", "")) as spool:
        sender = Sender(spool, Down([]), Looks(Target(NAME, is_task_mode=True)), Pace(None), stopping)
        with pytest.raises(Stopped):
            sender.send(LETTER, CHOSEN)
        assert spool.counts() == {"planned": 1}

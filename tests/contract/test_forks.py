"""A client that was used before a fork works on in parent and children, and no process gets another's answer."""

from __future__ import annotations

import copy
import multiprocessing
import os
import pickle
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from fc_async import AccessKey, FunctionsClient, QueueClient, TopicClient
from fc_async.functions.calls import Calls
from fc_async.settings.providers import Lazy
from fc_async.settings.search import find_settings
from fc_async.transport.adapter import PlainAdapter
from tests.forked import SECONDS, exit_code, forked
from tests.peer import Peer, Received, Reply

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here"),
    # Python 3.12 and later warn of every fork of a process with threads; what comes of it is what is tested.
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]

KEY = AccessKey("the-id", "the-secret")
CALLS = 20


def mirrored(received: Received) -> bytes:
    """Answer what was sent: an invocation's payload, or a message's body as its id."""
    if "/queues/" not in received.target:
        return received.body
    text = received.body.partition(b"<MessageBody>")[2].partition(b"<")[0]
    return b"<Message><MessageId>" + text + b"</MessageId></Message>"


def answers(functions: FunctionsClient, queue: QueueClient, who: str) -> None:
    """Make many calls, each with an answer of its own."""
    for number in range(CALLS):
        text = f"{who}-{number}"
        assert functions.invoke("main", text, timeout_seconds=SECONDS).payload == text.encode()
        assert queue.send(text) == text


@pytest.fixture
def clients() -> Iterator[tuple[FunctionsClient, QueueClient, Peer, Peer]]:
    fc, mns = Reply(200, mirrored, {"x-fc-request-id": "1-a"}), Reply(201, mirrored)
    with Peer(fc) as one, Peer(mns) as other:
        functions = FunctionsClient(endpoint=one.url, credentials=KEY)
        queue = QueueClient("dead", endpoint=other.url, credentials=KEY)
        with functions, queue:
            answers(functions, queue, "before")
            yield functions, queue, one, other


def test_four_children_and_their_parent_get_their_own_answers_over_their_own_connections(
    clients: tuple[FunctionsClient, QueueClient, Peer, Peer],
) -> None:
    functions, queue, one, other = clients
    children = [forked(lambda who=f"child{number}": answers(functions, queue, who)) for number in range(4)]  # type: ignore[misc]
    answers(functions, queue, "parent")
    assert [exit_code(child) for child in children] == [0, 0, 0, 0]
    for peer in (one, other):
        connections: dict[bytes, set[int]] = {}
        for received in peer.requests:
            who = received.body.partition(b"child")[2][:1]
            connections.setdefault(who, set()).add(received.connection)
        assert sorted(connections) == [b"", b"0", b"1", b"2", b"3"]
        assert [len(one) for one in connections.values()] == [1] * 5
        assert len(set.union(*connections.values())) == 5


def test_a_child_of_multiprocessings_fork_works_on_and_one_of_spawn_is_told_to_make_its_own(
    clients: tuple[FunctionsClient, QueueClient, Peer, Peer],
) -> None:
    functions, queue, _, _ = clients
    child = multiprocessing.get_context("fork").Process(target=answers, args=(functions, queue, "child"))
    child.start()
    child.join(SECONDS)
    assert child.exitcode == 0
    for client in (functions, queue, TopicClient("alarm", endpoint=functions.settings.endpoint.url)):
        name = type(client).__name__
        spawned = multiprocessing.get_context("spawn").Process(target=repr, args=(client,))
        with pytest.raises(TypeError, match=f"make a {name} in each process"):
            spawned.start()
        for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match=f"a {name} has connections and credentials, and cannot be pickled"):
                attempt(client)


@contextmanager
def held(enter: Callable[[threading.Event, threading.Event], object]) -> Iterator[None]:
    """Have another thread inside a lock, which `enter` takes until it is told to go."""
    inside, go = threading.Event(), threading.Event()
    thread = threading.Thread(target=enter, args=(inside, go))
    thread.start()
    assert inside.wait(SECONDS)
    yield
    go.set()
    thread.join()


def waits_in(parent: int, inside: threading.Event, go: threading.Event) -> None:
    if os.getpid() == parent:
        inside.set()
        go.wait(SECONDS)


def test_a_child_waits_for_no_lock_that_another_thread_of_the_parent_held_for_the_credentials() -> None:
    parent, asked = os.getpid(), threading.Event()
    gate: list[threading.Event] = []

    def build() -> str:
        waits_in(parent, *gate)
        return f"provider of {os.getpid()}"

    provider = Lazy(build)

    def ask(inside: threading.Event, go: threading.Event) -> None:
        gate[:] = [inside, go]
        provider()
        asked.set()

    with held(ask):
        child = forked(lambda: _is(provider(), f"provider of {os.getpid()}"))
        assert exit_code(child) == 0
    assert asked.wait(SECONDS)
    assert provider() == f"provider of {parent}"
    assert exit_code(forked(lambda: _is(provider(), f"provider of {os.getpid()}"))) == 0


def _is(found: object, expected: object) -> None:
    assert found == expected


def test_a_child_waits_for_no_lock_that_another_thread_of_the_parent_held_for_the_account() -> None:
    parent = os.getpid()
    gate: list[threading.Event] = []

    def ask_account(*_: object) -> str:
        waits_in(parent, *gate)
        return "42"

    found = find_settings("fc", endpoint="http://127.0.0.1:9", environment={}, home=None)
    settings = replace(found, account_id=None)
    calls = Calls(settings, connect_timeout_seconds=1, read_timeout_seconds=1, ask_account=ask_account)

    def ask(inside: threading.Event, go: threading.Event) -> None:
        gate[:] = [inside, go]
        assert calls.account_id == "42"

    with held(ask):
        assert exit_code(forked(lambda: _is(calls.account_id, "42"))) == 0


def test_a_child_waits_for_no_lock_that_another_thread_of_the_parent_held_for_the_pools() -> None:
    import requests

    from fc_async.transport.service_text import NOTHING_PRIVATE

    with Peer(Reply(200, "yes")) as peer:
        adapter = PlainAdapter(1000)

        def ask() -> bytes:
            request = requests.Request("GET", peer.url).prepare()
            return adapter.exchange(request, SECONDS, SECONDS, NOTHING_PRIVATE).body

        assert ask() == b"yes"

        def enter(inside: threading.Event, go: threading.Event) -> None:
            with adapter.poolmanager.pools.lock:
                inside.set()
                go.wait(SECONDS)

        with held(enter):
            assert exit_code(forked(lambda: _is(ask(), b"yes"))) == 0
        assert ask() == b"yes"
        assert [one.connection for one in peer.requests] == [1, 2, 1]
        adapter.close()


def locks_of(made: object) -> list[object]:
    """Return the locks of one of the library's objects and of all that it is made of."""
    if isinstance(made, (type(threading.Lock()), type(threading.RLock()))):
        return [made]
    if isinstance(made, list):
        return [lock for one in made for lock in locks_of(one)]
    own = vars(made).values() if type(made).__module__.startswith("alibabacloud_credentials.") else ()
    return [lock for one in own for lock in locks_of(one)]


@pytest.mark.parametrize("kind", ["provider", "client", "chain"])
def test_a_provider_that_the_caller_made_has_new_locks_in_the_child(kind: str) -> None:
    from alibabacloud_credentials.client import Client
    from alibabacloud_credentials.provider import CLIProfileCredentialsProvider, DefaultCredentialsProvider

    inner = CLIProfileCredentialsProvider(profile_name="x", profile_file="nowhere")
    made = {"provider": inner, "client": Client(provider=inner), "chain": DefaultCredentialsProvider()}[kind]
    before = locks_of(made)
    assert before

    def has_new_ones() -> None:
        now = locks_of(made)
        assert len(now) == len(before)
        assert not any(one is other for one in now for other in before)

    with FunctionsClient(endpoint="http://127.0.0.1:9", credentials=made):
        assert exit_code(forked(has_new_ones)) == 0

"""Pushes to real endpoints, repeated in a time that the test moves; the five seconds of an answer are made short."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing
from random import Random
from typing import Any

import pytest

from fc_async.local.clock import ManualClock
from fc_async.local.dispatch.localhost import Localhost
from fc_async.local.dispatch.push import Pusher
from fc_async.local.dispatch.push_signature import PushSignature
from fc_async.local.mailbox.mailbox import Mailbox
from fc_async.local.mailbox.subscription import SubscriptionAttributes
from fc_async.local.mailbox.topic import Publication
from fc_async.local.mailbox.topics import Topics
from tests.peer import Drop, Peer, Reply

SIGNATURE = PushSignature("http://127.0.0.1:1")
PATIENT_SECONDS = 60.0


class BrokenSignature(PushSignature):
    """Cannot sign, as where the system allows no SHA-1."""

    def sign(self, *_: object) -> str:
        raise RuntimeError("no SHA-1")


class Misled(asyncio.SelectorEventLoop):
    """A machine whose name service is not to be asked."""

    async def getaddrinfo(self, *_: Any, **__: Any) -> list[Any]:
        raise AssertionError("the name service was asked")


class Scene:
    """A topic and what pushes its messages."""

    def __init__(self, timeout_seconds: float, signature: PushSignature) -> None:
        self.clock = ManualClock()
        self.topics = Topics(Mailbox(random=Random(1)), random=Random(2))  # noqa: S311 - ids, not secrets
        self.pusher = Pusher(
            self.topics,
            self.clock,
            real_time=self.clock,
            signature=signature,
            random=Random(3),  # noqa: S311 - the same
            timeout_seconds=timeout_seconds,
        )
        self.topics.create_topic("t", self.clock.now_ms())

    def subscribe(self, url: str, name: str = "s", strategy: str = "BACKOFF_RETRY") -> None:
        attributes = SubscriptionAttributes(url, notify_strategy=strategy)
        self.topics.subscribe("t", name, attributes, self.clock.now_ms())

    def publish(self, body: str = "x") -> None:
        self.topics.publish("t", Publication(body), self.clock.now_ms())

    async def advance(self, seconds: float) -> None:
        until_ms = self.clock.now_ms() + int(seconds * 1000)
        await self.pusher.quiet()
        while (due_ms := self.clock.next_timer_ms()) is not None and due_ms <= until_ms:
            self.clock.advance_to(due_ms)
            await self.pusher.quiet()
        self.clock.advance_to(until_ms)

    def metric(self, name: str) -> int:
        return self.topics.metrics[f"TopicNotifications{name}"]


def run(
    story: Callable[[Scene], Awaitable[None]],
    timeout_seconds: float = PATIENT_SECONDS,
    signature: PushSignature = SIGNATURE,
    loop: asyncio.AbstractEventLoop | None = None,
) -> None:
    async def within() -> None:
        scene = Scene(timeout_seconds, signature)
        try:
            await story(scene)
        finally:
            await scene.pusher.close()

    if loop is None:
        asyncio.run(within())
        return
    with closing(loop):
        loop.run_until_complete(within())
        loop.run_until_complete(loop.shutdown_default_executor())


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_an_endpoint_that_answers_2xx_is_told_once(status: int) -> None:
    with Peer(Reply(status)) as peer:

        async def story(scene: Scene) -> None:
            scene.subscribe(f"{peer.url}/told?by=topic")
            scene.publish()
            await scene.advance(100_000)
            assert (scene.metric("Delivered"), scene.clock.next_timer_ms()) == (1, None)

        run(story)
    assert [(request.method, request.target) for request in peer.requests] == [("POST", "/told?by=topic")]


class Witness(PushSignature):
    """Remembers which target it has signed."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1")
        self.targets: list[str] = []

    def sign(self, method: str, target: str, headers: Mapping[str, str]) -> str:
        self.targets.append(target)
        return super().sign(method, target, headers)


@pytest.mark.parametrize(
    "target", ["/a?", "/?", "/a?b?", "//a//b", "/a/../b", "/a?b=c&d=%20+", "/a\\b|c", "/%zz%2f", "/?a=/../b"]
)
def test_what_is_signed_is_the_target_that_is_asked(target: str) -> None:
    witness = Witness()
    with Peer() as peer:

        async def story(scene: Scene) -> None:
            scene.subscribe(peer.url + target)
            scene.publish()
            await scene.advance(0)

        run(story, signature=witness)
    assert [request.target for request in peer.requests] == witness.targets


@pytest.mark.parametrize(
    "step",
    [
        Reply(500),
        Reply(404),
        Reply(300),
        Reply(302, headers={"Location": "/elsewhere"}),
        Reply(307, headers={"Location": "http://127.0.0.1:1/"}),
        Drop(),
        Drop(after_reading=False),
    ],
    ids=["500", "404", "300", "302", "307", "drop", "drop-unread"],
)
def test_what_is_no_2xx_is_tried_three_times_more_and_then_lost(
    step: Reply | Drop, caplog: pytest.LogCaptureFixture
) -> None:
    with Peer(step) as peer:

        async def story(scene: Scene) -> None:
            scene.subscribe(f"{peer.url}/in")
            scene.publish("a secret body")
            await scene.advance(60)
            assert (scene.metric("Lost"), scene.metric("Delivered"), scene.clock.next_timer_ms()) == (1, 0, None)

        run(story)
    assert {request.target for request in peer.requests} <= {"/in"}
    assert len(peer.requests) == (0 if step == Drop(after_reading=False) else 4)
    assert "of topic t, subscription s: " in caplog.text
    assert "secret" not in caplog.text


def test_nobody_who_listens_is_a_failure_like_any_other() -> None:
    with Peer() as peer:
        closed = peer.url

    async def story(scene: Scene) -> None:
        scene.subscribe(closed)
        scene.publish()
        await scene.advance(60)
        assert scene.metric("Lost") == 1

    run(story)


def test_an_endpoint_that_hangs_is_given_up_in_real_time_and_tried_again() -> None:
    hold = threading.Event()
    with Peer(Reply(hold=hold), Reply()) as peer:

        async def story(scene: Scene) -> None:
            scene.subscribe(peer.url)
            scene.publish()
            await scene.advance(0)
            assert (scene.metric("Waiting"), scene.metric("Delivered")) == (1, 0)
            await scene.advance(20)
            assert (scene.metric("Waiting"), scene.metric("Delivered")) == (0, 1)

        run(story, timeout_seconds=0.2)
        hold.set()


def test_an_endpoint_that_hangs_holds_up_neither_another_nor_the_end_of_the_service(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "fc_async.local")
    hold = threading.Event()
    with Peer(Reply(hold=hold)) as hanging, Peer() as quick:

        async def story(scene: Scene) -> None:
            scene.subscribe(hanging.url, "hangs")
            scene.subscribe(quick.url, "quick")
            for _ in range(20):
                scene.publish()
            while scene.metric("Delivered") < 20:  # noqa: ASYNC110 - nothing tells of the twentieth
                await asyncio.sleep(0)
            assert scene.metric("Waiting") == 20

        run(story)
        hold.set()
    assert len(quick.requests) == 20
    assert "no answer within" not in caplog.text  # the end did not wait for that


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1"])
def test_no_name_service_says_where_localhost_is(host: str) -> None:
    with Peer() as peer:

        async def story(scene: Scene) -> None:
            scene.subscribe(f"http://{host}:{peer.port}/in")
            scene.publish()
            await scene.advance(0)
            assert scene.metric("Delivered") == 1

        run(story, loop=Misled())
    assert peer.requests[0].headers["host"] == f"{host}:{peer.port}"


@pytest.mark.parametrize("host", ["elsewhere.example", "localhost.elsewhere.example", ""])
def test_no_other_name_is_resolved(host: str) -> None:
    with pytest.raises(OSError, match="this machine only"):
        asyncio.run(Localhost().resolve(host, 80))


def test_localhost_is_also_an_endpoint_that_listens_at_ipv6_alone() -> None:
    found = asyncio.run(Localhost().resolve("localhost", 80))
    assert [(one["host"], one["port"]) for one in found] == [("127.0.0.1", 80), ("::1", 80)]


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY"])
def test_a_proxy_of_the_environment_sees_no_push(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Peer() as peer, Peer() as proxy:
        monkeypatch.setenv(name, proxy.url)

        async def story(scene: Scene) -> None:
            scene.subscribe(f"{peer.url}/in")
            scene.publish()
            await scene.advance(0)

        run(story)
    assert ([request.target for request in peer.requests], proxy.requests) == (["/in"], [])


def test_what_is_closed_begins_no_push_and_leaves_no_timer() -> None:
    with Peer(Reply(500)) as peer:

        async def story(scene: Scene) -> None:
            scene.subscribe(peer.url)
            scene.publish()
            await scene.advance(0)
            await scene.pusher.close()
            assert scene.clock.next_timer_ms() is None
            scene.publish()
            assert not scene.pusher.is_busy

        run(story)
    assert len(peer.requests) == 1


def test_500_for_an_hour_is_told_when_the_endpoint_is_well_again() -> None:
    with Peer(*[Reply(500)] * 16, Reply(204)) as peer:

        async def story(scene: Scene) -> None:
            scene.subscribe(peer.url, strategy="EXPONENTIAL_DECAY_RETRY")
            scene.publish()
            await scene.advance(3600)
            assert (len(peer.requests), scene.metric("Waiting")) == (16, 1)
            await scene.advance(512)
            assert (len(peer.requests), scene.metric("Delivered")) == (17, 1)

        run(story)
    assert {request.target for request in peer.requests} == {"/notifications"}
    assert len({request.headers["x-mns-message-id"] for request in peer.requests}) == 1
    assert len({request.headers["x-mns-request-id"] for request in peer.requests}) == 17


def test_a_day_of_failures_is_177_tries() -> None:
    with Peer(Reply(503)) as peer:

        async def story(scene: Scene) -> None:
            scene.subscribe(peer.url, strategy="EXPONENTIAL_DECAY_RETRY")
            scene.publish()
            await scene.advance(86_400)
            assert (scene.metric("Lost"), scene.clock.next_timer_ms()) == (1, None)

        run(story)
    assert len(peer.requests) == 177


def test_a_push_that_cannot_be_made_is_counted_like_one_that_failed(caplog: pytest.LogCaptureFixture) -> None:
    async def story(scene: Scene) -> None:
        scene.subscribe("http://127.0.0.1:1/")
        scene.publish()
        await scene.advance(60)
        assert (scene.metric("Lost"), scene.metric("Waiting")) == (1, 0)

    run(story, signature=BrokenSignature("http://127.0.0.1:1"))
    assert "a push could not be made" in caplog.text

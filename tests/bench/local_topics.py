"""Publishing to topics, over HTTP: `python -m tests.bench.local_topics`.

A publish of 1 KB to a topic with three queue subscriptions, beside a send of 1 KB to a queue; and a publish to a topic
with one, in a service with 1,000 more subscriptions on other topics, beside the same in a service without them. One
connection each; the rounds of what is compared alternate. Queues drop what is over a minute old, as the bench goes on.
"""

from __future__ import annotations

import http.client
import sys

from tests.bench import report, servers
from tests.bench.raw_client import RawClient, post

ROUNDS = 15
REQUESTS = 1000
WARM_UP = 500
FAN_OUT_BAR = 0.25
CROWD = 1000
TOPICS_OF_THE_CROWD = 10
MESSAGE = b"<Message><MessageBody>" + b"x" * 1024 + b"</MessageBody></Message>"
HEADERS = {"x_mns_version": "2015-06-06", "Content_Type": "text/xml"}


def main() -> None:
    """Measure and print."""
    rounds = report.rounds_from(sys.argv, ROUNDS)
    with (
        servers.started(*servers.LOCAL_UP, "--workers", "0") as (port, _),
        servers.started(*servers.LOCAL_UP, "--workers", "0") as (crowded_port, _),
    ):
        for one in (port, crowded_port):
            prepare(one)
        crowd(crowded_port)
        clients = {
            "send": client(port, "/queues/q0/messages"),
            "three": client(port, "/topics/three/messages"),
            "alone": client(port, "/topics/one/messages"),
            "crowded": client(crowded_port, "/topics/one/messages"),
        }
        rates: dict[str, list[float]] = {name: [] for name in clients}
        for each in clients.values():
            each.rate(WARM_UP)
        for _ in range(rounds):
            for name, each in clients.items():
                rates[name].append(each.rate(REQUESTS))
        for each in clients.values():
            each.close()
    report.row(
        "publish to a topic with three queues",
        f"{report.spread(rates['three'])} per s",
        f"send to one queue {report.spread(rates['send'])} per s",
        f"{report.median_of_ratios(rates['three'], rates['send']):.2f} × send",
        f"≥ {FAN_OUT_BAR} ×",
    )
    report.row(
        f"publish, {CROWD:,} subscriptions elsewhere",
        f"{report.spread(rates['crowded'])} per s",
        f"without them {report.spread(rates['alone'])} per s",
        f"{report.median_of_ratios(rates['crowded'], rates['alone']):.2f} × without",
        "about 1 ×",
    )


def client(port: int, path: str) -> RawClient:
    """Return what posts the message there, on one connection."""
    return RawClient(port, post(path, MESSAGE, **HEADERS), connections=1, status=201)


def prepare(port: int) -> None:
    """Make three queues, a topic that goes to all of them, and one that goes to one."""
    short = "<Queue><MessageRetentionPeriod>60</MessageRetentionPeriod></Queue>"
    calls = [(f"/queues/q{number}", short) for number in range(3)]
    calls += [("/topics/three", ""), ("/topics/one", "")]
    calls += [(f"/topics/three/subscriptions/s{number}", subscription(f"q{number}")) for number in range(3)]
    put(port, [*calls, ("/topics/one/subscriptions/s", subscription("q0"))])


def crowd(port: int) -> None:
    """Make the subscriptions that are in nobody's way."""
    topics = [f"/topics/other-{number}" for number in range(TOPICS_OF_THE_CROWD)]
    put(port, [(topic, "") for topic in topics])
    names = range(CROWD // TOPICS_OF_THE_CROWD)
    put(port, [(f"{topic}/subscriptions/s{name}", subscription("q1")) for topic in topics for name in names])


def subscription(queue: str) -> str:
    """Return the body of a Subscribe call."""
    return f"<Subscription><Endpoint>acs:mns:cn-hangzhou:1:queues/{queue}</Endpoint></Subscription>"


def put(port: int, calls: list[tuple[str, str]]) -> None:
    """Make each of these, which must be new."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for path, body in calls:
        connection.request("PUT", path, body, {"x-mns-version": "2015-06-06"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 201:
            raise SystemExit(f"PUT {path} was answered {answer.status}")
    connection.close()


if __name__ == "__main__":
    main()
    report.say(f"\n{report.machine()}")

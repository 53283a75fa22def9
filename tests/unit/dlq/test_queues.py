"""Queues that failures go to: each is looked at, and one that cannot be looked at costs only itself."""

from dataclasses import dataclass, field

import pytest

from fc_async import AsyncInvokeConfig, DestinationConfig, QueueMessage, ServiceError, SettingsError, TransportError
from fc_async.arn import FunctionArn
from fc_async.dlq.arrival import Arrivals
from fc_async.dlq.key_fields import KeyFields
from fc_async.dlq.queues import FailureQueue, failure_queues
from fc_async.mns.message import QueueAttributes
from fc_async.settings.search import find_settings

FAR = find_settings(
    "fc", endpoint="https://fc.example", region="cn-hangzhou", account_id="1", environment={}, home=None
)
ARN = "acs:mns:{region}:{account}:/queues/{name}/messages"


def config(function, failure=None, success=None, qualifier=None):
    wire = {
        "functionArn": str(FunctionArn(function, "cn-hangzhou", "1", qualifier)),
        "destinationConfig": {
            "onFailure": {"destination": failure} if failure else {},
            "onSuccess": {"destination": success} if success else {},
        },
    }
    return AsyncInvokeConfig.from_wire(wire)


def arn(name, region="cn-hangzhou", account="1"):
    return ARN.format(name=name, region=region, account=account)


@dataclass
class FakeFunctions:
    configs: list
    settings = FAR

    def iter_configs(self):
        return iter(self.configs)


@dataclass
class FakeQueue:
    attributes: object = field(default_factory=QueueAttributes)
    messages: tuple = ()
    closed: int = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.closed += 1

    def get_attributes(self):
        if isinstance(self.attributes, Exception):
            raise self.attributes
        return self.attributes

    def peek(self, count):
        return self.messages[:count]


def found(configs, **queues):
    return list(failure_queues(FakeFunctions(configs), lambda name: queues[name]))


def test_a_queue_is_shown_with_all_its_functions_and_when_its_oldest_seen_letter_goes():
    messages = tuple(QueueMessage(f"m-{at}", "x", enqueue_time=at) for at in (5000, 3000, 9000))
    dead = FakeQueue(QueueAttributes(message_retention_period=60, active_messages=3, inactive_messages=2), messages)
    configs = [
        config("pay", arn("dead")),
        config("orders", arn("dead"), qualifier="prod"),
        config("orders", arn("dead"), qualifier="LATEST"),
        config("ship", success=arn("done")),
        config("bill", "acs:mns:cn-hangzhou:1:/topics/dead/messages"),
    ]
    wanted = FailureQueue("dead", ("orders", "orders@prod", "pay"), 3, 2, 3000, 63000)
    assert found(configs, dead=dead) == [wanted]
    assert dead.closed == 1


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ServiceError(404, "QueueNotExist", "r"), "there is no such queue"),
        (ServiceError(403, "AccessDenied", "r"), "403 AccessDenied"),
        (TransportError("no answer", sent=False), "no answer"),
    ],
    ids=["missing", "forbidden", "unreachable"],
)
def test_a_queue_that_cannot_be_looked_at_costs_only_itself(error, said):
    bad, good = FakeQueue(error), FakeQueue(QueueAttributes(active_messages=0, inactive_messages=0))
    rows = found([config("a", arn("bad")), config("b", arn("good"))], bad=bad, good=good)
    assert [(row.queue, row.functions, row.active) for row in rows] == [("bad", ("a",), None), ("good", ("b",), 0)]
    assert said in rows[0].problem
    assert rows[1].problem is None


def test_a_queue_of_another_region_or_account_is_named_and_not_looked_at():
    rows = found([config("a", arn("dead", region="cn-beijing")), config("b", arn("dead", account="2"))])
    assert [row.queue for row in rows] == [arn("dead", region="cn-beijing"), arn("dead", account="2")]
    assert all("this is 1/cn-hangzhou" in row.problem for row in rows)


def test_an_arn_without_region_and_account_is_the_functions_own():
    rows = found([config("a", arn("dead", "", "")), config("b", arn("dead"))], dead=FakeQueue())
    assert [(row.queue, row.functions) for row in rows] == [("dead", ("a", "b"))]


def test_a_region_whose_functions_may_not_be_listed_is_an_error():
    class Refusing(FakeFunctions):
        def iter_configs(self):
            raise ServiceError(403, "AccessDenied", "r")

    with pytest.raises(ServiceError):
        list(failure_queues(Refusing([]), FakeQueue))


@dataclass
class FakeFinder:
    answer: object
    asked: list = field(default_factory=list)

    def __call__(self):
        if isinstance(self.answer, SettingsError):
            raise self.answer
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def find_config(self, function, *, qualifier):
        self.asked.append((function, qualifier))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def destinations(failure, success):
    return AsyncInvokeConfig(destination_config=DestinationConfig(on_failure=failure, on_success=success))


@pytest.mark.parametrize(
    ("answer", "by_failure"),
    [
        (destinations("queue:dead", None), True),
        (destinations("queue:dead", "queue:done"), True),
        (destinations("queue:other", "queue:dead"), False),
        (destinations("queue:dead", "queue:dead"), None),
        (destinations("topic:dead", None), None),
        (None, None),
        (ServiceError(403, "AccessDenied", "r"), None),
        (TransportError("cut", sent=True), None),
        (SettingsError("no region"), None),
    ],
    ids=["failure", "both apart", "success", "both here", "topic", "none", "forbidden", "cut", "settings"],
)
def test_how_a_letter_came_is_known_where_one_destination_alone_leads_to_its_queue(answer, by_failure):
    finder = FakeFinder(answer)
    arrivals = Arrivals(finder, "dead")
    letter = KeyFields("m", request_id="r", function="orders", qualifier="prod")
    assert arrivals.by_failure(letter) is arrivals.by_failure(letter) is by_failure
    assert finder.asked in ([("orders", "prod")], [])
    assert arrivals.by_failure(KeyFields("m")) is None

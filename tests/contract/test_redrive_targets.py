"""What a redrive knows of a function before it sends it a letter, and of what its failures fall into."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from fc_async import (
    AccessKey,
    AsyncInvokeConfig,
    DestinationConfig,
    FunctionsClient,
    QueueClient,
    ServiceError,
    parse_arn,
)
from fc_async.checks import FunctionName
from fc_async.dlq.nets import Nets
from fc_async.dlq.redrive import mns_like
from fc_async.dlq.targets import Targets
from fc_async.testing import local
from tests.contract.fc_sdk import request
from tests.contract.redriving import Scene
from tests.peer import Peer, Reply

ORDERS = FunctionName("orders")
EVENT_BUS = "acs:eventbridge:cn-hangzhou:1234567890123456:eventbus/nowhere"


@pytest.fixture
def scene(tmp_path):
    with local() as fc:
        yield Scene(fc, tmp_path)


class LocalUrl(NamedTuple):
    url: str


def looked(scene, name=ORDERS, *, allow_loss=False):
    functions = scene.fc.functions
    nets = Nets(functions, mns_like(functions).settings)
    return Targets(functions, nets, allow_loss=allow_loss).look(name)


def test_a_function_whose_failures_fall_into_a_queue_is_sent_to(scene):
    scene.function(is_task=False)
    found = looked(scene)
    assert (found.refusal, found.has_net, found.net_queue, found.is_task_mode) == (None, True, "failed", False)


def test_the_config_of_the_very_qualifier_decides(scene):
    scene.function(is_task=True)
    scene.fc.functions.sdk.publish_function_version("orders", _publish())
    found = looked(scene, FunctionName("orders", "1"))
    assert (found.is_task_mode, found.has_net) == (False, False)
    assert "orders@1 has no OnFailure" in found.refusal


def _publish():
    from alibabacloud_fc20230330 import models

    return models.PublishFunctionVersionRequest(body=models.PublishVersionInput())


@pytest.mark.parametrize("net", ["topic:alarm", "function:rescue", EVENT_BUS], ids=["topic", "function", "event bus"])
def test_other_nets_catch_too_and_what_cannot_be_looked_for_is_taken_at_its_word(scene, net):
    scene.function()
    if net == "topic:alarm":
        scene.fc.topic("alarm")
    if net == "function:rescue":
        scene.function("rescue")
    config = AsyncInvokeConfig(destination_config=DestinationConfig(on_failure=net))
    scene.fc.functions.put_config("orders", config)
    found = looked(scene)
    assert (found.refusal, found.has_net, found.net_queue, found.warning) == (None, True, None, None)


def test_loss_that_is_allowed_is_still_no_net(scene):
    scene.function(net=None)
    found = looked(scene, allow_loss=True)
    assert (found.refusal, found.has_net) == (None, False)


@pytest.mark.parametrize("action", ["GetFunction", "GetQueueAttributes"])
def test_what_may_not_be_asked_is_a_warning(scene, action):
    scene.function()
    scene.fc.fault(action, status=403, code="AccessDenied")
    found = looked(scene)
    assert found.refusal is None
    assert "may not be asked (403 AccessDenied)" in found.warning


def test_a_config_that_may_not_be_read_is_a_refusal_of_that_function_alone(scene):
    scene.function()
    scene.function("other")
    scene.fc.fault("GetAsyncInvokeConfig", resource="orders", status=403, code="AccessDenied")
    assert "403 AccessDenied" in looked(scene).refusal
    assert looked(scene, FunctionName("other")).refusal is None


def test_a_service_that_fails_is_no_answer_and_is_asked_again(scene):
    scene.function()
    functions = FunctionsClient(endpoint=scene.fc.endpoint, sleep=lambda _: None)
    targets = Targets(functions, Nets(functions, mns_like(functions).settings), allow_loss=False)
    scene.fc.fault("GetFunction", status=503)
    with functions:
        with pytest.raises(ServiceError, match="503"):
            targets.look(ORDERS)
        request(LocalUrl(scene.fc.endpoint), "DELETE", "/_local/faults")
        assert targets.look(ORDERS).refusal is None


def test_each_is_asked_for_once(scene):
    scene.function()
    functions = scene.fc.functions
    nets = Nets(functions, mns_like(functions).settings)
    targets = Targets(functions, nets, allow_loss=False)
    targets.look(ORDERS)
    scene.fc.fault("*", status=503)
    assert targets.look(ORDERS).refusal is None
    assert nets.missing(parse_arn("acs:mns:cn-hangzhou:1234567890123456:/queues/failed/messages")) is None


def test_one_that_is_gone_meanwhile_is_refused_from_then_on(scene):
    scene.function()
    functions = scene.fc.functions
    targets = Targets(functions, Nets(functions, mns_like(functions).settings), allow_loss=False)
    targets.look(ORDERS)
    targets.gone(ORDERS, "why")
    assert targets.look(ORDERS).refusal == "why"


@pytest.mark.parametrize(
    ("arn", "said"),
    [
        ("acs:mns:cn-beijing:1:/queues/dead/messages", "the queue dead of account and region 1/cn-beijing"),
        ("acs:mns:cn-hangzhou:2:/topics/alarm/messages", "the topic alarm of account and region 2/cn-hangzhou"),
        ("acs:fc:cn-beijing:1:functions/rescue", "the function rescue of account and region 1/cn-beijing"),
        ("acs:eventbridge:cn-beijing:1:eventbus/bus", None),
    ],
    ids=["queue", "topic", "function", "event bus"],
)
def test_a_net_of_another_account_or_region_is_not_looked_for_here_and_catches_nothing(arn, said):
    with Peer(Reply(500, "")) as nobody, FunctionsClient(endpoint=nobody.url) as functions:
        place = {"region": "cn-hangzhou", "account_id": "1", "credentials": AccessKey("id", "secret")}
        with QueueClient("any", **place) as queue:
            reason = Nets(functions, queue.settings).missing(parse_arn(arn))
    assert reason == (said and f"its OnFailure names {said}, and nothing is delivered to another one")
    assert nobody.requests == []

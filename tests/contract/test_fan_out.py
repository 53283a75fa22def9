"""examples/dlq/code/split.py on the local service: 1,000 keys, 20 invocations, their outcomes in one function."""

import json
from pathlib import Path

import pytest
from alibabacloud_fc20230330 import models

from fc_async import AsyncInvokeConfig, DestinationConfig, FunctionsClient, QueueClient, parse_record
from fc_async.local.clock import SystemClock
from fc_async.local.server import LocalServer
from tests.contract.fc_sdk import create_function, fc_client, zipped

ROOT = Path(__file__).parents[2]
KEYS = [f"photos/{number}.jpg" for number in range(1000)]


def bundle():
    """The example and fc_async, as `pip install --target` puts it beside it; what it needs is installed here."""
    package = {str(path.relative_to(ROOT)): path.read_text() for path in (ROOT / "fc_async").rglob("*.py")}
    return zipped({"split.py": (ROOT / "examples" / "dlq" / "code" / "split.py").read_text(), **package})


@pytest.fixture
def deployed():
    with LocalServer(clock=SystemClock(), workers=2, seed=1) as local:
        fc, code = fc_client(local), models.InputCodeLocation(zip_file=bundle())
        for name in ("split", "batch", "collect"):
            create_function(fc, name, "", code=code, handler=f"split.{name}", timeout=30)
        client = FunctionsClient(endpoint=local.url)
        QueueClient("collected", endpoint=local.url).create()
        QueueClient("dead", endpoint=local.url).create()
        to_collect = DestinationConfig(on_success="function:collect", on_failure="queue:dead")
        client.put_config("batch", AsyncInvokeConfig(destination_config=to_collect, async_task=True))
        to_queue = DestinationConfig(on_success="queue:collected", on_failure="queue:dead")
        client.put_config("collect", AsyncInvokeConfig(destination_config=to_queue))
        yield local, client


def test_a_thousand_keys_become_20_invocations_whose_outcomes_meet(deployed):
    local, client = deployed
    answer = client.invoke("split", {"keys": KEYS}, timeout_seconds=30)
    assert json.loads(answer.payload) == {"batches": 20}
    local.settle()
    assert QueueClient("dead", endpoint=local.url).get_attributes().active_messages == 0
    collected = drained(QueueClient("collected", endpoint=local.url))
    assert sorted(one["first"] for one in collected) == sorted(KEYS[::50])
    assert sum(one["done"] for one in collected) == 1000


def test_what_was_not_accepted_fails_the_split_so_that_it_is_tried_again(deployed):
    local, client = deployed
    fc_client(local).delete_function("batch")
    client.put_config(
        "split",
        AsyncInvokeConfig(max_async_retry_attempts=0, destination_config=DestinationConfig(on_failure="queue:dead")),
    )
    client.invoke_async("split", {"keys": KEYS})
    local.settle()
    [message] = QueueClient("dead", endpoint=local.url).receive(16)
    record = parse_record(message)
    assert record.function.name == "split"
    assert "20 of 20 batches were not accepted" in record.response_payload


def drained(queue):
    found = []
    while messages := queue.receive(16):
        found += [json.loads(parse_record(one).response_payload) for one in messages]
        queue.delete([one.receipt_handle for one in messages])
    return found

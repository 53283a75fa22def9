"""Creating a queue, bringing one to other attributes, and deleting it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from fc_async import ArgumentError, QueueClient, ServiceError
from fc_async.local.server import LocalServer
from tests.peer import Peer, Reply

EXISTS = Reply(409, "<Error><Code>QueueAlreadyExist</Code><Message>no</Message><RequestId>6AB5</RequestId></Error>")
FORBIDDEN = Reply(403, "<Error><Code>AccessDenied</Code><Message>no</Message></Error>")


@pytest.fixture
def queue() -> Iterator[QueueClient]:
    with LocalServer(workers=0) as server, QueueClient("dead", endpoint=server.url) as client:
        yield client


def test_a_queue_that_is_there_with_other_attributes_is_refused_naming_each_that_differs(queue: QueueClient) -> None:
    queue.create(message_retention_period=604800, visibility_timeout=60)
    with pytest.raises(ServiceError) as caught:
        queue.create(message_retention_period=3600, visibility_timeout=60)
    assert (caught.value.status, caught.value.code) == (409, "QueueAlreadyExist")
    assert "message_retention_period is 604800, 3600 is asked for; update=True changes them" in str(caught.value)
    assert "visibility_timeout" not in str(caught.value)
    assert caught.value.request_id
    with pytest.raises(ServiceError, match="visibility_timeout is 60, 30 is asked for by default"):
        queue.create(message_retention_period=604800)


def test_update_brings_the_queue_to_what_is_given_and_leaves_the_rest(queue: QueueClient) -> None:
    queue.create(message_retention_period=604800, visibility_timeout=60)
    queue.create(message_retention_period=timedelta(hours=1), maximum_message_size=1024, update=True)
    queue.create(update=True)
    found = queue.get_attributes()
    assert (found.message_retention_period, found.maximum_message_size, found.visibility_timeout) == (3600, 1024, 60)


def test_update_creates_a_queue_that_is_not_there(queue: QueueClient) -> None:
    queue.create(delay_seconds=0, logging_enabled=True, update=True)
    assert queue.get_attributes().logging_enabled is True


def test_remove_deletes_the_queue(queue: QueueClient) -> None:
    queue.create()
    queue.remove()
    with pytest.raises(ServiceError, match="QueueNotExist"):
        queue.get_attributes()


def test_where_the_queue_may_not_be_looked_at_the_refusal_stays_one() -> None:
    with Peer(EXISTS, FORBIDDEN) as peer, QueueClient("dead", endpoint=peer.url) as queue:
        with pytest.raises(ServiceError, match="409 QueueAlreadyExist") as caught:
            queue.create(delay_seconds=1)
        assert "update=True" in str(caught.value)


def test_an_update_sends_what_is_given_as_set_queue_attributes() -> None:
    with Peer(EXISTS, Reply(204)) as peer, QueueClient("dead", endpoint=peer.url) as queue:
        queue.create(delay_seconds=0, update=True)
        assert [(one.method, one.target) for one in peer.requests] == [
            ("PUT", "/queues/dead"),
            ("PUT", "/queues/dead?metaoverride=true"),
        ]
        assert b"<DelaySeconds>0</DelaySeconds>" in peer.requests[1].body
        assert b"VisibilityTimeout" not in peer.requests[1].body


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"mesage_retention_period": 60}, "did you mean message_retention_period?"),
        ({"unknown": 1}, "expected an attribute among visibility_timeout, "),
        ({"visibility_timeout": 0}, "visibility_timeout: expected a whole number from 1 to 43200, got 0"),
        ({"polling_wait_seconds": timedelta(seconds=0.5)}, "polling_wait_seconds"),
        ({"maximum_message_size": timedelta(seconds=2048)}, "maximum_message_size"),
        ({"logging_enabled": 1}, "logging_enabled: expected True or False, got 1"),
    ],
)
def test_an_attribute_that_cannot_be_right_is_refused_by_name(attributes: dict[str, Any], said: str) -> None:
    with Peer() as peer, QueueClient("dead", endpoint=peer.url) as queue:
        with pytest.raises(ArgumentError) as caught:
            queue.create(**attributes)
        assert said in str(caught.value)
        assert peer.requests == []

"""Consumer at its edges: loops that are left, handlers that do nothing, event loops that are held up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from fc_async import ArgumentError, Consumer, Letter, QueueClient
from fc_async.local import LocalServer

SECONDS = 60


@pytest.fixture
def queue(local: LocalServer) -> Iterator[QueueClient]:
    with QueueClient("dead", endpoint=local.url) as client:
        client.create()
        yield client


def hidden(queue: QueueClient) -> tuple[int | None, int | None]:
    """Return how many messages can be received, and how many are hidden."""
    found = queue.get_attributes()
    return found.active_messages, found.inactive_messages


@pytest.mark.parametrize("is_async", [False, True], ids=["run", "run_async"])
def test_a_handler_that_gives_a_generator_has_done_nothing_and_its_letter_is_released(
    queue: QueueClient, is_async: bool
) -> None:
    def handle(letter: Letter) -> Iterator[Letter]:
        yield letter

    async def handle_later(letter: Letter) -> AsyncIterator[Letter]:
        yield letter

    def consume() -> None:
        if is_async:
            asyncio.run(Consumer(queue, handle_later, records=False).run_async(idle_timeout_seconds=0))
        else:
            Consumer(queue, handle, records=False).run(idle_timeout_seconds=0)

    queue.send("1")
    with pytest.raises(ArgumentError, match="generator"):
        consume()
    assert hidden(queue) == (0, 1)

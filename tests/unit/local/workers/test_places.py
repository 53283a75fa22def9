"""The places in which handlers run: none is lost or given twice, and those who wait take turns with the engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from fc_async.local.workers.places import Places


def on_loop(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    def run() -> None:
        asyncio.run(test())

    run.__name__ = test.__name__
    return run


@on_loop
async def test_a_free_place_is_taken_at_once_and_beyond_that_one_waits() -> None:
    places = Places(1)
    assert places.take().done()
    assert places.free == 0
    assert not places.take().done()


@on_loop
async def test_those_who_wait_are_served_in_their_order() -> None:
    places = Places(1)
    places.take()
    waiting = [places.take() for _ in range(3)]
    for served in range(1, 4):
        places.give_back()
        await asyncio.sleep(0)
        assert [place.done() for place in waiting] == [True] * served + [False] * (3 - served)
    assert places.free == 0


@on_loop
async def test_every_other_place_is_free_for_the_engine_until_the_loops_next_turn() -> None:
    places = Places(1)
    places.take()
    for _ in range(6):
        places.take()
    free = []
    for _ in range(6):
        places.give_back()
        free.append(places.free)
        await asyncio.sleep(0)
        assert places.free == 0
    assert free == [1, 0] * 3


@on_loop
async def test_one_who_went_away_takes_no_place() -> None:
    places = Places(1)
    places.take()
    gone, waiting = places.take(), places.take()
    gone.cancel()
    places.give_back()
    await asyncio.sleep(0)
    assert waiting.done()
    assert places.free == 0


@on_loop
async def test_at_the_end_all_who_wait_are_sent_away() -> None:
    places = Places(0)
    waiting = places.take()
    places.close()
    assert waiting.cancelled()

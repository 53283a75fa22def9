"""When a push that failed is tried again."""

from __future__ import annotations

from random import Random

import pytest

from fc_async.local.mailbox.push_schedule import retry_delay_ms


def delays(strategy: str, seed: int = 1) -> list[int]:
    random = Random(seed)  # noqa: S311 - no secret
    found: list[int] = []
    while (delay_ms := retry_delay_ms(strategy, len(found), random)) is not None:
        found.append(delay_ms)
    return found


def test_exponential_decay_is_176_retries_that_double_up_to_512_seconds() -> None:
    seconds = [delay_ms / 1000 for delay_ms in delays("EXPONENTIAL_DECAY_RETRY")]
    assert seconds == [1, 2, 4, 8, 16, 32, 64, 128, 256, *[512] * 167]
    assert 86_000 < sum(seconds) < 86_400  # about a day, and less than a topic keeps a message


@pytest.mark.parametrize("seed", range(20))
def test_backoff_is_3_retries_after_10_to_20_seconds(seed: int) -> None:
    found = delays("BACKOFF_RETRY", seed)
    assert len(found) == 3
    assert all(10_000 <= delay_ms <= 20_000 for delay_ms in found)


def test_backoff_is_chance_that_a_seed_repeats() -> None:
    assert delays("BACKOFF_RETRY", 1) == delays("BACKOFF_RETRY", 1) != delays("BACKOFF_RETRY", 2)

"""How long until a push that failed is tried again, by the subscription's NotifyStrategy.

    BACKOFF_RETRY             3 times, after 10 to 20 seconds each, by chance
    EXPONENTIAL_DECAY_RETRY   176 times, after 1, 2, 4 ... 256 seconds, then 167 times after 512: about a day

Source: https://www.alibabacloud.com/help/en/mns/developer-reference/notifystrategy.
"""

from __future__ import annotations

from random import Random

from .. import limits
from .subscription import BACKOFF_RETRY


def retry_delay_ms(notify_strategy: str, retries: int, random: Random) -> int | None:
    """Return how long to wait before the next try; None when there is none.

    Args:
        notify_strategy: the subscription's.
        retries: how many there were already; 0 after the first try.
        random: chooses within a range.
    """
    if notify_strategy == BACKOFF_RETRY:
        shortest, longest = limits.MNS_BACKOFF_SECONDS
        return random.randint(shortest * 1000, longest * 1000) if retries < limits.MNS_BACKOFF_RETRIES else None
    if retries >= limits.MNS_DECAY_RETRIES:
        return None
    return 1000 * min(1 << retries, limits.MNS_DECAY_LONGEST_SECONDS)

"""The ids that the service hands out, from one source."""

from __future__ import annotations

from random import Random


class Ids:
    """Makes ids.

    Args:
        random: where they come from; seed it, and a run can be repeated.
    """

    def __init__(self, random: Random) -> None:
        self._random = random

    def request_id(self, now_ms: int) -> str:
        """Return an id like `1-64e70cf1-5cbef92ea8fc8c42899cf5d1`: seconds since 1970, then 96 random bits."""
        return f"1-{now_ms // 1000:08x}-{self._random.getrandbits(96):024x}"


def mns_request_id(random: Random, now_ms: int) -> str:
    """Return an id of MNS: 24 upper-case hexadecimal digits, of which the first 8 are the second of the request."""
    return f"{now_ms // 1000 & 0xFFFFFFFF:08X}{random.getrandbits(64):016X}"

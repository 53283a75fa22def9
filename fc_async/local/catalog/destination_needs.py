"""What a destination needs in the cloud: a role of the function that may send there, and the function's own region.

Source: result-callback, its table of permissions: a destination in another account or region is not delivered to;
without a role nothing is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ...arn import UnknownArn, parse_arn
from ...errors import ArgumentError

NEEDS_ROLE: Final = "destination_needs_role"
CROSSES_REGION: Final = "destination_crosses_region"


@dataclass(frozen=True)
class Need:
    """Something that a destination needs and has not.

    Args:
        assumption: name of the assumption that decides whether a record is lost for it here.
        reason: what is missing, as part of a sentence.
    """

    assumption: str
    reason: str


def missing_needs(role: str, destination: str, *, region: str, account_id: str) -> Iterator[Need]:
    """Yield what a destination needs and has not.

    Args:
        role: the function's role; "" for none.
        destination: the ARN; what is none needs nothing here, it is lost for being none.
        region: the function's region.
        account_id: the function's account.
    """
    try:
        arn = parse_arn(destination)
    except ArgumentError:
        return
    if not role:
        yield Need(NEEDS_ROLE, "the function has no role, and in the cloud nothing is delivered without one")
    if isinstance(arn, UnknownArn):
        return
    if (arn.region or region, arn.account_id or account_id) != (region, account_id):
        yield Need(
            CROSSES_REGION,
            f"it is in {arn.region or region}, account {arn.account_id or account_id}, the function in {region}, "
            f"account {account_id}; the cloud does not deliver across",
        )

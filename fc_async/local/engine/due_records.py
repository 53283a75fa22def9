"""The records that have been fired and wait to be carried away."""

from __future__ import annotations

from .. import limits
from ..assumptions import Assumptions
from ..function_arn import function_arn
from .destination_record import destination_record
from .invocation import Deliver, Invocation, Outcome

THROTTLED = Outcome(b"", "ResourceExhausted", 429)


class DueRecords:
    """Makes records and keeps them, each until it is taken.

    Args:
        region: region id that the records' ARNs carry.
        account_id: account id that the records' ARNs carry.
        assumptions: what the service is taken to do where no source says so.
    """

    def __init__(self, region: str, account_id: str, assumptions: Assumptions) -> None:
        self._region = region
        self._account_id = account_id
        self._assumed = assumptions
        self._due: list[Deliver] = []

    def __bool__(self) -> bool:
        return bool(self._due)

    def take(self) -> list[Deliver]:
        """Return the records that became due since the last call, each once."""
        due, self._due = self._due, []
        return due

    def fire(
        self, destination: str | None, invocation: Invocation, outcome: Outcome, condition: str | None = None
    ) -> None:
        """Make a record due.

        Args:
            destination: where it goes; None: nowhere, and there is none.
            invocation: which one it tells of.
            outcome: its last outcome.
            condition: what the record gives for it; None: the outcome's error.
        """
        if destination is None:
            return
        qualifier = invocation.qualifier if self._assumed.record_arn_has_qualifier else None
        status_code, condition_of_outcome, error = _as_recorded(outcome)
        record = destination_record(
            timestamp_ms=invocation.accepted_ms,
            request_id=invocation.request_id,
            function_arn=function_arn(self._region, self._account_id, invocation.function, qualifier),
            invoke_count=invocation.attempts,
            request_payload=invocation.payload,
            status_code=status_code,
            condition=condition_of_outcome if condition is None else condition,
            error=error,
            response_payload=outcome.payload,
            non_utf8_payload=self._assumed.non_utf8_payload,
        )
        invocation.record_bytes += len(invocation.payload) + len(outcome.payload)
        self._due.append(Deliver(destination, record, invocation))


def _as_recorded(outcome: Outcome) -> tuple[int, str, str]:
    """Status, condition and functionError of an outcome."""
    if outcome.status_code == 200:
        return 200, outcome.error, outcome.error
    if outcome.status_code == THROTTLED.status_code:
        return limits.THROTTLED_RECORD_STATUS, limits.THROTTLED_RECORD_CONDITION, limits.SYSTEM_ERROR_RECORD_ERROR
    return outcome.status_code, outcome.error, limits.SYSTEM_ERROR_RECORD_ERROR

"""Which function a letter is sent to, with which payload; or why it is left where it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..arn import FunctionArn
from ..checks import FunctionName
from ..errors import ArgumentError, RecordError
from ..functions.payload import MAX_PAYLOAD_BYTES, payload_bytes
from ..mns.letter import Letter
from ..records.record import InvocationRecord
from ..settings.settings import Settings

Transform = Callable[[Any], Any]
"""Makes the payload to be sent from the original one: JSON that was read, or bytes; None: the letter is left."""


@dataclass(frozen=True)
class Chosen:
    """What is to be sent.

    Args:
        target: to which function.
        payload: the bytes.
    """

    target: FunctionName
    payload: bytes = field(repr=False)


@dataclass(frozen=True)
class Choosing:
    """What was asked of a redrive, as far as one letter is concerned.

    Args:
        settings: account and region of the client that invokes.
        to: send every letter to this function; None: to the one that it came from.
        maps: functions of FC 2.0 (`SERVICE/FUNCTION`) and what stands for each.
        transform: makes another payload; None: the original one is sent.
        include_successes: also what has no error in its record.
        allow_damaged: also a payload that holds U+FFFD.
        same_version: also to the published version that failed.
    """

    settings: Settings
    to: FunctionName | None = None
    maps: Mapping[str, FunctionName] = field(default_factory=dict)
    transform: Transform | None = None
    include_successes: bool = False
    allow_damaged: bool = False
    same_version: bool = False

    def choose(self, letter: Letter) -> Chosen | str:
        """Return what is to be sent for a letter; a text: why it is left."""
        record = letter.record
        if record is None:
            return f"not a record: {letter.problem}"
        if letter.message.message_group_id is not None:
            return "a message of a FIFO queue: its order would be lost"
        if record.is_success and not self.include_successes:
            return "succeeded, stopped or unknown: no error in the record (--include-successes sends it)"
        if record.request_payload is None:
            return "the record holds no payload"
        if record.payload_may_be_damaged and not self.allow_damaged:
            return "the payload may be damaged: it holds U+FFFD (--allow-damaged sends it)"
        try:
            target = self._target(record)
        except (RecordError, ArgumentError) as error:
            return f"{error} (--to FUNCTION sends it)"
        if isinstance(target, str):
            return target
        return self._with_payload(target, record)

    def _target(self, record: InvocationRecord) -> FunctionName | str:
        if self.to is not None:
            return self.to
        function = record.function
        if function.service is not None:
            mapped = self.maps.get(f"{function.service}/{function.name}")
            if mapped is not None:
                return mapped
            shown = f"{function.service}/{function.name}"
            return f"{shown} is a function of FC 2.0: --map {shown}=NAME, or --to FUNCTION, says what stands for it"
        elsewhere = self._elsewhere(function)
        if elsewhere is not None:
            return elsewhere
        if function.qualifier is not None and function.qualifier.isdigit() and not self.same_version:
            return (
                f"{function.name}@{function.qualifier} is a published version, whose code stays as it failed: "
                "--to NAME@ALIAS, or --same-version"
            )
        return FunctionName.checked(function.name, function.qualifier)

    def _elsewhere(self, function: FunctionArn) -> str | None:
        if self.settings.endpoint.is_loopback:
            return None  # the local service takes a region and an account as they are written
        known = ((function.region, self.settings.region), (function.account_id, self.settings.account_id))
        if all(not part or mine is None or part == mine.value for part, mine in known):
            return None
        return (
            f"the record is of {function.account_id}/{function.region}, this is {self.settings.place} "
            "(--to FUNCTION sends it here)"
        )

    def _with_payload(self, target: FunctionName, record: InvocationRecord) -> Chosen | str:
        original = record.request_bytes()
        assert original is not None  # noqa: S101 - `choose` has looked
        if self.transform is None:
            return Chosen(target, original)
        try:
            made = self.transform(_as_json(original))
        except (Exception, SystemExit) as error:  # it is the user's, and may quote the payload
            return f"the transform raised {type(error).__name__}"
        if made is None:
            return "the transform leaves it"
        try:
            raw = payload_bytes(made, MAX_PAYLOAD_BYTES)
        except ArgumentError as error:
            return f"what the transform returned cannot be sent: {error}"
        return Chosen(target, raw or b"")


def _as_json(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except ValueError:
        return payload

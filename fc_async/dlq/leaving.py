"""Why a letter stays in its queue: it holds no failure to send again, or sending it could lose the next one."""

from __future__ import annotations

from ..checks import FunctionName
from ..errors import ArgumentError, RecordError, ServiceError
from ..functions.client import FunctionsClient
from ..mns.letter import Letter
from ..records.record import InvocationRecord


class Leaving:
    """Says why letters stay; asks once for each function and qualifier whether its failures go anywhere.

    Args:
        functions: the client that would invoke.
        allow_loss: also send to a function that has no OnFailure.
    """

    def __init__(self, functions: FunctionsClient, *, allow_loss: bool) -> None:
        self._functions = functions
        self._allow_loss = allow_loss
        self._unsafe: dict[tuple[str, str | None], str | None] = {}

    def reason(self, letter: Letter) -> str | None:
        """Return why a letter stays; None: its record may be sent again.

        Raises:
            SettingsError: there are no credentials.
            TransportError: the function's config was asked for, and no answer came.
        """
        record = letter.record
        if record is None:
            return letter.error
        if not record.condition and not record.function_error:
            return "succeeded, stopped or unknown: no error in the record"
        if record.request_payload is None:
            return "the record holds no payload"
        if record.payload_may_be_damaged:
            return "the payload may be damaged (it holds U+FFFD)"
        return self._wrong_function(record) or self._unsafe_target(record)

    def _wrong_function(self, record: InvocationRecord) -> str | None:
        try:
            function = record.function
        except RecordError as error:
            return str(error)
        if function.service is not None:
            return f"{function.service}/{function.name} is a function of FC 2.0; this client speaks to FC 3.0"
        settings = self._functions.settings
        if settings.endpoint.is_loopback:
            return None  # the local service takes a region and an account as they are written
        for part, known in ((function.region, settings.region), (function.account_id, settings.account_id)):
            if part and known is not None and part != known.value:
                return f"the record is of {function.account_id}/{function.region}, this is {settings.place}"
        return None

    def _unsafe_target(self, record: InvocationRecord) -> str | None:
        target = (record.function.name, record.function.qualifier)
        if target not in self._unsafe:
            self._unsafe[target] = None if self._allow_loss else self._missing_on_failure(*target)
        return self._unsafe[target]

    def _missing_on_failure(self, name: str, qualifier: str | None) -> str | None:
        try:
            config = self._functions.find_config(name, qualifier=qualifier)
        except (ServiceError, ArgumentError) as error:
            return str(error)
        if config is None or config.on_failure is None:
            shown = FunctionName(name, qualifier)
            return f"{shown} has no OnFailure, so a new failure would be lost (--allow-loss sends all the same)"
        return None

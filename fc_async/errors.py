"""Everything that fc_async raises, as one tree.

    FcAsyncError
    ├── ArgumentError      what the caller passed cannot be right (also a ValueError)
    ├── SettingsError      region, account, credentials, profile or endpoint cannot be found
    ├── DocumentError      a file that people write (s.yaml) cannot be used
    ├── ServiceError       the service said no: status, code, request id
    ├── FunctionError      a synchronous invocation ran, and its handler failed
    ├── TransportError     no answer came; .sent says whether the request may have arrived
    ├── TaskTimeout        an async task was still going when the wait was over (also a TimeoutError)
    ├── ReplaceIncomplete  a config was to be replaced, and neither the new nor the old one holds
    ├── RecordError        bytes that should hold a record do not (also a ValueError)
    ├── NotificationError  a push that is not what it claims (also a ValueError)
    ├── SpoolError         a file of letters cannot be used: open elsewhere, damaged, another account's
    ├── PlanMoved          a plan is of another place, or what is live has changed since it was made
    └── LocalError         the local service cannot start or was asked for what it does not do

The branches are what the caller can do about it. No message holds a payload, a secret or the text of an SDK's
exception: those can quote the raw response and the Authorization header.
"""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` itself is not loaded: handlers run at cold start
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class FcAsyncError(Exception):
    """Any failure that fc_async reports."""


class ArgumentError(FcAsyncError, ValueError):
    """An argument is out of range or has no meaning; nothing was sent.

    Args:
        reason: what was expected, and what came.
        argument: the name of the argument, where the message begins with it (`region=: ...`); None: it does not.
    """

    def __init__(self, reason: str = "", *, argument: str | None = None) -> None:
        self.reason = reason
        self.argument = argument
        super().__init__(reason if argument is None else f"{argument}=: {reason}")


class SettingsError(FcAsyncError):
    """A setting that the call needs was found nowhere; the message lists where it was looked for."""


class DocumentError(FcAsyncError, ValueError):
    """A file that declares functions cannot be read or does not say what it must."""


class ServiceError(FcAsyncError):
    """The service answered, and the answer is no.

    Args:
        status: HTTP status; 3xx counts as a refusal, because a redirect is never followed.
        code: the service's own error code, or None when the answer carried none.
        request_id: the service's id for this call, or None when the answer carried none.
        message: the service's own sentence, already cleaned and cut; None when there was none.
        action: what was being done, for the reader ("get_config main").
    """

    def __init__(
        self,
        status: int,
        code: str | None = None,
        request_id: str | None = None,
        *,
        message: str | None = None,
        action: str | None = None,
    ) -> None:
        self.status = status
        self.code = code
        self.request_id = request_id
        self.message = message
        self.action = action
        super().__init__(status, code, request_id)

    def __str__(self) -> str:
        start = f"{self.action}: " if self.action else ""
        said = f": {self.message.rstrip('.')}" if self.message else ""
        request = self.request_id or "none given"
        return f"{start}the service answered {self.status} {self.code or 'without a code'}{said} (request id {request})"


class FunctionError(FcAsyncError):
    """A synchronous invocation was executed and its handler failed.

    Args:
        error: what went wrong, in the form that a record's `.error` has; None when it cannot be told.
        payload: the error JSON as the function returned it (never part of the message).
        request_id: the invocation's id.
    """

    def __init__(self, error: Any, payload: bytes, request_id: str | None) -> None:
        self.error = error
        self.payload = payload
        self.request_id = request_id
        super().__init__(request_id)  # not the payload: `args` are what a logged `repr` shows

    def __str__(self) -> str:
        kind = _printable(str(getattr(self.error, "type", None) or "an error"))
        return f"the function failed with {kind} (request id {self.request_id or 'none given'})"

    def __reduce__(self) -> tuple[Any, ...]:
        return (FunctionError, (self.error, self.payload, self.request_id))


def _printable(text: str) -> str:
    """Return text from outside as a name may look: what a terminal could obey becomes `?`, and it is cut."""
    return "".join([char if char.isprintable() else "?" for char in text[:_NAME_CHARACTERS]])


_NAME_CHARACTERS = 200


class TransportError(FcAsyncError):
    """No answer came from the service.

    Args:
        message: what happened, without addresses that hold secrets.
        sent: True when the request may have arrived, so that repeating it may do the work twice.
    """

    def __init__(self, message: str, *, sent: bool) -> None:
        self.sent = sent
        super().__init__(message)

    def __reduce__(self) -> tuple[Any, ...]:
        from functools import partial  # `sent` has no default and only a name, so `args` alone cannot make it again

        return (partial(type(self), sent=self.sent), self.args)


class TaskTimeout(FcAsyncError, TimeoutError):
    """An async task had not ended when the time to wait was over; it goes on in the service."""


class ReplaceIncomplete(FcAsyncError):
    """A config was to be replaced, and neither the new nor the old one holds.

    Args:
        old_config: the config as it was before.
        command: the command line that puts it back.
        is_gone: True when the function has no config now; False when parts of the new one may hold beside the old
            one. Default True.
    """

    def __init__(self, old_config: Any, command: str, *, is_gone: bool = True) -> None:
        self.old_config = old_config
        self.command = command
        self.is_gone = is_gone
        super().__init__(old_config, command)

    def __str__(self) -> str:
        state = "the function has no async config now" if self.is_gone else "parts of the new config may hold"
        return f"{state}: the old one could not be put back as it was. To restore it: {self.command}"


class RecordError(FcAsyncError, ValueError):
    """What should be a destination's record cannot be read as one.

    Args:
        reason: what was looked for and what was missing; holds nothing of the content.
        raw: the bytes (or the object) that came, kept for those who want to store them.
        index: its place among the records that came, from 0 (0 also for one that came alone); None where they could not
            be told apart, or where more came than were asked for.
    """

    def __init__(
        self, reason: str, raw: bytes | str | Mapping[str, Any] | object = b"", index: int | None = None
    ) -> None:
        self.reason = reason
        self.raw = raw
        self.index = index
        self.args = (reason,)  # not the content: a log shows `args`; `raw` and `index` are pickled all the same

    def __repr__(self) -> str:
        return f"RecordError({self.reason!r})"

    def __str__(self) -> str:
        return self.reason


class NotificationError(FcAsyncError, ValueError):
    """A push to a topic's HTTP subscriber is not what it claims; the message quotes nothing of it."""


class SpoolError(FcAsyncError):
    """A spool that cannot be used: open elsewhere, damaged, of another version or another account's, or not written."""


class PlanMoved(FcAsyncError):
    """What is live is neither what a plan found nor what it wants, or it is of another place; nothing was changed."""


class LocalError(FcAsyncError):
    """The local service cannot start, or its state cannot be used."""

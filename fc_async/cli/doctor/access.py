"""Whether a signed call that only reads is accepted: the credentials, and what they may do."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ...errors import FcAsyncError, ServiceError
from .deadline import within
from .finding import Finding, ok, trouble

_SECONDS = 60
_REFUSES_KEY = ("signature", "accesskey", "securitytoken", "authoriz")
"""Parts of the codes that are about the key itself: InvalidAccessKeyID, SignatureNotMatch, SignatureDoesNotMatch."""


class Call(NamedTuple):
    """A call that changes nothing.

    Args:
        check: the name of the check.
        service: who is asked, for people.
        what: what is done, for people (`list async configs`).
        permission: what allows it, for people.
        make: makes the call.
    """

    check: str
    service: str
    what: str
    permission: str
    make: Callable[[], object]


def access_of(call: Call) -> Finding:
    """Make the call and return what came of it."""
    try:
        within(_SECONDS, call.service, call.make)
    except ServiceError as error:
        return _refused(call, error)
    except FcAsyncError as error:
        said = str(error).partition("\n")[0]
        return trouble(call.check, f"{call.service}: {said}", "mend what is named, and run fc-async doctor again")
    return ok(call.check, f"{call.service} accepts the credentials, and they may {call.what}")


def _refused(call: Call, error: ServiceError) -> Finding:
    code = (error.code or "").lower()
    if error.status == 401 or any(part in code for part in _REFUSES_KEY):
        advice = "look at the access key: fc-async whoami says which one it is and where it comes from"
        return trouble(call.check, f"{call.service} does not accept the credentials: {error}", advice)
    if error.status == 403:
        advice = f"have {call.permission} allowed in RAM (where the clock is in trouble, mend that first)"
        return trouble(call.check, f"{call.service}: these credentials may not {call.what}: {error}", advice)
    return trouble(call.check, f"{call.service}: {error}", "the service is there and answers no; its words say why")

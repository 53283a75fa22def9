"""Whose credentials these are: asked from STS, which every access key may do."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from ...errors import FcAsyncError, ServiceError, SettingsError
from .deadline import within
from .finding import Finding, ok, skipped, trouble

if TYPE_CHECKING:
    from ...settings.settings import Settings

_SECONDS = 30
_NO_CREDENTIALS = "set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or name a --profile"
_NOT_ACCEPTED = "look at the access key: fc-async whoami says which one it is and where it comes from"
_NO_ANSWER = "look at network and proxy; where STS cannot be reached, --account-id does without it"


class Identity(NamedTuple):
    """What STS said.

    Args:
        finding: the line.
        account_id: whose credentials they are; None where it is not known.
        is_refused: whether there are none, or STS does not accept them: no other service will.
    """

    finding: Finding
    account_id: str | None = None
    is_refused: bool = False


def identity_of(settings: Settings, ask: Callable[[Settings], str] | None = None) -> Identity:
    """Ask whose these credentials are, and whether that is the account that the settings name.

    Args:
        settings: of either service, not those of a loopback endpoint.
        ask: asks for the account's id; None: STS.
    """
    asks = ask or _ask_sts
    try:
        account_id = within(_SECONDS, "asking STS whose credentials these are", lambda: asks(settings))
    except FcAsyncError as error:
        return _without_answer(settings, error)
    named = settings.account_id
    if named is not None and named.value != account_id:
        return Identity(
            trouble(
                "identity",
                f"the credentials belong to account {account_id}, and {named.source} names {named.value}",
                "name the account of the credentials, or take credentials of that account",
            ),
            account_id,
        )
    return Identity(ok("identity", f"the credentials are accepted; they belong to account {account_id}"), account_id)


def _without_answer(settings: Settings, error: FcAsyncError) -> Identity:
    said = f"credentials: {str(error).partition(chr(10))[0].removesuffix(' Looked at:')}"
    if isinstance(error, SettingsError):
        return Identity(trouble("identity", said, _NO_CREDENTIALS), is_refused=True)
    if isinstance(error, ServiceError):
        return Identity(trouble("identity", said, _NOT_ACCEPTED), is_refused=error.status < 500)
    if settings.account_id is None:
        return Identity(trouble("identity", said, _NO_ANSWER))
    return Identity(skipped("identity", said))  # the account is known: the services say whether they accept them


def _ask_sts(settings: Settings) -> str:
    from ...transport.account import ask_account_id, sts_endpoint
    from ...transport.repeat import Repeats

    region = settings.region and settings.region.value
    at_once = Repeats(lambda _: None, time.monotonic, random.random)
    return ask_account_id(sts_endpoint(region, settings.internal), settings.credentials, at_once)

"""Whether what a config names as a destination is there: a queue or function that is not makes outcomes go nowhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...checks import FunctionName

if TYPE_CHECKING:
    from ...arn import Arn
    from ...functions.client import FunctionsClient
    from ..options import CommonOptions


_MISSING = ("QueueNotExist", "FunctionNotFound", "VersionNotFound", "AliasNotFound")


def not_there(options: CommonOptions, client: FunctionsClient, destinations: list[Arn | None]) -> list[str]:
    """Return a sentence for each destination that does not exist, with the command that creates it.

    What is in another region or account is not looked at: this client cannot see it.

    Args:
        options: of the command line, for a client of queues.
        client: asked about functions.
        destinations: what was named; None: nothing.
    """
    from ...arn import FunctionArn, QueueArn

    found: list[str | None] = []
    for one in dict.fromkeys(destinations):
        if isinstance(one, QueueArn) and is_here(client, one):
            found.append(_look(f"queue {one.name}", _queue(options, client, one.name), f"queue create {one.name}"))
        elif isinstance(one, FunctionArn) and one.service is None and is_here(client, one):
            found.append(_function(client, FunctionName(one.name, one.qualifier)))
    return [sentence for sentence in found if sentence is not None]


def is_here(client: FunctionsClient, arn: Any) -> bool:
    """Whether a destination is in the region and account of this client, as far as both are known."""
    settings = client.settings
    pairs = ((arn.region, settings.region), (arn.account_id, settings.account_id))
    return all(not named or known is None or named == known.value for named, known in pairs)


def _queue(options: CommonOptions, client: FunctionsClient, name: str) -> Callable[[], object]:
    def look() -> None:
        with options.queue(name) as queue:
            if queue.settings.endpoint.is_loopback == client.settings.endpoint.is_loopback:
                queue.get_attributes()  # else they are two places, and a queue of the other says nothing

    return look


def _function(client: FunctionsClient, function: FunctionName) -> str | None:
    create = f"deploy {function.name} --code DIR --runtime RUNTIME --handler HANDLER"
    return _look(
        f"function {function}",
        lambda: client.get_function(function.name, qualifier=function.qualifier),
        create if function.qualifier is None else f"{create} --publish",
    )


def _look(what: str, look: Callable[[], object], create: str) -> str | None:
    from ...errors import FcAsyncError, ServiceError

    try:
        look()
    except ServiceError as error:
        if error.code in _MISSING:
            return f"{what} does not exist, and what is sent to it is lost; to create it: fc-async {create}"
        if error.status == 200:
            return None  # an answer about it, which is all that is asked
        return f"{what} could not be looked at ({error.status} {error.code or 'without a code'})"
    except FcAsyncError as error:
        return f"{what} could not be looked at: {error}"
    return None

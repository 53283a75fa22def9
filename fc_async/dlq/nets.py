"""Whether what an OnFailure names is there: an OnFailure catches only what arrives (design, decision 16)."""

from __future__ import annotations

from ..arn import Arn, FunctionArn, QueueArn, TopicArn
from ..errors import ServiceError
from ..functions.client import FunctionsClient
from ..mns.connection import Connection
from ..settings.settings import Settings

_SECONDS = (5.0, 35.0)


class Nets:
    """Looks for queues, topics and functions that failures go to; asks once for each.

    Args:
        functions: looks for functions.
        mns: where queues and topics are, and as whom they are asked for.
    """

    def __init__(self, functions: FunctionsClient, mns: Settings) -> None:
        self._functions = functions
        self._mns = mns
        self._known: dict[str, tuple[str | None, str | None]] = {}

    def missing(self, net: Arn) -> str | None:
        """Return why nothing is caught there; None: it is there, or the service is taken at its word.

        Raises:
            TransportError: no answer came.
            ServiceError: the service fails.
        """
        return self._look(net)[0]

    def warning(self, net: Arn) -> str | None:
        """Return why it is not known whether it is there; None: it is known."""
        return self._look(net)[1]

    def _look(self, net: Arn) -> tuple[str | None, str | None]:
        key = str(net)
        if key not in self._known:
            self._known[key] = self._looked(net)
        return self._known[key]

    def _looked(self, net: Arn) -> tuple[str | None, str | None]:
        what = _shown(net)
        if what is None:
            return None, None
        place = self._elsewhere(net)
        if place is not None:
            return f"its OnFailure names the {what} of {place}, and nothing is delivered to another one", None
        try:
            self._ask(net)
        except ServiceError as error:
            if error.status == 404:
                return f"its OnFailure names the {what}, which is not there", None
            if error.status == 403:
                return None, f"whether the {what} is there may not be asked (403 {error.code})"
            raise
        return None, None

    def _elsewhere(self, net: Arn) -> str | None:
        """Return the account and region where they are not the client's; the local service takes them as written.

        Source: result-callback, its table of permissions: no destination in another account or region is delivered to.
        """
        if self._mns.endpoint.is_loopback:
            return None
        theirs = getattr(net, "account_id", ""), getattr(net, "region", "")
        ours = self._mns.account_id, self._mns.region
        if all(not part or mine is None or part == mine.value for part, mine in zip(theirs, ours, strict=True)):
            return None
        return f"account and region {theirs[0] or 'its own'}/{theirs[1] or 'its own'}"

    def _ask(self, net: Arn) -> None:
        if isinstance(net, FunctionArn):
            self._functions.get_function(net.name, qualifier=net.qualifier)
            return
        kind = "queues" if isinstance(net, QueueArn) else "topics"
        connection = Connection(kind, getattr(net, "name", ""), self._mns, *_SECONDS)
        try:
            connection.call("get_attributes", "GET", "")
        finally:
            connection.close()


def _shown(net: Arn) -> str | None:
    """What is looked for, in words; None where it cannot be (EventBridge, RocketMQ)."""
    for kind, word in ((QueueArn, "queue"), (TopicArn, "topic"), (FunctionArn, "function")):
        if isinstance(net, kind):
            return f"{word} {net.name}"
    return None

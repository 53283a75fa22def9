"""The things that can be a destination, as values: parse them, write them, name them in short.

An ARN is a value with the parts that it was written with; `str()` gives the form that the service reads. Parts left
out (`acs:mns:::/queues/q/messages`) stay empty until `resolved(region, account_id)` fills them in.

    function    acs:fc:{region}:{account}:functions/{name}[/{qualifier}]                   function:NAME[@QUALIFIER]
    (FC 2.0)    acs:fc:{region}:{account}:services/{service}[.{qualifier}]/functions/{name}
    queue       acs:mns:{region}:{account}:/queues/{name}/messages                         queue:NAME
    topic       acs:mns:{region}:{account}:/topics/{name}/messages                         topic:NAME
    event bus   acs:eventbridge:{region}:{account}:eventbus/{name}
    RocketMQ    acs:mq:{region}:{account}:/instances/{instance}/topic/{topic}              (assumed)
    endpoint    acs:mns:{region}:{account}:queues/{name}                                   a topic's subscribed queue

Sources: https://www.alibabacloud.com/help/en/fc/user-guide/result-callback, Alibaba's own tools (devsapp/fc3,
devsapp/agentcraft for the event bus), the OpenAPI metadata of 2023-03-30 (DeadLetterQueue.Arn for RocketMQ).
"""

from __future__ import annotations

import re
from functools import lru_cache

from .errors import ArgumentError
from .value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ClassVar, TypeVar

    Self = TypeVar("Self", bound="_Resource")

MAX_ARN_CHARACTERS = 512
"""Longest destination that the service takes (OpenAPI metadata of 2023-03-30)."""


class _Resource(Value):
    """Base of what can be named; a part that its text could not be read back from raises ArgumentError."""

    __slots__: ClassVar[tuple[str, ...]] = ()
    _FORM: ClassVar[str]
    """The ARN, with its parts in braces."""

    def _fill(self, *parts: Any) -> None:
        for name, part in zip(self._names, parts, strict=True):
            if part is None and name in ("qualifier", "service"):
                continue
            if not isinstance(part, str) or not re.fullmatch(_PART.get(name, _NAME), part):
                raise ArgumentError(
                    f"expected {name} to be a part of an ARN, without spaces or slashes, got {part!r:.80}"
                )
        super()._fill(*parts)
        if len(str(self)) > MAX_ARN_CHARACTERS:
            raise ArgumentError(f"expected an ARN of at most {MAX_ARN_CHARACTERS} characters, got {len(str(self))}")

    def __str__(self) -> str:
        return self._FORM.format(**{name: getattr(self, name) for name in self._names})

    def resolved(self: Self, region: str, account_id: str) -> Self:
        """Return the same thing with an empty region and account filled in; parts already there stay."""
        parts = {name: getattr(self, name) for name in self._names}
        parts["region"] = parts["region"] or region
        parts["account_id"] = parts["account_id"] or account_id
        return self.__class__(**parts)


class FunctionArn(_Resource):
    """A function, of FC 3.0 or (with `service`) of FC 2.0.

    Args:
        name: function name.
        region: region id, "" where the writer left it out.
        account_id: account id, "" where the writer left it out.
        qualifier: version or alias; None (or "") when the ARN names none.
        service: service name of FC 2.0; None (or "") for FC 3.0.
    """

    __slots__ = ("name", "region", "account_id", "qualifier", "service")
    name: str
    region: str
    account_id: str
    qualifier: str | None
    service: str | None

    def __init__(
        self,
        name: str,
        region: str = "",
        account_id: str = "",
        qualifier: str | None = None,
        service: str | None = None,
    ) -> None:
        self._fill(name, region, account_id, qualifier or None, service or None)

    @staticmethod
    def as_text(name: str, region: str, account_id: str, qualifier: str | None = None) -> str:
        """Return the ARN of a function of FC 3.0 from parts that are known to be right: nothing is checked."""
        return f"acs:fc:{region}:{account_id}:functions/{name}" + (f"/{qualifier}" if qualifier else "")

    def __str__(self) -> str:
        if self.service is None:
            return self.as_text(self.name, self.region, self.account_id, self.qualifier)
        dotted = f".{self.qualifier}" if self.qualifier else ""
        return f"acs:fc:{self.region}:{self.account_id}:services/{self.service}{dotted}/functions/{self.name}"


class _Named(_Resource):
    """What one name tells, beside region and account."""

    __slots__ = ("name", "region", "account_id")
    if TYPE_CHECKING:  # at run time a slot has no default
        name: str
        region: str = ""
        account_id: str = ""

    def __init__(self, name: str, region: str = "", account_id: str = "") -> None:
        self._fill(name, region, account_id)


class QueueArn(_Named):
    """An MNS queue as a destination."""

    __slots__ = ()
    _FORM = "acs:mns:{region}:{account_id}:/queues/{name}/messages"


class TopicArn(_Named):
    """An MNS topic as a destination."""

    __slots__ = ()
    _FORM = "acs:mns:{region}:{account_id}:/topics/{name}/messages"


class EventBusArn(_Named):
    """An EventBridge event bus as a destination."""

    __slots__ = ()
    _FORM = "acs:eventbridge:{region}:{account_id}:eventbus/{name}"


class QueueEndpoint(_Named):
    """An MNS queue as the endpoint of a topic's subscription: no leading slash, no `/messages`; no destination."""

    __slots__ = ()
    _FORM = "acs:mns:{region}:{account_id}:queues/{name}"


class RocketMqTopicArn(_Resource):
    """A RocketMQ 4.x topic as a destination; the form is that of a function's dead-letter ARN (assumed)."""

    __slots__ = ("instance_id", "name", "region", "account_id")
    _FORM = "acs:mq:{region}:{account_id}:/instances/{instance_id}/topic/{name}"
    instance_id: str
    name: str
    region: str
    account_id: str

    def __init__(self, instance_id: str, name: str, region: str = "", account_id: str = "") -> None:
        self._fill(instance_id, name, region, account_id)


class UnknownArn(Value):
    """An ARN of a kind that this version does not know; kept as it was written."""

    __slots__ = ("text",)
    text: str

    def __init__(self, text: str) -> None:
        self._fill(text)

    def __str__(self) -> str:
        return self.text

    def resolved(self, region: str, account_id: str) -> UnknownArn:
        """Return itself: what is not understood is not rewritten."""
        return self


Arn = FunctionArn | QueueArn | TopicArn | EventBusArn | RocketMqTopicArn | QueueEndpoint | UnknownArn

_NAME = r"[^/\s]+"
_PART = {"region": r"[^/:\s]*", "account_id": r"[^/:\s]*", "service": r"[^/.\s]+"}
_RESOURCES: tuple[tuple[str, str, Callable[..., Arn]], ...] = (
    ("fc", rf"functions/(?P<name>{_NAME})(?:/(?P<qualifier>{_NAME}))?", FunctionArn),
    ("fc", rf"services/(?P<service>[^/.\s]+)(?:\.(?P<qualifier>{_NAME}))?/functions/(?P<name>{_NAME})", FunctionArn),
    ("mns", rf"/queues/(?P<name>{_NAME})/messages", QueueArn),
    ("mns", rf"/topics/(?P<name>{_NAME})/messages", TopicArn),
    ("mns", rf"queues/(?P<name>{_NAME})", QueueEndpoint),
    ("eventbridge", rf"eventbus/(?P<name>{_NAME})", EventBusArn),
    ("mq", rf"/instances/(?P<instance_id>{_NAME})/topic/(?P<name>{_NAME})", RocketMqTopicArn),
)
_SHORT = r"(?P<kind>function|queue|topic):(?P<name>[A-Za-z0-9_-]+)(?:@(?P<qualifier>[A-Za-z0-9_.-]+))?"


@lru_cache(maxsize=256)  # a consumer reads the same few ARNs in every record
def parse_arn(text: str) -> Arn:
    """Read an ARN; one of an unknown kind is an `UnknownArn`.

    Raises:
        ArgumentError: it is none at all: it does not begin with `acs:`, has fewer than five parts, or is over 512
            characters.
    """
    pieces = text.split(":", 4)
    if len(text) > MAX_ARN_CHARACTERS or len(pieces) != 5 or pieces[0] != "acs":
        raise ArgumentError(
            f"expected an ARN (acs:SERVICE:REGION:ACCOUNT:RESOURCE, at most 512 characters), got {text[:80]!r}"
        )
    _, service, region, account_id, resource = pieces
    placed = re.fullmatch(_PART["region"], region) and re.fullmatch(_PART["account_id"], account_id)
    for of, pattern, kind in _RESOURCES:
        if placed and of == service and (found := re.fullmatch(pattern, resource)):
            return kind(region=region, account_id=account_id, **found.groupdict())
    return UnknownArn(text)


def parse_destination(text: str) -> Arn:
    """Read a destination as people write it: an ARN, or `queue:NAME`, `topic:NAME`, `function:NAME[@QUALIFIER]`.

    A short form has an empty region and account; they are filled in when it is sent.

    Raises:
        ArgumentError: it is neither, is longer than 512 characters, or an ARN with spaces or control characters in it.
    """
    if text.startswith("acs:"):
        if not text.isprintable() or " " in text:
            raise ArgumentError("expected an ARN without spaces and control characters, got one with them")
        return parse_arn(text)
    found = re.fullmatch(_SHORT, text)
    if not found or (found["qualifier"] and found["kind"] != "function"):
        raise ArgumentError(
            f"expected queue:NAME, topic:NAME, function:NAME[@QUALIFIER] or an ARN (acs:...), got {text[:80]!r}"
        )
    if found["kind"] == "function":
        return FunctionArn(found["name"], qualifier=found["qualifier"])
    return QueueArn(found["name"]) if found["kind"] == "queue" else TopicArn(found["name"])

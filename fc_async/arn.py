"""The things that can be a destination, as values: parse them, write them, name them in short.

An ARN is a value with the parts that it was written with; `str()` gives the form that the service reads. Parts left
out (`acs:mns:::/queues/q/messages`) stay empty until `resolved(region, account_id)` fills them in.

    function    acs:fc:{region}:{account}:functions/{name}[/{qualifier}]                   function:NAME[@QUALIFIER]
    (FC 2.0)    acs:fc:{region}:{account}:services/{service}[.{qualifier}]/functions/{name}
    queue       acs:mns:{region}:{account}:/queues/{name}/messages                         queue:NAME
    topic       acs:mns:{region}:{account}:/topics/{name}/messages                         topic:NAME

Source: https://www.alibabacloud.com/help/en/fc/user-guide/result-callback and Alibaba's own tools (devsapp/fc3).
"""

from __future__ import annotations

import re
from typing import Any, NoReturn, TypeVar, Union

from .errors import ArgumentError

MAX_ARN_CHARACTERS = 512
"""Longest destination that the service takes (OpenAPI metadata of 2023-03-30)."""

_Self = TypeVar("_Self", bound="_Value")


class _Value:
    """A frozen value with named parts: equal when its kind and parts are equal."""

    # Written by hand: `dataclasses` loads `inspect`, half of what a handler may spend at cold start.
    __slots__: tuple[str, ...] = ()

    def _parts(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self.__slots__)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Value) and self.__class__ is other.__class__ and self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash((self.__class__, self._parts()))

    def __repr__(self) -> str:
        parts = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__)
        return f"{self.__class__.__name__}({parts})"

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(f"{self.__class__.__name__} is frozen; make a changed copy with resolved()")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{self.__class__.__name__} is frozen")

    def __reduce__(self) -> tuple[Any, ...]:
        return (self.__class__, self._parts())

    def resolved(self: _Self, region: str, account_id: str) -> _Self:
        """Return the same thing with an empty region and account filled in; parts already there stay."""
        parts = {name: getattr(self, name) for name in self.__slots__}
        parts["region"] = parts["region"] or region
        parts["account_id"] = parts["account_id"] or account_id
        return self.__class__(**parts)


class FunctionArn(_Value):
    """A function, of FC 3.0 or (with `service`) of FC 2.0.

    Args:
        name: function name.
        region: region id, "" where the writer left it out.
        account_id: account id, "" where the writer left it out.
        qualifier: version or alias; None when the ARN names none.
        service: service name of FC 2.0; None for FC 3.0.
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
        _fill(self, (name, region, account_id, qualifier, service))

    def __str__(self) -> str:
        head = f"acs:fc:{self.region}:{self.account_id}:"
        if self.service is None:
            return f"{head}functions/{self.name}" + (f"/{self.qualifier}" if self.qualifier else "")
        return (
            f"{head}services/{self.service}"
            + (f".{self.qualifier}" if self.qualifier else "")
            + (f"/functions/{self.name}")
        )


class QueueArn(_Value):
    """An MNS queue as a destination."""

    __slots__ = ("name", "region", "account_id")
    name: str
    region: str
    account_id: str

    def __init__(self, name: str, region: str = "", account_id: str = "") -> None:
        _fill(self, (name, region, account_id))

    def __str__(self) -> str:
        return f"acs:mns:{self.region}:{self.account_id}:/queues/{self.name}/messages"


class TopicArn(_Value):
    """An MNS topic as a destination."""

    __slots__ = ("name", "region", "account_id")
    name: str
    region: str
    account_id: str

    def __init__(self, name: str, region: str = "", account_id: str = "") -> None:
        _fill(self, (name, region, account_id))

    def __str__(self) -> str:
        return f"acs:mns:{self.region}:{self.account_id}:/topics/{self.name}/messages"


class UnknownArn(_Value):
    """An ARN of a kind that this version does not know; kept as it was written."""

    __slots__ = ("text",)
    text: str

    def __init__(self, text: str) -> None:
        _fill(self, (text,))

    def __str__(self) -> str:
        return self.text

    def resolved(self, region: str, account_id: str) -> UnknownArn:
        """Return itself: what is not understood is not rewritten."""
        return self


Arn = Union[FunctionArn, QueueArn, TopicArn, UnknownArn]

_FUNCTION = re.compile(r"functions/(?P<name>[^/]+)(?:/(?P<qualifier>[^/]+))?")
_FUNCTION_2 = re.compile(r"services/(?P<service>[^/.]+)(?:\.(?P<qualifier>[^/]+))?/functions/(?P<name>[^/]+)")
_MNS = re.compile(r"/(?P<kind>queues|topics)/(?P<name>[^/]+)/messages")
_SHORT = re.compile(r"(?P<kind>function|queue|topic):(?P<name>[A-Za-z0-9_-]+)(?:@(?P<qualifier>[A-Za-z0-9_.-]+))?")


def _fill(value: _Value, parts: tuple[Any, ...]) -> None:
    for name, part in zip(value.__slots__, parts, strict=True):
        object.__setattr__(value, name, part)


def parse_arn(text: str) -> Arn:
    """Read an ARN; one of an unknown kind is an `UnknownArn`.

    Raises:
        ArgumentError: the text does not begin with `acs:`, has fewer than five parts, or is over 512 characters.
    """
    pieces = text.split(":", 4)
    if len(text) > MAX_ARN_CHARACTERS or len(pieces) != 5 or pieces[0] != "acs":
        raise ArgumentError(
            f"expected an ARN (acs:SERVICE:REGION:ACCOUNT:RESOURCE, at most 512 characters), got {text[:80]!r}"
        )
    _, service, region, account_id, resource = pieces
    if service == "fc":
        found = _FUNCTION.fullmatch(resource) or _FUNCTION_2.fullmatch(resource)
        if found:
            return FunctionArn(region=region, account_id=account_id, **found.groupdict())
    if service == "mns" and (found := _MNS.fullmatch(resource)):
        kind = QueueArn if found["kind"] == "queues" else TopicArn
        return kind(found["name"], region, account_id)
    return UnknownArn(text)


def parse_destination(text: str) -> Arn:
    """Read a destination as people write it: an ARN, or `queue:NAME`, `topic:NAME`, `function:NAME[@QUALIFIER]`.

    A short form has an empty region and account; they are filled in when it is sent.

    Raises:
        ArgumentError: it is neither.
    """
    if text.startswith("acs:"):
        return parse_arn(text)
    found = _SHORT.fullmatch(text)
    if not found or (found["qualifier"] and found["kind"] != "function"):
        raise ArgumentError(
            f"expected queue:NAME, topic:NAME, function:NAME[@QUALIFIER] or an ARN (acs:...), got {text[:80]!r}"
        )
    if found["kind"] == "function":
        return FunctionArn(found["name"], qualifier=found["qualifier"])
    return QueueArn(found["name"]) if found["kind"] == "queue" else TopicArn(found["name"])

"""How a call of FunctionsClient is made: address it, send it, repeat it where that is safe, read its answer."""

from __future__ import annotations

import functools
import json
import random as chance
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from math import ceil
from typing import Any, NamedTuple, TypeVar

from darabonba.runtime import RuntimeOptions

from ..answered import AnswerError
from ..arn import FunctionArn
from ..checks import FunctionName, check_timeout
from ..errors import ServiceError
from ..forks import renew_after_fork
from ..settings.access_key import Credentials
from ..settings.found import ACCOUNT_FROM_ARN, ACCOUNT_FROM_STS, Setting, Source
from ..settings.settings import Settings
from ..transport.account import account_of
from ..transport.adapter import Answer
from ..transport.fc_transport import Transport, unreadable
from ..transport.repeat import FOREVER, Repeats

SHORTEST_LOOK_SECONDS = 1
"""What a call may take although the caller's time is over: it is the last look."""

_UNREADABLE = (AttributeError, LookupError, TypeError, ValueError, RecursionError)
"""What readers raise: ours an AnswerError, which is a ValueError, the SDK's models and `json` the others."""

_Read = TypeVar("_Read")
_One = TypeVar("_One")


class Calls:
    """Makes the calls of one client; safe to share between threads.

    Args:
        settings: where, and as whom.
        connect_timeout_seconds: longest wait for a connection.
        read_timeout_seconds: longest wait for a whole answer.
        sleep: waits for so many seconds; None: the machine's.
        clock: seconds that only grow; None: the machine's.
        random: a number from 0 to 1, a new one at each call; None: the machine's.
        ask_account: asks STS for the account id, given region, whether inside of it, and credentials.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        connect_timeout_seconds: float | timedelta,
        read_timeout_seconds: float | timedelta,
        sleep: Callable[[float], object] | None = None,
        clock: Callable[[], float] | None = None,
        random: Callable[[], float] | None = None,
        ask_account: Callable[[str | None, bool, Credentials], str] = account_of,
    ) -> None:
        self.settings = settings
        self.sleep = sleep or time.sleep
        self.clock = clock or time.monotonic
        self._repeats = Repeats(self.sleep, self.clock, random or chance.random)
        self._connect_seconds = check_timeout("connect_timeout_seconds", connect_timeout_seconds)
        self._read_seconds = check_timeout("read_timeout_seconds", read_timeout_seconds)
        self._ask_account = ask_account
        self.renew_in_child()
        renew_after_fork(self)
        self._transport = Transport(
            settings, connect_timeout_seconds=self._connect_seconds, read_timeout_seconds=self._read_seconds
        )

    @property
    def sdk(self) -> Any:
        """The official client of alibabacloud-fc20230330, configured."""
        return self._transport.sdk

    @property
    def account_id(self) -> str:
        """The account's id: known, learnt from a function's ARN, else asked from STS once."""
        with self._asking:  # the first of many threads asks, the others wait for what it hears
            if self.settings.account_id is None:
                region = self.settings.region and self.settings.region.value
                answered = self._ask_account(region, self.settings.internal, self.settings.credentials)
                self._learn(answered, ACCOUNT_FROM_STS)
        return self.settings.require_account_id()

    def learn_from(self, function: object) -> None:
        """Take the account id from a function's ARN, where none is known and this is one."""
        account = function.account_id if isinstance(function, FunctionArn) else None
        if account and account.isdigit():
            self._learn(account, ACCOUNT_FROM_ARN)

    def renew_in_child(self) -> None:
        """Take new locks: another thread of the parent may hold the old ones."""
        self._asking, self._learning = threading.Lock(), threading.Lock()

    def close(self) -> None:
        """Close the connections that are open."""
        self._transport.close()

    def once(
        self,
        action: str,
        operation: Callable[[], object],
        *,
        expected: tuple[int, ...],
        private: tuple[str, ...] = (),
    ) -> Answer:
        """Make a call one time, and return the answer as it came (`Transport.call`)."""
        return self._transport.call(action, operation, expected=expected, private=private)

    def repeat(self, attempt: Callable[[bool], _Read], *, harmless_twice: bool, until: float = FOREVER) -> _Read:
        """Make an attempt, and again where that is safe (`Repeats.run`)."""
        return self._repeats.run(attempt, harmless_twice=harmless_twice, until=until)

    def read(
        self,
        action: str,
        operation: Callable[[], object],
        reader: Callable[[dict[str, Any]], _Read],
        until: float = FOREVER,
    ) -> _Read:
        """Make a call that is harmless twice, and read its answer from the JSON as it came.

        The SDK's models are not asked: they let nearly anything pass.
        """
        answer = self.repeat(lambda _: self.once(action, operation, expected=(200,)), harmless_twice=True, until=until)
        try:
            return reader(_json_object(answer.body))
        except _UNREADABLE as error:
            reason = str(error) if isinstance(error, AnswerError) else type(error).__name__
        raise unreadable(action, answer, reason)

    def pages(
        self,
        action: str,
        ask: Callable[[str | None], object],
        reader: Callable[[dict[str, Any]], tuple[list[_One], str | None]],
    ) -> Iterator[_One]:
        """Go through a list, page by page; `ask` makes the call for one token, `reader` returns items and the next."""
        token, seen = None, set[str]()
        while True:
            items, answered = self.read(action, functools.partial(ask, token), reader)
            yield from items
            token = next_token(action, answered, seen)
            if token is None:
                return

    def runtime(self, until: float = FOREVER) -> RuntimeOptions:
        """Return options of the SDK that end a call at this clock reading."""
        runtime = RuntimeOptions()
        if until != FOREVER:
            left_seconds = max(until - self.clock(), SHORTEST_LOOK_SECONDS)
            runtime.connect_timeout = ceil(min(left_seconds, self._connect_seconds) * 1000)
            runtime.read_timeout = ceil(min(left_seconds, self._read_seconds) * 1000)
        return runtime

    def _learn(self, account_id: str, source: Source) -> None:
        with self._learning:
            if self.settings.account_id is None:
                self.settings = replace(self.settings, account_id=Setting(account_id, source))


class Address(NamedTuple):
    """What a call is about: what is being done (for messages), the function's name, the query's qualifier."""

    action: str
    name: str
    query: dict[str, str]


def addressed(verb: str, function: str, qualifier: str | None) -> Address:
    """Return what a call is about, checked.

    Raises:
        ArgumentError: the name or the qualifier cannot be one.
    """
    checked = FunctionName.checked(function, qualifier)
    query = {} if checked.qualifier is None else {"qualifier": checked.qualifier}
    return Address(f"{verb} {checked}", checked.name, query)


def next_token(action: str, answered: str | None, seen: set[str]) -> str | None:
    """Return the token of the next page, None after the last one.

    Raises:
        ServiceError: the service sends a token a second time, so that the list would have no end.
    """
    if not answered:
        return None
    if answered in seen:
        raise ServiceError(200, None, message="a list whose pages repeat without an end", action=action)
    seen.add(answered)
    return answered


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise AnswerError("expected JSON, got something else") from None
    if not isinstance(found, dict):
        raise AnswerError(f"expected a JSON object, got {type(found).__name__}")
    return found

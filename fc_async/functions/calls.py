"""What every call of FunctionsClient is made of: address it, make it, repeat it where that is safe, read its answer."""

from __future__ import annotations

import functools
import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from math import ceil
from typing import Any, TypeVar

from darabonba.runtime import RuntimeOptions

from ..arn import FunctionArn
from ..checks import check_function, check_qualifier, check_timeout
from ..errors import ServiceError
from ..settings.found import ACCOUNT_FROM_ARN, ACCOUNT_FROM_STS, Setting, Source
from ..settings.settings import Settings
from ..transport.account import account_of
from ..transport.fc_transport import Transport, last_answer, unreadable
from ..transport.repeat import FOREVER, Repeats

SHORTEST_LOOK_SECONDS = 1
"""What a call may take although the caller's time is over: it is the last look."""

_Read = TypeVar("_Read")
_One = TypeVar("_One")


class Caller:
    """The calls that FunctionsClient's are made of; safe to share between threads.

    Args:
        settings: where, and as whom.
        connect_timeout_seconds: longest wait for a connection.
        read_timeout_seconds: longest wait for an answer.
        sleep: waits for so many seconds; None: the machine's.
        clock: seconds that only grow; None: the machine's.
        random: a number from 0 to 1, anew each time; None: the machine's.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        connect_timeout_seconds: float | timedelta,
        read_timeout_seconds: float | timedelta,
        sleep: Callable[[float], object] | None,
        clock: Callable[[], float] | None,
        random: Callable[[], float] | None,
    ) -> None:
        self.settings = settings
        self._sleep = sleep or time.sleep
        self._clock = clock or time.monotonic
        self._repeats = Repeats(self._sleep, self._clock, random or _random)
        self._connect_seconds = check_timeout("connect_timeout_seconds", connect_timeout_seconds)
        self._read_seconds = check_timeout("read_timeout_seconds", read_timeout_seconds)
        self._account_lock = threading.Lock()
        self._settings_lock = threading.Lock()
        self._transport = Transport(
            settings, connect_timeout_seconds=self._connect_seconds, read_timeout_seconds=self._read_seconds
        )

    @property
    def sdk(self) -> Any:
        """The official client of alibabacloud-fc20230330, configured; it raises the SDK's own exceptions."""
        return self._transport.sdk

    @property
    def account_id(self) -> str:
        """The account's id: as the settings say, else from a function's ARN that came along, else asked from STS once.

        Raises:
            ServiceError: STS refused.
            SettingsError: there are no credentials.
            TransportError: STS gave no answer.
        """
        with self._account_lock:  # the first of many threads asks, the others wait for what it hears
            if self.settings.account_id is None:
                self._learn(self._ask_account_id(), ACCOUNT_FROM_STS)
        return self.settings.require_account_id()

    def close(self) -> None:
        """Close the connections that are open; a later call opens new ones."""
        self._transport.close()

    def _ask_account_id(self) -> str:
        region = self.settings.region and self.settings.region.value
        return account_of(region, self.settings.internal, self.settings.credentials)

    def _learn_from(self, function: object) -> None:
        account = function.account_id if isinstance(function, FunctionArn) else None
        if self.settings.account_id is None and account and account.isdigit():
            self._learn(account, ACCOUNT_FROM_ARN)

    def _learn(self, account_id: str, source: Source) -> None:
        """Keep the account's id; one that another thread has learnt meanwhile stays."""
        with self._settings_lock:
            if self.settings.account_id is None:
                self.settings = replace(self.settings, account_id=Setting(account_id, source))

    def _call(
        self,
        action: str,
        operation: Callable[[], object],
        *,
        expected: tuple[int, ...],
        harmless_twice: bool = False,
        until: float = FOREVER,
    ) -> None:
        """Make a call that changes something; the answer is then `last_answer()`."""
        self._repeats.run(
            lambda _: self._transport.call(action, operation, expected=expected),
            harmless_twice=harmless_twice,
            until=until,
        )

    def _answered(
        self,
        action: str,
        operation: Callable[[], object],
        reader: Callable[[dict[str, Any]], _Read],
        until: float = FOREVER,
    ) -> _Read:
        """Make a call that is harmless twice, and read its answer from the JSON as it came.

        The SDK's models are not asked: they let nearly anything pass.
        """
        self._call(action, operation, expected=(200,), harmless_twice=True, until=until)
        answer = last_answer()
        try:
            return reader(_json_object(answer.body))
        except (
            AttributeError,
            LookupError,
            TypeError,
            ValueError,
            RecursionError,
        ) as error:  # pydantic's is a ValueError
            failure = unreadable(action, answer, type(error).__name__)
        raise failure

    def _pages(
        self,
        action: str,
        ask: Callable[[str | None], object],
        reader: Callable[[dict[str, Any]], tuple[list[_One], str | None]],
    ) -> Iterator[_One]:
        """Go through a list, page by page; `ask` makes the call for one token, `reader` returns items and the next."""
        token, seen = None, set[str]()
        while True:
            items, answered = self._answered(action, functools.partial(ask, token), reader)
            yield from items
            token = next_token(action, answered, seen)
            if token is None:
                return

    def _runtime(self, until: float) -> RuntimeOptions:
        """Return options of the SDK by which a call is over when the clock reads `until`."""
        runtime = RuntimeOptions()
        if until != FOREVER:
            left_seconds = max(until - self._clock(), SHORTEST_LOOK_SECONDS)
            runtime.connect_timeout = ceil(min(left_seconds, self._connect_seconds) * 1000)
            runtime.read_timeout = ceil(min(left_seconds, self._read_seconds) * 1000)
        return runtime


def addressed(verb: str, function: str, qualifier: str | None) -> tuple[str, str, dict[str, str]]:
    """Return what is being done (for messages), the checked name, and the query's qualifier.

    Raises:
        ArgumentError: the name or the qualifier cannot be one.
    """
    name, checked = check_function(function), check_qualifier(qualifier)
    if checked is None:
        return f"{verb} {name}", name, {}
    return f"{verb} {name}@{checked}", name, {"qualifier": checked}


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


def _random() -> float:
    return random.random()  # noqa: S311 - it spreads repeats, it guards nothing


def _json_object(body: bytes) -> dict[str, Any]:
    found = json.loads(body)
    if not isinstance(found, dict):
        raise TypeError
    return found

"""What a redrive has to know of a function before it sends it a letter; each is asked for once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

from ..arn import QueueArn
from ..checks import FunctionName
from ..errors import FcAsyncError, ServiceError, TransportError
from ..functions.client import FunctionsClient
from .nets import Nets


@dataclass(frozen=True)
class Target:
    """A function and qualifier, as they were before the first letter.

    Args:
        name: the function and its qualifier.
        refusal: why no letter is sent to it; None: letters may be.
        is_task_mode: whether its invocations are async tasks, each accepted once.
        has_net: whether a failure of it becomes a letter somewhere.
        net_queue: the queue that its failures go to; None: they go elsewhere, or nowhere.
        warning: what is not known of it; None: all is.
    """

    name: FunctionName
    refusal: str | None = None
    is_task_mode: bool = False
    has_net: bool = False
    net_queue: str | None = None
    warning: str | None = None


def refusal_of(name: FunctionName, error: ServiceError) -> str:
    """Return what the service says against a function; without the id of the call, which would make each reason one."""
    said = f": {error.message.rstrip('.')}" if error.message else ""
    return f"{name}: {error.status} {error.code or 'without a code'}{said}"


class Targets:
    """Looks at functions, in several threads at once.

    Args:
        functions: the client that will invoke.
        nets: looks for what their OnFailure names.
        allow_loss: also take those whose failures would be lost.
    """

    def __init__(self, functions: FunctionsClient, nets: Nets, *, allow_loss: bool) -> None:
        self._functions = functions
        self._nets = nets
        self._allow_loss = allow_loss
        self._lock = threading.Lock()
        self._known: dict[FunctionName, Target] = {}

    def look(self, name: FunctionName) -> Target:
        """Return what is known of a function.

        Raises:
            TransportError: no answer came.
            ServiceError: the service fails (5xx, 429).
            SettingsError: there are no credentials.
        """
        with self._lock:
            if name not in self._known:
                self._known[name] = self._looked(name)
            return self._known[name]

    def find(self, name: FunctionName) -> Target | None:
        """Return what is known of a function; None: it was not looked at yet."""
        return self._known.get(name)

    def gone(self, name: FunctionName, reason: str) -> None:
        """Take that a function does not take letters any more."""
        with self._lock:
            self._known[name] = Target(name, reason)

    def known(self) -> Iterator[Target]:
        """Return those that were looked at."""
        return iter(list(self._known.values()))

    def _looked(self, name: FunctionName) -> Target:
        try:
            return self._asked(name)
        except TransportError:
            raise
        except ServiceError as error:
            if error.status == 429 or error.status >= 500:
                raise
            return Target(name, refusal_of(name, error))
        except FcAsyncError as error:
            return Target(name, f"{name}: {error}")

    def _asked(self, name: FunctionName) -> Target:
        warnings = []
        try:
            self._functions.get_function(name.name, qualifier=name.qualifier)
        except ServiceError as error:
            if error.status == 404:
                return Target(name, f"{name} is not there ({error.code}); --to sends its letters to another function")
            if error.status != 403:
                raise
            warnings.append(f"whether {name} is there may not be asked (403 {error.code})")
        config = self._functions.find_config(name.name, qualifier=name.qualifier)
        is_task_mode = bool(config is not None and config.async_task)
        net = None if config is None else config.on_failure
        if net is None:
            reason: str | None = f"{name} has no OnFailure, so a new failure would be lost"
        else:
            reason = self._nets.missing(net)
            reason = None if reason is None else f"{name}: {reason}, so a new failure would be lost"
            warning = self._nets.warning(net)
            warnings += [] if warning is None else [f"{name}: {warning}"]
        refusal = None if reason is None or self._allow_loss else f"{reason} (--allow-loss sends all the same)"
        return Target(
            name,
            refusal,
            is_task_mode,
            has_net=reason is None,
            net_queue=net.name if isinstance(net, QueueArn) and reason is None else None,
            warning="; ".join(warnings) or None,
        )

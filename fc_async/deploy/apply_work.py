"""Make one change of a plan: configs by `replace_config` and `delete_config`, queues and topics by their clients."""

from __future__ import annotations

from typing import Any

from ..errors import FcAsyncError, ServiceError
from ..functions.client import FunctionsClient
from ..mns.account import MnsAccount
from .change import Change, config_of


class Work:
    """Makes changes, each by itself; may be shared by many threads.

    Args:
        functions: changes configs.
        mns: changes queues and topics; None: no change is about one.
    """

    def __init__(self, functions: FunctionsClient, mns: MnsAccount | None) -> None:
        self._functions = functions
        self._mns = mns

    def do(self, change: Change) -> None:
        """Make a change; what it was to be it may be already, by someone else.

        Raises:
            FcAsyncError: it could not be made.
        """
        {"config": self._config, "queue": self._queue, "topic": self._topic, "subscription": self._subscription}[
            change.kind
        ](change)

    def _config(self, change: Change) -> None:
        name, qualifier = change.function or "", change.qualifier
        if change.after is not None:
            self._functions.replace_config(name, config_of(change.after), qualifier=qualifier)
            return
        try:
            self._functions.delete_config(name, qualifier=qualifier)
        except ServiceError as error:
            if error.code != "AsyncConfigNotExists":  # someone else deleted it meanwhile: it is as it was to be
                raise

    def _queue(self, change: Change) -> None:
        with self._mns.queue(change.name or "") as client:  # type: ignore[union-attr]
            client.create(**_changed(change), update=change.action == "update")

    def _topic(self, change: Change) -> None:
        with self._mns.topic(change.name or "") as client:  # type: ignore[union-attr]
            client.create(**_changed(change), update=change.action == "update")

    def _subscription(self, change: Change) -> None:
        topic, _, name = (change.name or "").partition("/")
        with self._mns.topic(topic) as client:  # type: ignore[union-attr]
            if change.before is not None:  # the service changes no endpoint and no format
                client.unsubscribe(name)
            try:
                client.subscribe(name, **_subscribing(change.after or {}))
            except FcAsyncError:
                if change.before is not None:
                    client.subscribe(name, **_subscribing(change.before))
                raise


def _changed(change: Change) -> dict[str, Any]:
    before, after = change.before or {}, change.after or {}
    return {name: value for name, value in after.items() if before.get(name) != value}


def _subscribing(state: Any) -> dict[str, Any]:
    return {
        "queue": state.get("queue"),
        "endpoint": state.get("endpoint"),
        "content_format": state.get("format"),
        "strategy": state.get("strategy"),
        "filter_tag": state.get("tag"),
    }

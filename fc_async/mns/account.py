"""MnsAccount: what an account has in a region, its queues and its topics."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from ..checks import check_timeout
from ..settings.search import find_settings
from ..transport.account import account_of
from .answer_xml import read_queues
from .connection import Connection
from .listing import check_prefix, pages
from .message import QueueAttributes
from .queue_client import QueueClient
from .topic import TopicAttributes
from .topic_client import TopicClient
from .topic_xml import read_topics

_WITH_ATTRIBUTES = {"x-mns-with-meta": "true"}


class MnsAccount:
    """Lists the queues and topics of an account in a region; may be shared by many threads.

    Args:
        connect_timeout_seconds: longest wait for a connection, as QueueClient's. Default 5.
        read_timeout_seconds: longest wait for an answer, likewise. Default 35.
        mns_endpoint: as QueueClient's.
        place: `endpoint`, `region`, `account_id`, `profile`, `credentials`, `internal`, `insecure`, as QueueClient's.

    Raises:
        ArgumentError: an argument cannot be right.
        SettingsError: region, account or profile cannot be found.
    """

    def __init__(
        self,
        *,
        connect_timeout_seconds: float | timedelta = 5,
        read_timeout_seconds: float | timedelta = 35,
        mns_endpoint: str | None = None,
        **place: Any,
    ) -> None:
        self.settings = find_settings("mns", service_endpoint=mns_endpoint, ask_account=account_of, **place)
        connect = check_timeout("connect_timeout_seconds", connect_timeout_seconds)
        read = check_timeout("read_timeout_seconds", read_timeout_seconds)
        self._queues = Connection("queues", "", self.settings, connect, read)
        self._topics = Connection("topics", "", self.settings, connect, read)
        self._same: dict[str, Any] = {
            **place,
            "mns_endpoint": mns_endpoint,
            "connect_timeout_seconds": connect,
            "read_timeout_seconds": read,
        }

    def __enter__(self) -> MnsAccount:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that are open; a later call opens new ones."""
        self._queues.close()
        self._topics.close()

    def queue(self, name: str) -> QueueClient:
        """Return a client for one queue, with this one's settings.

        Raises:
            ArgumentError: the name is none.
        """
        return QueueClient(name, **self._with_account())

    def topic(self, name: str) -> TopicClient:
        """Return a client for one topic, with this one's settings.

        Raises:
            ArgumentError: the name is none.
        """
        return TopicClient(name, **self._with_account())

    def _with_account(self) -> dict[str, Any]:
        known = self.settings.account_id
        return self._same if known is None else {**self._same, "account_id": known.value}  # STS was asked once

    def iter_queues(self, prefix: str | None = None) -> Iterator[QueueAttributes]:
        """List queues, with what the service tells about each.

        Args:
            prefix: only names that begin so; None: all.

        Raises:
            ArgumentError: no name can begin so.
            ServiceError: the service refused.
            TransportError: no answer came.
        """
        headers = {**_WITH_ATTRIBUTES, **check_prefix(prefix)}
        return pages(self._queues, "list", "", read_queues, headers)

    def iter_topics(self, prefix: str | None = None) -> Iterator[TopicAttributes]:
        """List topics, with what the service tells about each.

        Args:
            prefix: only names that begin so; None: all.

        Raises:
            ArgumentError: no name can begin so.
            ServiceError: the service refused.
            TransportError: no answer came.
        """
        headers = {**_WITH_ATTRIBUTES, **check_prefix(prefix)}
        return pages(self._topics, "list", "", read_topics, headers)

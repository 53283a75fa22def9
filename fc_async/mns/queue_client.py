"""QueueClient: one MNS queue; thin over aliyun-mns-sdk (module `mns`), safe to share between threads.

The SDK writes and signs each request; neither its connection (`connection.py`) nor its decoders (`answer_xml.py`) are
used. Bodies are neither encoded nor decoded: a queue may hold plain and base64 ones.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import quote

from mns.mns_xml_handler import MessageEncoder, ReceiptHandlesEncoder
from mns.queue import Message

from ..checks import check_timeout, check_whole, whole_seconds
from ..errors import ArgumentError, FcAsyncError, ServiceError
from ..forks import refuse_pickling
from ..settings.search import find_settings
from ..transport.account import account_of
from .answer_xml import SentPart, read_attributes, read_messages, read_sent, read_text
from .body import sendable, with_line_ends
from .connection import Connection
from .message import QueueAttributes
from .message import QueueMessage as QueueMessage
from .queue_attributes import (
    MAX_DELAY_SECONDS,
    MAX_VISIBILITY_SECONDS,
    MAX_WAIT_SECONDS,
    as_xml,
    checked,
    differences,
)
from .send_batch import batch_xml

MAX_BATCH = 16

if TYPE_CHECKING:
    from typing_extensions import Never

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,255}")


class QueueClient:
    """Sends to and receives from one queue; many threads may share one client, and forked children too.

    A child of `os.fork()` or `multiprocessing`'s fork goes on with its parent's client: it makes connections of its own
    and asks for credentials itself. A client cannot be pickled (spawn): make one in each process.

    Args:
        queue: queue name.
        endpoint: URL of both services, for example `http://127.0.0.1:9700`; None: FC_ASYNC_ENDPOINT, else derived
            from region and account.
        mns_endpoint: URL of MNS alone, wins over `endpoint`; None: FC_ASYNC_MNS_ENDPOINT.
        region: region id; None: as `settings/search.py` lists.
        account_id: account id; None: likewise, else STS is asked, once, where the endpoint is derived from it.
        profile: a profile of `~/.aliyun/config.json`, used instead of the environment; None: none is named.
        credentials: an `AccessKey`, or a client or provider of alibabacloud-credentials; None: looked for.
        internal: use the hosts that are reachable only inside the region. Default False.
        insecure: allow plain http to a host that is not this machine. Default False.
        connect_timeout_seconds: longest wait for a connection, over 0, 86400 at most, a number or a timedelta; a host
            with several addresses is tried at each for so long. Default 5.
        read_timeout_seconds: longest wait for the whole answer, head and body, however slowly it comes, likewise; TLS
            and sending count too; a receive that waits longer gets 5 seconds on top of its own waiting. A call ends
            within connect + read seconds for each request (`delete` makes one for 16 handles). Not in it: further
            addresses of a host, the lookup of its name (DNS has no limit here), and what a provider of credentials
            takes. Default 35.

    Raises:
        ArgumentError: an argument cannot be right.
        SettingsError: region, account or profile cannot be found.
    """

    def __init__(
        self,
        queue: str,
        *,
        endpoint: str | None = None,
        mns_endpoint: str | None = None,
        region: str | None = None,
        account_id: str | None = None,
        profile: str | None = None,
        credentials: Any = None,
        internal: bool = False,
        insecure: bool = False,
        connect_timeout_seconds: float | timedelta = 5,
        read_timeout_seconds: float | timedelta = 35,
    ) -> None:
        if not isinstance(queue, str) or not _NAME.fullmatch(queue):
            raise ArgumentError(f"expected a queue name of letters, digits and '-', got {str(queue)[:80]!r}")
        self.settings = find_settings(
            "mns",
            endpoint=endpoint,
            service_endpoint=mns_endpoint,
            region=region,
            account_id=account_id,
            profile=profile,
            credentials=credentials,
            internal=internal,
            insecure=insecure,
            ask_account=account_of,
        )
        self.queue = queue
        self._connection = Connection(
            "queues",
            queue,
            self.settings,
            check_timeout("connect_timeout_seconds", connect_timeout_seconds),
            check_timeout("read_timeout_seconds", read_timeout_seconds),
        )

    def __enter__(self) -> QueueClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"QueueClient({self.queue!r}, {self.settings.place})"

    def __reduce__(self) -> NoReturn:
        refuse_pickling(self)

    def close(self) -> None:
        """Close the connections that are open; a later call opens new ones."""
        self._connection.close()

    def receive(self, max_messages: int = 1, *, wait_seconds: int | timedelta = 0) -> list[QueueMessage]:
        """Take messages: they stay invisible to others until their `next_visible_time`, unless deleted.

        Args:
            max_messages: 1 to 16; fewer may come although more are there.
            wait_seconds: how long the service waits for a message, 0 to 30, a number or a timedelta; 0: not at all.

        Returns:
            The messages; an empty list when none came (which a queue with messages may answer, too).

        Raises:
            ServiceError: the service refused (the queue does not exist, for example).
            TransportError: no answer came; when `.sent`, messages may have become invisible.
        """
        count = _whole("max_messages", max_messages, 1, MAX_BATCH)
        wait = _whole("wait_seconds", wait_seconds, 0, MAX_WAIT_SECONDS)
        return self._messages("receive", f"numOfMessages={count}&waitseconds={wait}", wait)

    def peek(self, max_messages: int = 1) -> list[QueueMessage]:
        """Look at the head of the queue without taking anything.

        Args:
            max_messages: 1 to 16.

        Raises:
            ServiceError: the service refused.
            TransportError: no answer came.
        """
        count = _whole("max_messages", max_messages, 1, MAX_BATCH)
        return self._messages("peek", f"peekonly=true&numOfMessages={count}", 0)

    def send(self, body: str | bytes, *, delay_seconds: int | timedelta | None = None) -> str:
        """Send one message, once, and return its id.

        Args:
            body: text, or bytes that are UTF-8; what is sent is what is received, line ends too.
            delay_seconds: keep it invisible for this long, 0 to 604800, a number or a timedelta; None: as the queue
                is set.

        Raises:
            ArgumentError: the body is empty or cannot stand in XML.
            ServiceError: the service refused.
            TransportError: no answer came; when `.sent`, the message may be in the queue.
        """
        text = sendable(body)
        delay = -1 if delay_seconds is None else _whole("delay_seconds", delay_seconds, 0, MAX_DELAY_SECONDS)
        message = Message(text, delay_seconds=delay)  # -1: the SDK leaves it out
        xml = with_line_ends(MessageEncoder.encode(SimpleNamespace(**vars(message), base64encode=False)))
        answer = self._connection.call("send", "POST", "/messages", xml, expected=(201,), private=(text,))
        return self._connection.read("send", answer, _message_id)

    def send_batch(self, messages: Sequence[QueueMessage]) -> list[SentPart]:
        """Send up to 16 messages in one call, once: body, priority, group and properties of each, types too.

        Args:
            messages: 1 to 16, of 65,536 bytes together; their ids, handles, times and counts are not sent.

        Returns:
            For each, in this order, its new id, or the service's code where it was not taken.

        Raises:
            ArgumentError: one cannot stand in XML.
            ServiceError: the service refused the call as a whole.
            TransportError: no answer came; when `.sent`, the messages may be in the queue.
        """
        count = _whole("len(messages)", len(messages), 1, MAX_BATCH)
        private = tuple(one.message_body for one in messages)
        sent = self._connection.parts("send", "/messages", batch_xml(messages), read_sent, private)
        if len(sent) == count:
            return sent
        reason = f"an answer that cannot be read: it tells of {len(sent)} messages, {count} were sent"
        raise ServiceError(201, None, None, message=reason, action=f"send {self.queue}")

    def delete(self, receipt_handle: str | Sequence[str]) -> None:
        """Delete one message, or any number of them (16 at a time).

        Args:
            receipt_handle: the handle of the last receive, or a list of such.

        Raises:
            ServiceError: a message could not be deleted; in a list all others were tried, and the message counts.
            TransportError: no answer came.
        """
        if isinstance(receipt_handle, str):
            self._connection.call(
                "delete", "DELETE", f"/messages?ReceiptHandle={_handle(receipt_handle)}", expected=(204,)
            )
            return
        handles = [one for one in receipt_handle if _handle(one)]
        failures = [
            error
            for start in range(0, len(handles), MAX_BATCH)
            if (error := self._delete(handles[start : start + MAX_BATCH]))
        ]
        if failures:
            raise failures[0]

    def delete_each(self, receipt_handles: Sequence[str]) -> dict[str, str | None]:
        """Delete up to 16 messages in one call, and return those that were not deleted: the service's code by handle.

        Args:
            receipt_handles: 1 to 16 of them.

        Raises:
            ServiceError: the service refused the call as a whole.
            TransportError: no answer came; when `.sent`, the messages may be gone.
        """
        _whole("len(receipt_handles)", len(receipt_handles), 1, MAX_BATCH)
        xml = ReceiptHandlesEncoder.encode([one for one in receipt_handles if _handle(one)])
        refused = self._connection.refused_parts("delete", "DELETE", "/messages", xml)
        return {one: refused[one] for one in receipt_handles if one in refused}

    def change_visibility(self, receipt_handle: str, visibility_seconds: int | timedelta) -> str:
        """Make a received message visible again after this long, from now; return its new handle.

        Args:
            receipt_handle: the handle of the last receive; it is used up by this.
            visibility_seconds: 1 to 43200, a number or a timedelta; 1 is "give it back now".

        Raises:
            ServiceError: the service refused (the handle is no longer good, for example).
            TransportError: no answer came.
        """
        seconds = _whole("visibility_seconds", visibility_seconds, 1, MAX_VISIBILITY_SECONDS)
        target = f"/messages?ReceiptHandle={_handle(receipt_handle)}&VisibilityTimeout={seconds}"
        answer = self._connection.call("change_visibility", "PUT", target)
        return self._connection.read("change_visibility", answer, _receipt_handle)

    def create(
        self,
        *,
        visibility_timeout: int | timedelta | None = None,
        maximum_message_size: int | None = None,
        message_retention_period: int | timedelta | None = None,
        delay_seconds: int | timedelta | None = None,
        polling_wait_seconds: int | timedelta | None = None,
        logging_enabled: bool | None = None,
        update: bool = False,
        **unknown: Never,
    ) -> None:
        """Create the queue; one that is there with the same attributes is left as it is.

        Every time is a number of seconds or a timedelta; None is the service's default, and with `update` whatever a
        queue that is there has.

        Args:
            visibility_timeout: how long a received message stays invisible, 1 to 43200; None: 30.
            maximum_message_size: largest body, 1024 to 65536 bytes; None: 65536.
            message_retention_period: how long a message is kept, 60 to 604800; None: 345600, which is 4 days.
            delay_seconds: how long a new message stays invisible, 0 to 604800; None: 0.
            polling_wait_seconds: how long a receive waits that does not say so itself, 0 to 30; None: 0.
            logging_enabled: whether the service logs what happens to messages; None: it does not.
            update: bring a queue that is there to the attributes that are given (SetQueueAttributes). Default False.
            unknown: there are no others; a misspelt one is refused with its right name.

        Raises:
            ArgumentError: an attribute is unknown or out of range.
            ServiceError: the queue is there with other attributes (409, naming them), or the service refused.
            TransportError: no answer came.
        """
        given = {
            "visibility_timeout": visibility_timeout,
            "maximum_message_size": maximum_message_size,
            "message_retention_period": message_retention_period,
            "delay_seconds": delay_seconds,
            "polling_wait_seconds": polling_wait_seconds,
            "logging_enabled": logging_enabled,
        }
        asked = checked(given, unknown)
        try:
            self._connection.call("create", "PUT", "", as_xml(asked), expected=(201, 204))
        except ServiceError as error:
            if error.code != "QueueAlreadyExist":
                raise
            refused = error
        else:
            return
        if not update:
            raise self._differs(refused, asked)
        if asked:
            self._connection.call("create", "PUT", "?metaoverride=true", as_xml(asked), expected=(204,))

    def remove(self) -> None:
        """Delete the queue, with the messages in it.

        Raises:
            ServiceError: the service refused, also where there is no such queue if it says so (404).
            TransportError: no answer came; when `.sent`, the queue may be gone.
        """
        self._connection.call("remove", "DELETE", "", expected=(204,))

    def get_attributes(self) -> QueueAttributes:
        """Return what the service tells about the queue.

        Raises:
            ServiceError: it does not exist (404), or the service refused.
            TransportError: no answer came.
        """
        answer = self._connection.call("get_attributes", "GET", "")
        return self._connection.read("get_attributes", answer, read_attributes)

    def _differs(self, refused: ServiceError, asked: dict[str, int | bool]) -> ServiceError:
        """Return the refusal with what differs, where the queue may be looked at."""
        try:
            found = differences(asked, self.get_attributes())
        except FcAsyncError:
            found = ""
        said = f"the queue is there with other attributes{': ' if found else ''}{found}; update=True changes them"
        return ServiceError(
            refused.status, refused.code, refused.request_id, message=said, action=f"create {self.queue}"
        )

    def _messages(self, verb: str, query: str, wait_seconds: int) -> list[QueueMessage]:
        try:
            answer = self._connection.call(verb, "GET", f"/messages?{query}", wait_seconds=wait_seconds)
        except ServiceError as error:
            if error.code != "MessageNotExist":  # a real empty receive is a 404 of this code
                raise
            return []
        return self._connection.read(verb, answer, read_messages)

    def _delete(self, handles: list[str]) -> ServiceError | None:
        try:
            self._connection.call(
                "delete", "DELETE", "/messages", ReceiptHandlesEncoder.encode(handles), expected=(204,)
            )
        except ServiceError as error:
            return error
        return None


def _message_id(body: bytes) -> str:
    return read_text(body, "MessageId")


def _receipt_handle(body: bytes) -> str:
    return read_text(body, "ReceiptHandle")


def _handle(handle: object) -> str:
    """Return a receipt handle as it stands in a URL: it may hold `+`, `/` and `=`."""
    if not isinstance(handle, str) or not handle or not handle.isascii() or not handle.isprintable():
        raise ArgumentError(f"receipt_handle: expected the text that a receive gave, got {type(handle).__name__}")
    return quote(handle, safe="")


def _whole(name: str, value: object, least: int, most: int) -> int:
    value = whole_seconds(value) if name.endswith("_seconds") else value
    return check_whole(name, value, least, most)

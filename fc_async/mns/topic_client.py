"""TopicClient: one MNS topic; thin over aliyun-mns-sdk (module `mns`), safe to share between threads.

The SDK writes and signs each request; neither its connection (`connection.py`) nor its decoders (`topic_xml.py`) are
used. What of its topic half would damage a call (1.3.0):

    TopicMessageEncoder   leaves out an empty body, so that the service sees none; `body.py` refuses it before
    SubscriptionEncoder   drops all but the strategy when attributes are set; nothing here sets them
    TopicEncoder          tells -1 and "None" from what was set, so what is not named must be just these
    Topic.create          takes 201 and 204 alike and any redirect for success; `connection.py` names what it expects

Bodies are neither encoded nor decoded, as in the SDK's TopicMessage.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NoReturn

from mns.mns_xml_handler import SubscriptionEncoder, TopicEncoder, TopicMessageEncoder
from mns.subscription import SubscriptionMeta
from mns.topic import TopicMessage, TopicMeta

from ..arn import QueueEndpoint
from ..checks import check_timeout, check_whole
from ..errors import ArgumentError, FcAsyncError, ServiceError
from ..forks import refuse_pickling
from ..settings.search import find_settings
from ..transport.account import account_of
from .answer_xml import read_text
from .body import with_line_ends
from .connection import Connection
from .listing import pages
from .topic import Subscription, TopicAttributes
from .topic_checks import NAME, check_message, check_name, check_subscription, differences
from .topic_xml import read_subscription, read_subscription_names, read_topic

_MESSAGE_BYTES = (1024, 65536)
_SHORT_PATH = 12
"""A path of at most so many characters is no token, and sentences hold such words by themselves (`pushed`)."""


class TopicClient:
    """Publishes to one topic and manages who subscribes to it; one client may be shared by many threads.

    Args:
        topic: topic name.
        endpoint: URL of both services, for example `http://127.0.0.1:9700`; None: FC_ASYNC_ENDPOINT, else derived
            from region and account.
        mns_endpoint: URL of MNS alone, wins over `endpoint`; None: FC_ASYNC_MNS_ENDPOINT.
        region: region id; None: as `settings/search.py` lists.
        account_id: account id; None: likewise, else STS is asked where a call needs it.
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
        topic: str,
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
        self.topic = check_name("topic", topic)
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
        self._connection = Connection(
            "topics",
            topic,
            self.settings,
            check_timeout("connect_timeout_seconds", connect_timeout_seconds),
            check_timeout("read_timeout_seconds", read_timeout_seconds),
        )

    def __enter__(self) -> TopicClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"TopicClient({self.topic!r}, {self.settings.place})"

    def __reduce__(self) -> NoReturn:
        refuse_pickling(self)

    def close(self) -> None:
        """Close the connections that are open; a later call opens new ones."""
        self._connection.close()

    def create(
        self,
        *,
        maximum_message_size: int | None = None,
        logging_enabled: bool | None = None,
        update: bool = False,
    ) -> None:
        """Create the topic; one that is there with the same attributes is left as it is.

        Args:
            maximum_message_size: largest body, 1024 to 65536 bytes; None: 65536, and with `update` what it has.
            logging_enabled: whether the service logs what happens to messages; None: it does not, likewise.
            update: bring a topic that is there to the attributes that are given (SetTopicAttributes). Default False.

        Raises:
            ArgumentError: an attribute is out of range.
            ServiceError: the topic is there with other attributes (409, naming them), or the service refused.
            TransportError: no answer came.
        """
        asked = _attributes(maximum_message_size, logging_enabled)
        try:
            self._connection.call("create", "PUT", "", _topic_xml(asked), expected=(201, 204))
        except ServiceError as error:
            if error.code != "TopicAlreadyExist":
                raise
            refused = error
        else:
            return
        if not update:
            raise self._differs(refused, asked)
        if asked:
            self._connection.call("create", "PUT", "?metaoverride=true", _topic_xml(asked), expected=(204,))

    def get_attributes(self) -> TopicAttributes:
        """Return what the service tells about the topic.

        Raises:
            ServiceError: it does not exist (404), or the service refused.
            TransportError: no answer came.
        """
        answer = self._connection.call("get_attributes", "GET", "")
        return self._connection.read("get_attributes", answer, read_topic)

    def remove(self) -> None:
        """Delete the topic, with its subscriptions.

        Raises:
            ServiceError: the service refused, also where there is no such topic if it says so (404).
            TransportError: no answer came; when `.sent`, the topic may be gone.
        """
        self._connection.call("remove", "DELETE", "", expected=(204,))

    def publish(self, body: str | bytes, *, tag: str | None = None) -> str:
        """Publish one message, once, to all who subscribe, and return its id.

        Args:
            body: text, or bytes that are UTF-8, 64 KB at most; what is published is what arrives, line ends too.
            tag: only subscriptions without a filter, and those that filter by this tag, get it; 1 to 16 characters.
                None: no tag.

        Raises:
            ArgumentError: the body is empty or cannot stand in XML, or the tag is none.
            ServiceError: the service refused (the body is too long, for example).
            TransportError: no answer came; when `.sent`, the message may be published.
        """
        text = check_message(body, tag)
        xml = with_line_ends(TopicMessageEncoder.encode(TopicMessage(text, tag or "")))
        answer = self._connection.call("publish", "POST", "/messages", xml, expected=(201,), private=(text,))
        return self._connection.read("publish", answer, lambda body: read_text(body, "MessageId"))

    def subscribe(
        self,
        name: str,
        *,
        queue: str | None = None,
        endpoint: str | None = None,
        content_format: str = "JSON",
        strategy: str = "BACKOFF_RETRY",
        filter_tag: str | None = None,
    ) -> None:
        """Deliver messages to a queue or an endpoint; a subscription that is there with the same is left as it is.

        Args:
            name: the subscription's name.
            queue: a queue's name, of the same account and region, or its ARN (`acs:mns:REGION:ACCOUNT:queues/NAME`).
            endpoint: anything else that the service delivers to, an http or https URL for example. Exactly one of
                `queue` and `endpoint` is given.
            content_format: JSON (text, tag, ids and time in one object), XML (the same), or SIMPLIFIED (the text).
            strategy: how a delivery that fails is repeated: BACKOFF_RETRY (3 times) or EXPONENTIAL_DECAY_RETRY (for
                about a day).
            filter_tag: deliver only messages of this tag, 1 to 16 characters; None: all.

        Raises:
            ArgumentError: an argument cannot be right.
            ServiceError: the subscription is there with other attributes (409), or the service refused.
            SettingsError: the queue's region is found nowhere.
            TransportError: no answer came.
        """
        check_subscription(name, queue, endpoint, content_format, strategy, filter_tag)
        meta = SubscriptionMeta(
            self._queue_endpoint(queue) if endpoint is None else endpoint, strategy, content_format, filter_tag or ""
        )
        target, verb, xml = _subscription(name), f"subscribe {name} to", SubscriptionEncoder.encode(meta)
        try:
            self._connection.call(verb, "PUT", target, xml, expected=(201, 204), private=_secrets(endpoint))
        except ServiceError as error:
            if error.code != "SubscriptionAlreadyExist":
                raise
            refused = error
        else:
            return
        said = "the subscription is there with other attributes; unsubscribe it first"
        raise ServiceError(refused.status, refused.code, refused.request_id, message=said, action=refused.action)

    def unsubscribe(self, name: str) -> None:
        """Remove a subscription.

        Args:
            name: the subscription's name.

        Raises:
            ServiceError: the service refused, also where there is no such subscription if it says so (404).
            TransportError: no answer came; when `.sent`, the subscription may be gone.
        """
        self._connection.call(f"unsubscribe {name} from", "DELETE", _subscription(name), expected=(204,))

    def iter_subscriptions(self) -> Iterator[Subscription]:
        """List the topic's subscriptions, each with its attributes (a call each); what goes meanwhile is left out.

        One whose name cannot stand in a call has its name alone.

        Raises:
            ServiceError: the topic does not exist (404), or the service refused.
            TransportError: no answer came.
        """
        for name in pages(self._connection, "iter_subscriptions", "/subscriptions", read_subscription_names):
            found = self._subscription(name)
            if found is not None:
                yield found

    def _subscription(self, name: str | None) -> Subscription | None:
        if name is None or not NAME.fullmatch(name):
            return Subscription(name, self.topic)
        try:
            answer = self._connection.call("iter_subscriptions", "GET", f"/subscriptions/{name}")
        except ServiceError as error:
            if error.status != 404:
                raise
            return None
        return self._connection.read("iter_subscriptions", answer, read_subscription)

    def _queue_endpoint(self, queue: Any) -> str:
        """Return a queue, which was checked, as the endpoint of a subscription."""
        name, settings = str(queue), self.settings
        if name.startswith("acs:"):
            return name
        region = settings.require_region()
        if settings.account_id is None:
            return str(QueueEndpoint(name, region, account_of(region, settings.internal, settings.credentials)))
        return str(QueueEndpoint(name, region, settings.account_id.value))

    def _differs(self, refused: ServiceError, asked: dict[str, int | bool]) -> ServiceError:
        """Return the refusal with what differs, where the topic may be looked at."""
        try:
            there = self.get_attributes()
        except FcAsyncError:
            found = ""
        else:
            found = differences(asked, there)
        said = f"the topic is there with other attributes{': ' if found else ''}{found}; update=True changes them"
        return ServiceError(
            refused.status, refused.code, refused.request_id, message=said, action=f"create {self.topic}"
        )


def _attributes(maximum_message_size: int | None, logging_enabled: bool | None) -> dict[str, int | bool]:
    asked: dict[str, int | bool] = {}
    if maximum_message_size is not None:
        asked["maximum_message_size"] = check_whole("maximum_message_size", maximum_message_size, *_MESSAGE_BYTES)
    if logging_enabled is not None:
        if not isinstance(logging_enabled, bool):
            raise ArgumentError(f"logging_enabled: expected True or False, got {str(logging_enabled)[:40]}")
        asked["logging_enabled"] = logging_enabled
    return asked


def _topic_xml(attributes: dict[str, int | bool]) -> bytes:
    xml: bytes = TopicEncoder.encode(TopicMeta(**attributes))
    return xml


def _subscription(name: object) -> str:
    return f"/subscriptions/{check_name('subscription', name)}"


def _secrets(endpoint: str | None) -> tuple[str, ...]:
    """Return the parts of an endpoint that no message may quote: who pushes there, and with which token."""
    if endpoint is None or not endpoint.startswith(("http://", "https://")):
        return ()
    place, _, path = endpoint.partition("://")[2].partition("/")
    parts = (place.rpartition("@")[0], endpoint.partition("?")[2], path if len(path) > _SHORT_PATH else "")
    return tuple(part for part in parts if part)

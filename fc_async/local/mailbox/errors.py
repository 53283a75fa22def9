"""What MNS says when it refuses: status, code and message, as documented or recorded.

Source: https://www.alibabacloud.com/help/en/mns/developer-reference/error-codes-1 unless a line says otherwise.
"""

from __future__ import annotations

from ...errors import LocalError


class MailboxError(LocalError):
    """MNS refuses a call.

    Args:
        status: HTTP status of the answer.
        code: the service's error code.
        message: the service's sentence; never holds a message's body.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status = status
        self.code = code
        self.message = message
        super().__init__(status, code, message)

    def __str__(self) -> str:
        return f"{self.status} {self.code}: {self.message}"


def queue_not_exist() -> MailboxError:
    """Every call on a queue that is not there."""
    return MailboxError(404, "QueueNotExist", "The queue name you provided is not exist.")


def queue_already_exist() -> MailboxError:
    """The code is documented; the words are assumed."""
    return MailboxError(409, "QueueAlreadyExist", "The queue you want to create already exists with other attributes.")


def queue_name_length_error(most_characters: int) -> MailboxError:
    """The code is documented; the words are assumed."""
    return MailboxError(400, "QueueNameLengthError", f"A queue's name should have 1 to {most_characters} characters.")


def invalid_queue_name() -> MailboxError:
    """The code is documented; the words are assumed."""
    return MailboxError(
        400,
        "InvalidQueueName",
        "A queue's name should start with a letter or a digit and hold only letters, digits and hyphens.",
    )


def topic_not_exist() -> MailboxError:
    """Every call on a topic that is not there, but the one that deletes it."""
    return MailboxError(404, "TopicNotExist", "The topic you provided does not exist.")


def topic_already_exist() -> MailboxError:
    """The code is documented; its status and words are assumed."""
    return MailboxError(409, "TopicAlreadyExist", "The topic you want to create already exists with other attributes.")


def topic_name_length_error(most_characters: int) -> MailboxError:
    """The code is the SDKs'; its status and words are assumed."""
    return MailboxError(400, "TopicNameLengthError", f"A topic's name should have 1 to {most_characters} characters.")


def topic_name_invalid() -> MailboxError:
    """The code is the SDKs'; its status and words are assumed."""
    return MailboxError(
        400,
        "TopicNameInvalid",
        "A topic's name should start with a letter or a digit and hold only letters, digits and hyphens.",
    )


def subscription_not_exist() -> MailboxError:
    """The code is documented; the words are assumed."""
    return MailboxError(404, "SubscriptionNotExist", "The subscription you provided does not exist.")


def subscription_already_exist() -> MailboxError:
    """The code is documented; its status and words are assumed."""
    return MailboxError(
        409, "SubscriptionAlreadyExist", "The subscription you want to create already exists with other attributes."
    )


def subscription_name_length_error(most_characters: int) -> MailboxError:
    """The code is the SDKs'; its status and words are assumed."""
    return MailboxError(
        400, "SubscriptionNameLengthError", f"A subscription's name should have 1 to {most_characters} characters."
    )


def subscription_name_invalid() -> MailboxError:
    """The code is the SDKs'; its status and words are assumed."""
    return MailboxError(
        400,
        "SubscriptionNameInvalid",
        "A subscription's name should start with a letter or a digit and hold only letters, digits and hyphens.",
    )


def endpoint_invalid() -> MailboxError:
    """The code is the SDKs'; its status and words are assumed. That another machine is refused is ours."""
    return MailboxError(
        400,
        "EndpointInvalid",
        "The local service notifies acs:mns:REGION:ACCOUNT:queues/NAME and, on this machine only, "
        "http://localhost, http://127.0.0.0/8 and http://[::1], without a user or a fragment in the URL.",
    )


def invalid_digest() -> MailboxError:
    """Reported of the live service: a Content-MD5 that is not the body's."""
    return MailboxError(400, "InvalidDigest", "The Content-MD5 you specified is invalid.")


def message_not_exist() -> MailboxError:
    """Recorded: also the answer to a receive that finds nothing."""
    return MailboxError(404, "MessageNotExist", "Message not exist.")


def receipt_handle_error() -> MailboxError:
    """Something that was never a receipt handle."""
    return MailboxError(400, "ReceiptHandleError", "The receipt handle you provide is not valid.")


def invalid_argument(message: str) -> MailboxError:
    """An argument with no meaning; the message says which."""
    return MailboxError(400, "InvalidArgument", message)


def out_of_range(name: str, low: int, high: int, unit: str) -> MailboxError:
    """Recorded for PollingWaitSeconds, in exactly this grammar."""
    return invalid_argument(f"The value of {name} should between {low} and {high} {unit}".rstrip())


def schema_error(cause: str) -> MailboxError:
    """Well-formed XML that lacks what it must hold, or holds a word where a number belongs."""
    return invalid_argument(f"The XML you provided did not validate against our published schema, cause by {cause}.")


def malformed_xml() -> MailboxError:
    """No XML 1.0 at all."""
    return MailboxError(400, "MalformedXML", "The XML you provided was not well-formed.")


def not_implemented(what: str) -> MailboxError:
    """Ours: the local service refuses what it does not do, by name."""
    return MailboxError(501, "NotImplemented", f"The local service does not do this: {what}")


def internal_error() -> MailboxError:
    """Code and spelling are the service's own (recorded)."""
    return MailboxError(500, "InternalError", "Interal error.")

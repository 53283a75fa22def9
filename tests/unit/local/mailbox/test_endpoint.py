"""What a subscription's endpoint may be: a queue's ARN, or a URL of this machine and of no other."""

from __future__ import annotations

import pytest

from fc_async.arn import QueueEndpoint
from fc_async.local.mailbox.endpoint import HttpEndpoint, read_endpoint
from fc_async.local.mailbox.errors import MailboxError


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("acs:mns:cn-x:1:queues/q", QueueEndpoint("q", "cn-x", "1")),
        ("acs:mns:::queues/q", QueueEndpoint("q")),
        ("http://127.0.0.1:8080/a?b=c", HttpEndpoint("http://127.0.0.1:8080/a?b=c", "/a?b=c")),
        ("http://localhost/", HttpEndpoint("http://localhost/", "/")),
        ("http://127.9.8.7", HttpEndpoint("http://127.9.8.7/notifications", "/notifications")),
        ("http://[::1]:65535", HttpEndpoint("http://[::1]:65535/notifications", "/notifications")),
        ("http://[0:0::0.0.0.1]/", HttpEndpoint("http://[0:0::0.0.0.1]/", "/")),
        ("http://localhost/a?", HttpEndpoint("http://localhost/a", "/a")),
        ("http://localhost/?a?", HttpEndpoint("http://localhost/?a?", "/?a?")),
        ("http://localhost:1/%C3%A9", HttpEndpoint("http://localhost:1/%C3%A9", "/%C3%A9")),
    ],
)
def test_a_queue_and_a_url_of_this_machine_are_endpoints(text: str, endpoint: object) -> None:
    assert read_endpoint(text) == endpoint


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "acs:",
        "acs:mns:cn-x:1:/queues/q/messages",
        "acs:mns:cn-x:1:queues/",
        "acs:mns:cn-x:1:topics/t",
        "acs:fc:cn-x:1:functions/f",
        "http://example.com/",
        "http://10.0.0.1/",
        "http://0.0.0.0/",
        "http://127.0.0.1.evil.example/",
        "http://localhost.evil.example/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::2]/",
        "http://[127.0.0.1]/",
        "http://[127.0.0.1]:80/",
        "http://localhost./",
        "http://2130706433/",
        "http://127.1/",
        "http://user@127.0.0.1/",
        "http://user:password@127.0.0.1/",
        "http://127.0.0.1:1@evil.example/",
        "http://evil.example\\@127.0.0.1/",
        "http://127.0.0.1/#fragment",
        "http://evil.example#@127.0.0.1/",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/\r\nX: y",
        "http://127.0.0.1/\u00e9",
        "http://127.0.0.1?a",
        "http://127.0.0.1:0/",
        "http://127.0.0.1:65536/",
        "http://127.0.0.1:/",
        "http:///x",
        "HTTP://127.0.0.1/",
        "https://127.0.0.1/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
    ],
)
def test_everything_else_is_refused_with_one_sentence(text: str) -> None:
    with pytest.raises(MailboxError) as refused:
        read_endpoint(text)
    assert (refused.value.status, refused.value.code) == (400, "EndpointInvalid")
    assert "on this machine only" in refused.value.message
    assert "evil" not in refused.value.message


@pytest.mark.parametrize("text", ["mail:directmail:x@example.com", "sms:directsms:anonymous", "smq-ep:dm:1:__dynamic"])
def test_what_the_service_has_and_this_one_has_not_is_501_by_name(text: str) -> None:
    with pytest.raises(MailboxError, match=f"501 NotImplemented: .* begins with {text.partition(':')[0]}:"):
        read_endpoint(text)

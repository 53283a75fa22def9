"""What was sent to a queue is what is received from it, for every text that XML can carry."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fc_async import ArgumentError, QueueClient
from fc_async.local.server import LocalServer
from tests.peer import Peer, Reply

SENT = Reply(201, "<Message><MessageId>m</MessageId></Message>")
characters = st.one_of(
    st.sampled_from("\r\n\t <>&'\"\x7f\x85\u2028\ufffd\U0010ffff中"),
    st.characters(min_codepoint=0x20, max_codepoint=0xFFFD, exclude_categories=["Cs"]),
)


@pytest.fixture(scope="module")
def queue() -> Iterator[QueueClient]:
    with LocalServer(workers=0) as server, QueueClient("bodies", endpoint=server.url) as client:
        client.create()
        yield client


@given(body=st.text(characters, min_size=1, max_size=40))
@example(body="\r\n")
@example(body="\r")
@example(body=" \n a \t")
@example(body="]]> <!-- &#13; &amp; -->")
def test_every_text_that_xml_can_carry_comes_back_as_it_was_sent(queue: QueueClient, body: str) -> None:
    queue.send(body)
    (peeked,) = queue.peek()
    (received,) = queue.receive()
    queue.delete(received.receipt_handle)
    assert (peeked.message_body, received.message_body) == (body, body)


def test_a_carriage_return_is_written_so_that_no_parser_makes_a_line_feed_of_it() -> None:
    with Peer(SENT) as peer, QueueClient("dead", endpoint=peer.url) as queue:
        queue.send("a\r\nb\rc")
        queue.send(b"a\r\n")
        first, second = peer.requests
    assert b"<MessageBody>a&#13;\nb&#13;c</MessageBody>" in first.body
    assert b"<MessageBody>a&#13;\n</MessageBody>" in second.body


@pytest.mark.parametrize("body", ["\x00", "a\x0b", "\x1f", "\ud800", "\ufffe", "\uffff"])
def test_what_xml_cannot_carry_is_refused_before_it_is_sent(body: str) -> None:
    with Peer(SENT) as peer, QueueClient("dead", endpoint=peer.url) as queue:
        with pytest.raises(ArgumentError, match="base64"):
            queue.send(body)
        assert peer.requests == []

"""Requests of any client can be read, hostile ones are refused, replies have the recorded bytes."""

from __future__ import annotations

from contextlib import suppress
from xml.dom import minidom
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fc_async.local import limits
from fc_async.local.mailbox.attributes import QueueChanges
from fc_async.local.mailbox.errors import MailboxError
from fc_async.local.mailbox.message import Draft, Property, legal_text
from fc_async.local.mns.documents import read_drafts, read_queue, read_receipt_handles
from fc_async.local.mns.raw_target import parse_target
from fc_async.local.mns.xml import leaf, node, read_xml, write_xml


@pytest.mark.parametrize(
    "document",
    [
        '<Message xmlns="http://mns.aliyuncs.com/doc/v1/"><MessageBody>a&lt;b</MessageBody></Message>',
        '<Message xmlns="http://mns.aliyuncs.com/doc/v1"><MessageBody>a&#60;b</MessageBody></Message>',
        "<Message><MessageBody>a<!-- not here -->&lt;b</MessageBody></Message>",
        "<Message><MessageBody><![CDATA[a<b]]></MessageBody></Message>",
        '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n<!-- x --><Message>\n'
        "  <MessageBody>a&lt;b</MessageBody>"
        "\n</Message>\n",
        '<m:Message xmlns:m="urn:x"><m:MessageBody m:a="1">a&lt;b</m:MessageBody><?pi x?></m:Message>',
        "\ufeff<Message><MessageBody>a&lt;b</MessageBody></Message>",
    ],
)
def test_a_message_is_read_whatever_namespace_and_whatever_stands_around_it(document: str):
    assert read_drafts(document.encode()) == Draft("a<b")


def test_white_space_in_a_body_is_kept_and_around_numbers_is_not():
    draft = read_drafts(b"<Message><MessageBody> a\n b </MessageBody><Priority> 3\n</Priority></Message>")
    assert draft == Draft(" a\n b ", priority=3)


def test_a_batch_of_one_is_a_batch():
    assert read_drafts(b"<Messages><Message><MessageBody>x</MessageBody></Message></Messages>") == [Draft("x")]


def test_properties_keep_their_order_type_and_text():
    document = """<Message><MessageBody>x</MessageBody><DelaySeconds>0</DelaySeconds><MessageGroupId>g</MessageGroupId>
      <UserProperties>
        <PropertyValue><Name>b</Name><Value> 1 </Value><Type>NUMBER</Type></PropertyValue>
        <PropertyValue><Name>a</Name><Value/><Type>STRING</Type></PropertyValue>
      </UserProperties></Message>"""
    assert read_drafts(document.encode()) == Draft(
        "x",
        delay_seconds=0,
        message_group_id="g",
        user_properties=(Property("b", " 1 ", "NUMBER"), Property("a", "", "STRING")),
    )


def test_a_queue_document_tells_what_is_set_and_what_is_left_out():
    document = b"<Queue><DelaySeconds>0</DelaySeconds><LoggingEnabled>True</LoggingEnabled><Other>1</Other></Queue>"
    assert read_queue(document) == QueueChanges(delay_seconds=0, logging_enabled=True)
    assert read_queue(b"") == read_queue(b"<Queue/>") == QueueChanges()


def test_receipt_handles_are_read_without_being_decoded():
    document = b"<ReceiptHandles><ReceiptHandle>a</ReceiptHandle><ReceiptHandle>b+/=</ReceiptHandle></ReceiptHandles>"
    assert read_receipt_handles(document) == ["a", "b+/="]


BILLION_LAUGHS = (
    '<!DOCTYPE m [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Message><MessageBody>&b;</MessageBody></Message>'
)


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b" ",
        b"{}",
        b"<Message>",
        b"<Message></Messages>",
        b"<Message/><Message/>",
        b"<Message><MessageBody>a&b</MessageBody></Message>",
        b"<Message><MessageBody>&nbsp;</MessageBody></Message>",
        b"<Message><MessageBody>&#0;</MessageBody></Message>",
        b"<Message><MessageBody>\x01</MessageBody></Message>",
        b"<Message><MessageBody>\xff</MessageBody></Message>",
        b"<Message><MessageBody>\xed\xa0\x80</MessageBody></Message>",
        b'<?xml version="1.0" encoding="nonsense"?><Message/>',
        b'<?xml version="1.0" encoding="gb18030"?><Message/>',
        b"<x:Message/>",
        BILLION_LAUGHS.encode(),
        BILLION_LAUGHS.encode("utf-16"),
        b'<!DOCTYPE m SYSTEM "file:///etc/passwd"><Message/>',
        b"<!DOCTYPE m><Message/>",
        b"<a>" * 100_000,
        b"<a>" * (limits.MNS_XML_DEPTH + 1) + b"</a>" * (limits.MNS_XML_DEPTH + 1),
        b"<a>" + b"<b/>" * limits.MNS_XML_ELEMENTS + b"</a>",
    ],
)
def test_what_is_hostile_or_not_well_formed_is_refused(document: bytes):
    with pytest.raises(MailboxError) as error:
        read_drafts(document)
    assert (error.value.status, error.value.code) == (400, "MalformedXML")


@pytest.mark.parametrize(
    "document",
    [
        b"<Other/>",
        b"<Message/>",
        b"<Message><MessageBody>x</MessageBody><Priority>high</Priority></Message>",
        b"<Message><MessageBody>x</MessageBody><Priority/></Message>",
        b"<Message><MessageBody>x</MessageBody><DelaySeconds>1_0</DelaySeconds></Message>",
        b"<Message><MessageBody>x</MessageBody><DelaySeconds>1e3</DelaySeconds></Message>",
        "<Message><MessageBody>x</MessageBody><DelaySeconds>３</DelaySeconds></Message>".encode(),
        b"<Message><MessageBody>x</MessageBody><DelaySeconds>" + b"9" * 5_000 + b"</DelaySeconds></Message>",
    ],
)
def test_what_is_well_formed_and_no_message_is_an_invalid_argument(document: bytes):
    with pytest.raises(MailboxError) as error:
        read_drafts(document)
    assert (error.value.status, error.value.code) == (400, "InvalidArgument")


@given(st.binary(max_size=200))
def test_no_bytes_at_all_give_anything_but_a_document_or_a_refusal(data: bytes):
    with suppress(MailboxError):
        read_drafts(data)


def test_a_reply_has_the_recorded_bytes():
    element = node("Messages", node("Message", leaf("MessageBody", '{"a":"<&>\'"}'), None, leaf("Priority", 8)))
    assert write_xml(element) == (
        b'<?xml version="1.0" ?>\n'
        b'<Messages xmlns="http://mns.aliyuncs.com/doc/v1">\n'
        b"  <Message>\n"
        b'    <MessageBody>{"a":"&lt;&amp;&gt;\'"}</MessageBody>\n'
        b"    <Priority>8</Priority>\n"
        b"  </Message>\n"
        b"</Messages>"
    )


@given(st.text())
def test_any_text_comes_out_of_two_other_parsers_as_it_went_in(text: str):
    data = write_xml(node("Message", leaf("MessageBody", text)))
    expected = legal_text(text)
    assert (ElementTree.fromstring(data)[0].text or "") == expected  # noqa: S314 - our own bytes
    body = minidom.parseString(data).getElementsByTagName("MessageBody")[0]  # noqa: S318 - our own bytes
    assert "".join(child.data for child in body.childNodes) == expected
    assert read_xml(data).find_text("MessageBody") == expected


@pytest.mark.parametrize(
    ("raw", "segments", "query"),
    [
        ("/", (), {}),
        ("/queues", ("queues",), {}),
        ("/queues/q/messages?ReceiptHandle=1-OD+/k==", ("queues", "q", "messages"), {"receipthandle": "1-OD+/k=="}),
        ("/queues/q?a=1%2B2%3d&B&c=", ("queues", "q"), {"a": "1+2=", "b": "", "c": ""}),
        ("/queues/a%2Fb/messages?x=1&X=2", ("queues", "a/b", "messages"), {"x": "1"}),
        ("http://h:1/queues/q?numOfMessages=3", ("queues", "q"), {"numofmessages": "3"}),
        ("/queues/q?u=http://x/y", ("queues", "q"), {"u": "http://x/y"}),
        ("/queues/%zz%ff\udcff?%", ("queues", "%zz\ufffd\ufffd"), {"%": ""}),
        ("*", (), {}),
    ],
)
def test_a_request_target_is_taken_apart_without_the_rules_of_forms(
    raw: str, segments: tuple[str, ...], query: dict[str, str]
):
    target = parse_target(raw)
    assert (target.segments, target.query) == (segments, query)

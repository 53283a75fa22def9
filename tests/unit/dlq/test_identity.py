"""Identity and task id: which letters are one, and which invocations are."""

import re

from fc_async.checks import FunctionName
from fc_async.dlq.identity import identity
from fc_async.dlq.task_id import task_id_of
from fc_async.mns.letter import Letter
from fc_async.mns.message import QueueMessage
from fc_async.testing import record

ORDERS = FunctionName("orders", "prod")


def letter(payload="{}", message_id="m", **changes):
    one = record(payload, **{"function": "orders", "error": "no", **changes})
    return Letter.of(one.as_queue_message(message_id=message_id))


def test_letters_that_agree_in_request_id_function_and_payload_are_one_whatever_brought_them():
    one = record("{}", error="no", attempts=1)
    bodies = [
        one.text,
        one.as_base64(),
        one.as_topic_json(),
        one.as_topic_xml(),
        record("{}", error="no", attempts=3).text,
    ]
    assert len({identity(Letter.of(QueueMessage(f"m-{n}", body))) for n, body in enumerate(bodies)}) == 1


def test_letters_that_differ_in_one_of_them_are_not():
    others = [
        letter(),
        letter(payload="[]"),
        letter(request_id="other"),
        letter(function="other"),
        letter(qualifier="prod"),
        letter(payload=""),
    ]
    assert len({identity(one) for one in others}) == len(others)


def test_what_is_no_record_is_one_with_its_own_message_alone():
    def of(message_id, body="no record"):
        return identity(Letter.of(QueueMessage(message_id, body)))

    assert of("m-1") == of("m-1")
    assert len({of("m-1"), of("m-2"), of("", "a"), of("", "b")}) == 4


def test_an_identity_is_64_hexadecimal_digits_also_of_text_that_is_no_unicode():
    assert re.fullmatch("[0-9a-f]{64}", identity(Letter.of(QueueMessage("\ud800", "\ud800"))))


def test_the_same_letter_asks_for_the_same_task_and_nothing_else_does():
    ids = [
        task_id_of(ORDERS, letter(), b"{}"),
        task_id_of(FunctionName("orders"), letter(), b"{}"),
        task_id_of(FunctionName("other", "prod"), letter(), b"{}"),
        task_id_of(ORDERS, letter(request_id="other"), b"{}"),
        task_id_of(ORDERS, letter(), b"[]"),
        task_id_of(ORDERS, letter(), b"{}", 1),
    ]
    assert len(set(ids)) == len(ids)
    assert task_id_of(ORDERS, letter(message_id="another queue's"), b"{}") == ids[0]


def test_a_task_id_is_one_that_the_service_takes_and_stays_what_it_was():
    assert re.fullmatch("fcr-[0-9a-f]{40}", task_id_of(ORDERS, letter(), b"{}"))
    # A letter that was planned by an earlier version is found again under its id.
    assert task_id_of(ORDERS, letter(), b"{}") == "fcr-d1b105a5fb15d721780e11d3f924d59bf3657ea7"


def test_a_letter_without_a_record_has_a_task_id_of_its_message():
    one, other = (Letter.of(QueueMessage(name, "no record")) for name in ("m-1", "m-2"))
    assert task_id_of(ORDERS, one, b"") != task_id_of(ORDERS, other, b"")

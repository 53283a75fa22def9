import ssl

import pytest
import requests
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError, ProtocolError, ReadTimeoutError

from fc_async.transport.adapter import _failure
from fc_async.transport.service_text import identifier, said

SECRET = "a-secret-of-forty-characters-0123456789"


def test_a_sentence_of_the_service_is_cleaned_and_cut() -> None:
    assert said("\x1b[31mno\x07\r\n  such\tthing", "X", ()) == "[31mno such thing"
    assert said("a" * 500, "X", ()) == "a" * 200
    assert said(" \n", "X", ()) is None
    assert said({"not": "text"}, "X", ()) is None


@pytest.mark.parametrize("code", ["SignatureNotMatch", "SignatureDoesNotMatch", "IncompleteSignature"])
def test_a_sentence_about_a_signature_is_dropped(code: str) -> None:
    assert said("string to sign: POST /...", code, ()) is None


@pytest.mark.parametrize(
    "text",
    [
        f"the key {SECRET} is wrong",
        f"began with {SECRET[:12]}",
        f"ended with {SECRET[-14:]}",
        "quoted " + SECRET.replace("-", "\\-"),
    ],
)
def test_a_sentence_that_quotes_what_is_private_is_dropped(text: str) -> None:
    assert said(text, "X", (SECRET,)) is None


def test_a_private_text_behind_much_white_space_is_not_reached() -> None:
    assert SECRET not in (said("no" + " " * 5000 + SECRET, "X", (SECRET,)) or "")


def test_a_short_private_text_is_found_whole() -> None:
    assert said("the value is 4711", "X", ("4711",)) is None
    assert said("the value is 47", "X", ("4711", "")) == "the value is 47"


def test_an_identifier_keeps_only_what_identifiers_are_made_of() -> None:
    assert identifier("1-64e70cf1-5cbef92ea8fc8c42899cf5d1") == "1-64e70cf1-5cbef92ea8fc8c42899cf5d1"
    assert identifier("A\x1b[2J b\n") == "A2Jb"
    assert identifier("x" * 1000) == "x" * 128
    assert identifier("") is identifier(7) is None


def pool_error(reason: Exception) -> MaxRetryError:
    return MaxRetryError(None, "/", reason)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "sent"),
    [
        (requests.ConnectionError(pool_error(NewConnectionError(None, "refused"))), False),  # type: ignore[arg-type]
        (requests.ConnectTimeout(pool_error(ConnectTimeoutError("slow"))), False),
        (requests.exceptions.SSLError(pool_error(ssl.SSLCertVerificationError("bad"))), False),  # type: ignore[arg-type]
        (requests.exceptions.InvalidURL("no"), False),
        (requests.ConnectionError(ProtocolError("aborted", ConnectionResetError())), True),
        (requests.ReadTimeout(ReadTimeoutError(None, "/", "slow")), True),  # type: ignore[arg-type]
        (requests.exceptions.SSLError(ssl.SSLEOFError("cut")), True),
        (OSError("something else"), True),
    ],
)
def test_a_failure_counts_as_unsent_only_when_nothing_can_have_left(error: Exception, sent: bool) -> None:
    assert _failure("host", error, (5, 30)).sent is sent


def test_what_the_caller_was_handling_does_not_make_a_failure_unsent() -> None:
    error = requests.ConnectionError(ProtocolError("aborted"))
    error.__context__ = requests.ConnectTimeout("an earlier one")
    assert _failure("host", error, None).sent

import pytest

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

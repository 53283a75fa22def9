"""What a spool may have: what was added is always found, and of the rest nearly nothing is."""

from fc_async.dlq.seen import Seen


def test_every_text_that_was_added_is_found_alone_and_among_others():
    seen = Seen()
    texts = [f"message-{number}" for number in range(10_000)]
    for text in texts:
        seen.add(text)
    assert all(seen.may_have(text) for text in texts)
    assert seen.may_have("another", None, texts[17])


def test_of_what_was_not_added_nearly_all_is_known_to_be_new():
    seen = Seen()
    seen.add(*(f"message-{number}" for number in range(10_000)))
    assert sum(seen.may_have(f"other-{number}") for number in range(10_000)) < 10


def test_nothing_was_added_by_none_and_nothing_is_found_by_it():
    seen = Seen()
    seen.add(None)
    assert not seen.may_have(None, "text")

"""Where a setting was found is a kind and a name; people read it in words."""

import pickle
from pathlib import Path

import pytest

from fc_async.errors import ArgumentError, SettingsError
from fc_async.settings.found import CHAIN, LOOPBACK_DEFAULT, Kind, Source, unusable

REGION = Source.variables("FC_REGION")


@pytest.mark.parametrize(
    ("source", "kind", "name", "words"),
    [
        (Source.argument("account_id"), Kind.ARGUMENT, "account_id", "the argument account_id="),
        (REGION, Kind.VARIABLE, "FC_REGION", "FC_REGION"),
        (Source.variables("A", "B"), Kind.VARIABLE, "A", "A and B"),
        (Source.profile("x", Path("c.json")), Kind.PROFILE, "x", "the profile 'x' of c.json"),
        (Source.profile("x", Path("c"), is_current=True), Kind.PROFILE, "x", "the current profile 'x' of c"),
        (Source.file(Path("c.ini")), Kind.FILE, "c.ini", "c.ini"),
        (LOOPBACK_DEFAULT, Kind.DEFAULT, "a loopback endpoint", "the default of a loopback endpoint"),
        (Source.derived(REGION), Kind.DERIVED, "region", "derived from the region (FC_REGION)"),
        (Source.derived(), Kind.DERIVED, "region", "derived from the region"),
        (CHAIN, Kind.CHAIN, "alibabacloud-credentials", "the default chain of alibabacloud-credentials"),
    ],
    ids=lambda value: value.name if isinstance(value, Kind) else "",
)
def test_a_source_has_a_kind_and_a_name_and_is_told_in_words(source: Source, kind: Kind, name: str, words: str) -> None:
    assert (source.kind, source.name, str(source)) == (kind, name, words)


def test_only_an_argument_is_an_option_of_the_command_line() -> None:
    assert Source.argument("account_id").option == "--account-id"
    assert Source.variables("the argument region=").option is None


def test_what_was_passed_is_an_arguments_error_that_names_it_and_what_was_found_a_settings() -> None:
    error = unusable(Source.argument("region"), "expected a region id")
    assert isinstance(error, ArgumentError)
    for one in (error, pickle.loads(pickle.dumps(error))):  # noqa: S301 - our own bytes
        assert (str(one), one.argument, one.reason) == (
            "region=: expected a region id",
            "region",
            "expected a region id",
        )
    found = unusable(REGION, "expected a region id")
    assert type(found) is SettingsError
    assert str(found) == "FC_REGION: expected a region id"

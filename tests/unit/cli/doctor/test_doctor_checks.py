"""Each check of the doctor by itself: what it finds, and what it advises."""

import threading
import time
from email.utils import formatdate

import pytest

from fc_async.cli.doctor.access import Call, access_of
from fc_async.cli.doctor.deadline import within
from fc_async.cli.doctor.finding import ok
from fc_async.cli.doctor.identity import identity_of
from fc_async.cli.doctor.installed import package_of, python_of
from fc_async.cli.doctor.reach import Reached, clock_of
from fc_async.cli.doctor.requirement import bounds_of, is_within
from fc_async.errors import FcAsyncError, ServiceError, SettingsError, TransportError
from fc_async.settings.search import find_settings

NOON = 1_790_000_000.0
CLOUD = find_settings("fc", environment={"FC_REGION": "cn-hangzhou", "FC_ACCOUNT_ID": "12"})
NAMELESS = find_settings("fc", environment={"FC_REGION": "cn-hangzhou"})


def raises(error):
    def make(*_):
        raise error

    return make


@pytest.mark.parametrize(
    ("version", "bounds", "wanted"),
    [
        ("4.6.8", "<5,>=4.6.8", True),
        ("4.6.7", "<5,>=4.6.8", False),
        ("5", "<5,>=4.6.8", False),
        ("4.10", "<5,>=4.6.8", True),
        ("1.3.7", "==1.3.*", True),
        ("1.4.0", "==1.3.*", False),
        ("8.2.0", "!=8.2.0,<9,>=8.1.8", False),
        ("8.2", "!=8.2.0,<9,>=8.1.8", False),
        ("8.2.1", "!=8.2.0,<9,>=8.1.8", True),
        ("3.0rc1", ">=3", True),
        ("anything", "", True),
    ],
)
def test_a_version_is_held_against_what_fc_async_asks_for(version, bounds, wanted):
    assert is_within(version, bounds) is wanted


def test_what_is_asked_of_a_package_stands_in_the_metadata():
    requirements = [
        "aliyun-mns-sdk==1.3.*",
        "PyYAML<7,>=6.0.2",
        'click<9; python_version > "3"',
        'moto>=5; extra == "x"',
    ]
    assert [bounds_of(one, requirements) for one in ("aliyun-mns-sdk", "pyyaml", "click", "moto", "mns")] == [
        "==1.3.*",
        "<7,>=6.0.2",
        "<9",
        "",
        "",
    ]


def test_a_package_that_is_missing_or_of_another_version_is_trouble_with_the_command_that_mends_it():
    assert package_of("click", "8.3.0", "<9").state == "ok"
    for version in (None, "9.0"):
        finding = package_of("click", version, "<9")
        assert (finding.state, finding.advice) == ("trouble", "python -m pip install 'click<9'")


def test_a_python_that_is_too_old_is_trouble():
    assert [python_of(one, "here").state for one in ((3, 9, 18), (3, 10, 0), (3, 14, 1))] == ["trouble", "ok", "ok"]


@pytest.mark.parametrize(
    ("ahead", "state", "said"),
    [
        (0, "ok", "agrees"),
        (2, "ok", "agrees"),
        (-3, "ok", "3 s behind"),
        (300, "ok", "300 s ahead"),
        (301, "trouble", "301 s ahead"),
        (-86400, "trouble", "86400 s behind"),
    ],
)
def test_the_clock_is_compared_with_the_date_of_an_answer(ahead, state, said):
    finding = clock_of([Reached(ok("fcReach", ""), formatdate(NOON, usegmt=True), NOON + ahead)])
    assert finding.state == state
    assert said in finding.message


@pytest.mark.parametrize("shape", ["%a %b %d %H:%M:%S %Y", "%a, %d %b %Y %H:%M:%S", "%a, %d %b %Y %H:%M:%S -0000"])
def test_a_date_without_a_zone_is_gmt_wherever_this_machine_stands(shape, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    try:
        finding = clock_of([Reached(ok("fcReach", ""), time.strftime(shape, time.gmtime(NOON)), NOON)])
    finally:
        monkeypatch.undo()
        time.tzset()
    assert (finding.state, finding.message) == ("ok", "the clock agrees with the service's")


@pytest.mark.parametrize("date", [None, "yesterday", "Mon, 99 Foo 2026 00:00:00 GMT"])
def test_without_a_date_that_can_be_read_the_clock_is_skipped(date):
    finding = clock_of([Reached(ok("fcReach", ""), date, NOON)])
    assert (finding.state, finding.message) == ("skipped", "clock: no answer with a Date to compare it with")


@pytest.mark.parametrize(
    ("settings", "ask", "state", "said", "is_refused"),
    [
        (CLOUD, lambda _: "12", "ok", "account 12", False),
        (NAMELESS, lambda _: "77", "ok", "account 77", False),
        (CLOUD, lambda _: "77", "trouble", "belong to account 77, and FC_ACCOUNT_ID names 12", False),
        (CLOUD, raises(SettingsError("no credentials were found. Looked at:\n  X")), "trouble", "were found.", True),
        (CLOUD, raises(ServiceError(403, "InvalidAccessKeyId.NotFound")), "trouble", "403", True),
        (CLOUD, raises(ServiceError(503, "Busy")), "trouble", "503", False),
        (CLOUD, raises(TransportError("no way", sent=False)), "skipped", "no way", False),
        (NAMELESS, raises(TransportError("no way", sent=False)), "trouble", "no way", False),
    ],
    ids=["same", "new", "other", "none", "key", "busy", "known", "unknown"],
)
def test_whose_credentials_these_are_is_held_against_the_account_that_is_named(settings, ask, state, said, is_refused):
    identity = identity_of(settings, ask)
    assert (identity.finding.state, identity.is_refused) == (state, is_refused)
    assert said in identity.finding.message
    assert "\n" not in identity.finding.message
    assert (identity.finding.advice is None) == (state != "trouble")


@pytest.mark.parametrize(
    ("error", "said", "advised"),
    [
        (ServiceError(403, "SignatureNotMatch"), "does not accept", "whoami"),
        (ServiceError(403, "InvalidAccessKeyId"), "does not accept", "whoami"),
        (ServiceError(401, None), "does not accept", "whoami"),
        (ServiceError(403, "AccessDenied"), "may not list queues", "mns:ListQueue"),
        (ServiceError(503, "Busy"), "503", "answers no"),
        (TransportError("broke", sent=True), "broke", "again"),
    ],
    ids=["signature", "key", "unauthorized", "permission", "busy", "broken"],
)
def test_a_refusal_tells_the_key_from_the_permission(error, said, advised):
    finding = access_of(Call("mnsAccess", "MNS", "list queues", "mns:ListQueue", raises(error)))
    assert finding.state == "trouble"
    assert said in finding.message
    assert advised in finding.advice


def test_nothing_is_waited_for_beyond_its_deadline():
    never = threading.Event()
    with pytest.raises(FcAsyncError, match="asking: no end within"):
        within(0.01, "asking", never.wait)
    never.set()


def test_what_keeps_to_its_deadline_returns_or_raises_as_it_does():
    assert within(60, "asking", lambda: None) is None
    with pytest.raises(SettingsError, match="mine"):
        within(60, "asking", raises(SettingsError("mine")))

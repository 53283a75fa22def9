"""verify_notification: what the service signed passes, and nothing else does."""

import base64
import hashlib
import time
from datetime import timedelta
from email.message import Message

import pytest
from multidict import CIMultiDict

from fc_async import ArgumentError, FcAsyncError, NotificationError, TransportError, verify_notification
from tests.peer import Drop, Peer
from tests.pushes import NOW, URL, a_push, certificate, encoded

MINE = {URL: certificate("service")}
EVIL = "https://mnstest.oss-cn-hangzhou.aliyuncs.com.evil.example/x.pem"
SECRET = "sesame-4711"


def verify(push, **details):
    return verify_notification(*push.parts(), **{"certificates": MINE, "now": NOW, **details})


def refusal(push, **details):
    with pytest.raises(NotificationError) as caught:
        verify(push, **details)
    assert SECRET not in str(caught.value)
    assert isinstance(caught.value, ValueError)
    assert caught.value.__cause__ is None
    return str(caught.value)


def test_what_the_service_signed_passes():
    assert verify(a_push()) is None
    assert verify(a_push(body=b"", target="/")) is None
    assert verify(a_push(), certificates={URL: certificate("service").decode()}) is None


def test_names_of_headers_may_have_any_case_and_other_headers_any_value():
    push = a_push()
    upper = {name.upper(): f" {value}\t" for name, value in push.headers.items()}
    assert verify(push.but(headers={**upper, "X-Forwarded-For": "\u540d\n", "Cookie": "a\r\nb"})) is None
    assert verify(push.but(headers=CIMultiDict(push.headers))) is None
    of_http_server = Message()
    for name, value in push.headers.items():
        of_http_server[name] = value
    assert verify(push.but(headers=of_http_server)) is None


@pytest.mark.parametrize(
    "written",
    [
        lambda digest: base64.b64encode(digest.hexdigest().encode()).decode(),
        lambda digest: base64.b64encode(digest.hexdigest().upper().encode()).decode(),
        lambda digest: base64.b64encode(digest.digest()).decode(),
        lambda digest: digest.hexdigest(),
        lambda digest: digest.hexdigest().upper(),
    ],
    ids=["base64 of hex", "base64 of upper hex", "base64", "hex", "upper hex"],
)
def test_the_content_md5_may_be_written_in_every_way_that_clients_of_the_service_do(written):
    push = a_push(body=b"abc")
    told = push.header("Content-MD5", written(hashlib.md5(b"abc", usedforsecurity=False))).signed()
    assert verify(told) is None
    assert "Content-MD5" in refusal(told.but(body=b"abd"))


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_tag_that_is_no_ascii_passes_however_the_framework_read_the_headers(encoding):
    sent = a_push().header("x-mns-message-tag", "w\u00e4rn").signed(encoding="utf-8")
    as_read = "w\u00e4rn" if encoding == "utf-8" else "w\u00e4rn".encode().decode("latin-1")
    assert verify(sent.header("x-mns-message-tag", as_read)) is None


@pytest.mark.parametrize(
    ("push", "says"),
    [
        (a_push().signed("forger"), "signature"),
        (a_push().but(body=b'{"TopicName":"alarm","Message":"sesame-4711"}'), "Content-MD5"),
        (a_push().but(body=b""), "Content-MD5"),
        (a_push().header("Date", "Fri, 25 Sep 2026 01:31:28 GMT"), "signature"),
        (a_push().header("Content-Type", "text/plain"), "signature"),
        (a_push().header("x-mns-version", "2016-06-06"), "signature"),
        (a_push().header("x-mns-version", None), "signature"),
        (a_push().header("x-mns-message-id", SECRET), "signature"),
        (a_push().but(target="/notified"), "signature"),
        (a_push().but(method="PUT"), "signature"),
        (a_push().header("Authorization", "c2VzYW1lLTQ3MTE="), "signature"),
        (a_push().header("Authorization", "MNS id:c2VzYW1l"), "base64"),
        (a_push().header("Authorization", "\u540d"), "base64"),
        (a_push().header("Authorization", "!" + a_push().headers["Authorization"]), "base64"),
        (a_push().header("Content-MD5", "\u540d"), "Content-MD5"),
    ],
)
def test_a_forged_or_altered_push_is_none(push, says):
    assert says in refusal(push)


@pytest.mark.parametrize("name", ["Authorization", "Content-MD5", "Date", "x-mns-signing-cert-url"])
@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_push_without_what_proves_it_is_none(name, value):
    push = a_push().header(name, value)
    assert f"{name.lower()} is missing" in refusal(push if name == "Authorization" else push.signed())


@pytest.mark.parametrize(
    ("target", "method"),
    [
        ("/a\nb", "POST"),
        ("/a\r", "POST"),
        ("/a b", "POST"),
        ("/\x00", "POST"),
        ("/\u540d", "POST"),
        ("", "POST"),
        ("notified", "POST"),
        ("http://host/notified", "POST"),
        ("/", "post"),
        ("/", "POST\n"),
        ("/", ""),
        (None, "POST"),
        ("/", None),
    ],
)
def test_a_target_or_method_that_no_request_has_makes_a_push_none(target, method):
    assert "expected" in refusal(a_push().but(target=target, method=method))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Content-Type", "text/xml\nx"),
        ("Date", "Fri, 25 Sep 2026 01:31:29 GMT\r\nx-mns-a: b"),
        ("x-mns-version", "a\x00b"),
        ("x-mns-a:b", "c"),
        ("x-mns-a\nb", "c"),
    ],
)
def test_a_header_that_could_move_the_lines_that_are_signed_makes_a_push_none(name, value):
    assert "characters that none can have" in refusal(a_push().header(name, value))


def test_a_header_that_came_twice_makes_a_push_none():
    push = a_push()
    twice = CIMultiDict([*push.headers.items(), ("date", push.headers["Date"])])
    assert "date came twice" in refusal(push.but(headers=twice))
    assert "date came twice" in refusal(push.but(headers={**push.headers, "date": push.headers["Date"]}))


@pytest.mark.parametrize("seconds", [900, -900, 0])
def test_a_push_at_the_edge_of_its_window_passes(seconds):
    assert verify(a_push(), now=NOW + seconds) is None


@pytest.mark.parametrize("seconds", [901, -901, 1e12, float("nan"), float("inf")])
def test_a_push_outside_its_window_is_none(seconds):
    assert "seconds from now" in refusal(a_push(), now=NOW + seconds)


def test_the_window_is_the_callers():
    assert verify(a_push(), max_age_seconds=timedelta(hours=1), now=NOW + 3600) is None
    assert verify(a_push(), max_age_seconds=0) is None
    assert verify(a_push(), max_age_seconds=None, now=NOW * 2) is None
    assert "5 are allowed" in refusal(a_push(), max_age_seconds=5, now=NOW + 6)


def test_without_now_it_is_the_machines_clock():
    assert verify(a_push(at=time.time()), now=None) is None
    assert "seconds from now" in refusal(a_push(at=0), now=None)


@pytest.mark.parametrize(
    "date",
    [
        "yesterday",
        "2026-09-25T01:31:29Z",
        "1790299889",
        "Fri, 99 Sep 2026 01:31:29 GMT",
        "Fri, 25 Sep 0000 01:31:29 GMT",
        "Fri, 25 Sep 2026 01:31:29 +0000",
        "Fri, 25 Xyz 2026 01:31:29 GMT",
        "Fri, 25 Sep 2026 99:99:99 GMT",
    ],
)
def test_a_date_that_is_none_makes_a_push_none(date):
    assert "expected a Date" in refusal(a_push().header("Date", date).signed())


@pytest.mark.parametrize(
    "url",
    [
        EVIL,
        URL.replace("https", "http"),
        URL.replace("https", "HTTPS"),
        URL.replace("https://", "https://user@"),
        URL.replace("https://", "https://user:pass@"),
        URL.replace(".com/", ".com:443/"),
        URL.replace(".com/", ".com:8443/"),
        URL.replace(".com/", ".com./"),
        URL.replace("mnstest", "MNStest"),
        URL.replace("mnstest", "mnstest2"),
        URL.replace("mnstest.", ""),
        URL.replace("mnstest.", "mnstest-"),
        URL.replace(".com/", "-com/"),
        URL.replace("hangzhou.aliyuncs", "hangzhou-aliyuncs"),
        URL.replace("https://", "https:\\\\"),
        f"https://evil.example/{URL}",
        f"https://evil.example#{URL}",
        f"https://evil.example\\@{URL.partition('://')[2]}",
        f"{URL}?x=1",
        f"{URL}#x",
        f"{URL}\n",
        f" {URL}",
        "https://mnstest.oss-cn-hangzhou.aliyuncs.com",
        "file:///etc/hostname",
        "",
    ],
)
def test_a_certificate_of_another_place_is_never_fetched(url, monkeypatch):
    with Peer(Drop()) as proxy:
        for name in ("https_proxy", "http_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        assert "cert" in refusal(a_push(url).signed("forger"), certificates={})
        assert "cert" in refusal(a_push(url), certificates=None)
        assert proxy.requests == []


def test_the_services_certificate_is_asked_of_its_place_alone_and_no_answer_proves_nothing(monkeypatch):
    with Peer(Drop()) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        with pytest.raises(TransportError):
            verify(a_push(), certificates=None)
        assert [(one.method, one.target) for one in proxy.requests] == [
            ("CONNECT", "mnstest.oss-cn-hangzhou.aliyuncs.com:443")
        ]


def test_a_url_of_the_callers_own_is_believed_as_it_stands():
    url = "http://127.0.0.1:9700/_local/certificate.pem"
    assert verify(a_push(url), certificates={url: certificate("service")}) is None
    assert "another place" in refusal(a_push(url + "?"), certificates={url: certificate("service")})
    assert "signature" in refusal(a_push(url), certificates={url: certificate("forger")})


@pytest.mark.parametrize("value", ["", "%%%", "aHR0cHM6", encoded("\u540d"), "A" * 4096, "\u540d"])
def test_a_certificate_that_is_named_in_no_readable_way_makes_a_push_none(value):
    assert "cert" in refusal(a_push().header("x-mns-signing-cert-url", value).signed())


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"hello",
        "hello",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "\ud800",
        certificate("elliptic"),
        certificate("service")[:300],
        b"\xff" * 100,
    ],
    ids=["empty", "bytes", "text", "damaged", "surrogate", "elliptic", "cut", "binary"],
)
def test_a_certificate_that_is_none_proves_nothing(pem):
    assert "X.509 certificate" in refusal(a_push(), certificates={URL: pem})


@pytest.mark.parametrize(
    "details",
    [
        {"certificates": {URL: 7}},
        {"certificates": [URL]},
        {"certificates": URL},
        {"max_age_seconds": -1},
        {"max_age_seconds": "900"},
        {"now": "today"},
        {"now": True},
        {"now": 10**400},
    ],
    ids=lambda details: next(iter(details)),
)
def test_an_argument_of_the_wrong_kind_is_told(details):
    with pytest.raises(ArgumentError):
        verify(a_push(), **details)


def test_a_body_or_headers_that_were_decoded_are_told():
    push = a_push()
    raw = [(name.encode(), value.encode()) for name, value in push.headers.items()]
    decoded = ({b"date": b"x"}, {"date": 7}, raw, None)
    for wrong in (push.but(body="text"), *(push.but(headers=headers) for headers in decoded)):
        with pytest.raises(ArgumentError) as caught:
            verify(wrong)
        assert isinstance(caught.value, FcAsyncError)
    assert verify(push.but(body=bytearray(push.body))) is None
    assert verify(push.but(body=memoryview(push.body))) is None

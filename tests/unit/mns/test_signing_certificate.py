"""The service's certificates: fetched once an hour, kept in bounds, and only what is one."""

import pytest

from fc_async import NotificationError, TransportError
from fc_async.mns.signing_certificate import SigningCertificates
from fc_async.transport.adapter import Answer
from tests.pushes import URL, certificate, key


class Place:
    """Answers for the service's bucket, counts the questions, and has a clock that the test moves."""

    def __init__(self, status=200, body=b""):
        self.status, self.body, self.asked, self.seconds = status, body or certificate("service"), [], 0.0
        self.certificates = SigningCertificates(self.fetch, lambda: self.seconds, keep_seconds=3600, most=2)

    def fetch(self, url):
        self.asked.append(url)
        if self.status == 0:
            raise TransportError("no answer", sent=False)
        return Answer(self.status, {}, self.body)

    def numbers(self, url=URL):
        return self.certificates.key(url, None).public_numbers()


def test_a_certificate_is_fetched_once_an_hour():
    place = Place()
    for place.seconds in (0.0, 1.0, 3600.0):
        assert place.numbers() == key("service").public_key().public_numbers()
    assert place.asked == [URL]
    place.seconds, place.body = 3601.0, certificate("forger")
    assert place.numbers() == key("forger").public_key().public_numbers()
    assert place.asked == [URL, URL]


def test_what_is_kept_is_bounded_and_the_oldest_goes_first():
    place = Place()
    urls = [URL.replace("x509", f"x{number}") for number in range(3)]
    for url in (*urls, urls[2], urls[1], urls[0]):
        place.numbers(url)
    assert place.asked == [*urls, urls[0]]


@pytest.mark.parametrize("status", [204, 301, 302, 307, 404, 500])
def test_an_answer_that_is_no_certificate_is_told_and_asked_for_again(status):
    place = Place(status)
    for _ in range(2):
        with pytest.raises(NotificationError, match=f"answered {status}"):
            place.numbers()
    assert len(place.asked) == 2
    place.status = 200
    assert place.numbers()


@pytest.mark.parametrize("body", [b" ", b"<html/>", certificate("elliptic")], ids=["blank", "html", "elliptic"])
def test_what_is_no_certificate_is_not_kept(body):
    place = Place(body=body)
    with pytest.raises(NotificationError, match=r"X\.509"):
        place.numbers()
    place.body = certificate("service")
    assert place.numbers()


def test_no_answer_is_no_verdict():
    with pytest.raises(TransportError):
        Place(status=0).numbers()


def test_what_the_caller_hands_over_is_not_fetched():
    place = Place()
    assert place.certificates.key(URL, {URL: certificate("service")})
    assert place.asked == []

import ssl

import pytest
import requests
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError, ProtocolError, ReadTimeoutError

from fc_async.transport.failure import failure_of


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
    assert failure_of("https://host/", error, 30).sent is sent


def test_what_the_caller_was_handling_does_not_make_a_failure_unsent() -> None:
    error = requests.ConnectionError(ProtocolError("aborted"))
    error.__context__ = requests.ConnectTimeout("an earlier one")
    assert failure_of("https://host/", error).sent

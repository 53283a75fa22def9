"""How long a synchronous invocation may take: the function's own timeout, where it can be had."""

from typing import Any

import pytest
from alibabacloud_fc20230330.models import Function

from fc_async.errors import ServiceError
from fc_async.functions.calls import Calls
from fc_async.functions.invocations import Invocations
from fc_async.settings.search import find_settings


def invocations(found: Function | ServiceError) -> Invocations:
    """Return the part of a client that finds this function, or this error."""

    def get_function(name: str, *, qualifier: str | None) -> Any:
        assert (name, qualifier) == ("main", "prod")
        if isinstance(found, ServiceError):
            raise found
        return found

    def registered(*_: Any, **__: Any) -> Any:
        raise AssertionError("a synchronous invocation has no task")

    settings = find_settings("fc", endpoint="http://127.0.0.1:1", environment={}, home=None)
    calls = Calls(settings, connect_timeout_seconds=5, read_timeout_seconds=30)
    return Invocations(calls, registered=registered, get_function=get_function)


@pytest.mark.parametrize(
    ("timeout", "seconds"),
    [(60, 70), (1, 11), (86400, 86410), (None, None), (0, None), (-1, None), (86401, None), (10**30, None)],
)
def test_an_invocation_may_take_the_functions_own_timeout_and_ten_seconds(
    timeout: int | None, seconds: int | None
) -> None:
    assert invocations(Function(timeout=timeout)).longest_wait("main", "prod") == seconds


def test_a_function_that_may_not_be_read_leaves_the_wait_to_the_client() -> None:
    assert invocations(ServiceError(403, "AccessDenied")).longest_wait("main", "prod") is None


def test_a_function_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ServiceError, match="FunctionNotFound"):
        invocations(ServiceError(404, "FunctionNotFound")).longest_wait("main", "prod")

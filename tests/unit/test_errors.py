"""Every error survives pickling and copying, as one that crosses processes must."""

import copy
import inspect
import pickle

import pytest

from fc_async import errors
from fc_async.errors import (
    FcAsyncError,
    FunctionError,
    NotificationError,
    RecordError,
    ReplaceIncomplete,
    ServiceError,
    TransportError,
)

EXAMPLES: list[FcAsyncError] = [
    ServiceError(404, "FunctionNotFound", "1-a", message="no such function", action="get_config main"),
    ServiceError(500),
    FunctionError(None, b"{}", "1-a"),
    TransportError("nothing was sent", sent=False),
    TransportError("it may have arrived", sent=True),
    ReplaceIncomplete({"old": 1}, "fc-async config set main", is_gone=False),
    RecordError("no JSON", b"<html>", 3),
    *(
        getattr(errors, name)("a sentence")
        for name in (
            "FcAsyncError",
            "ArgumentError",
            "SettingsError",
            "DocumentError",
            "TaskTimeout",
            "LocalError",
            "SpoolError",
            "PlanMoved",
        )
    ),
    NotificationError("the header date is missing"),
]


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_an_error_is_the_same_after_pickling_and_copying(error: FcAsyncError) -> None:
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):  # noqa: S301 - our own
        assert (type(twin), str(twin), vars(twin)) == (type(error), str(error), vars(error))


def test_every_error_of_the_tree_has_its_example() -> None:
    kinds = {one for _, one in inspect.getmembers(errors, inspect.isclass) if issubclass(one, FcAsyncError)}
    assert kinds == {type(one) for one in EXAMPLES}

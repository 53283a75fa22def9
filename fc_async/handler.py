"""Decorators for functions that are destinations: Function Compute calls them, they are given typed records.

    @on_failure
    def handler(record, context):
        print(record.request_id, record.error.type)

A record that cannot be read raises RecordError, so that the service's own retry and the function's own destination
apply to it; what to do instead can be given as `unreadable=`.
"""

from __future__ import annotations

from functools import partial, wraps

from .errors import RecordError
from .record import parse_record, parse_records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Handler = Callable[..., Any]
    Unreadable = Callable[[RecordError, Any], Any]


def destination_handler(
    function: Handler | None = None, /, *, many: bool = False, unreadable: Unreadable | None = None
) -> Handler:
    """Give a function `(record, context)` in place of the raw event.

    The service delivers at least once: deduplicate by `record.request_id`.

    Args:
        function: the handler; left out when options are given.
        many: False: exactly one record, an event with more raises RecordError. True: `(records, context)` with a list;
            an exception then repeats the whole batch, also the records that were done.
        unreadable: called as `unreadable(error, context)` where the event cannot be read (with `many`, where any of its
            records cannot); its result is the handler's. None: RecordError is raised.

    Returns:
        A handler `(event, context)` with the function's name and docstring.
    """
    return _decorate(function, None, many, unreadable)


def on_failure(
    function: Handler | None = None, /, *, many: bool = False, unreadable: Unreadable | None = None
) -> Handler:
    """Like `destination_handler`, for failures only.

    A success answers None without a call, and the first one is logged as a warning (with `many`, successes are left
    out of the list, and a list without failures answers None).
    """
    return _decorate(function, False, many, unreadable)


def on_success(
    function: Handler | None = None, /, *, many: bool = False, unreadable: Unreadable | None = None
) -> Handler:
    """Like `destination_handler`, for successes only.

    A failure answers None without a call, and the first one is logged as a warning (with `many`, failures are left out
    of the list, and a list without successes answers None).
    """
    return _decorate(function, True, many, unreadable)


def _decorate(function: Handler | None, success: bool | None, many: bool, unreadable: Unreadable | None) -> Handler:
    if function is None:
        return partial(_decorate, success=success, many=many, unreadable=unreadable)
    warned: list[str] = []

    @wraps(function)
    def handler(event: Any, context: Any = None) -> Any:
        try:
            found = parse_records(event) if many else [parse_record(event)]
        except RecordError as error:
            if unreadable is None:
                raise
            return unreadable(error, context)
        wanted = [record for record in found if success is None or record.is_success is success]
        if len(wanted) < len(found) and not warned:
            warned.append(_warn(function, success))
        if success is not None and not wanted:
            return None
        return function(wanted if many else wanted[0], context)

    return handler


def _warn(function: Handler, success: bool | None) -> str:
    import logging

    took, got = ("successes", "failure") if success else ("failures", "success")
    message = f"{getattr(function, '__name__', 'the handler')} takes {took} only: a {got} was skipped (said once)"
    logging.getLogger("fc_async").warning("%s", message)
    return message

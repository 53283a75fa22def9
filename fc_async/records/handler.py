"""Decorators for functions that are destinations: Function Compute calls them, they are given typed records.

    @on_failure
    def handler(record, context):
        print(record.request_id, record.error.type)

A record that cannot be read raises RecordError, so that the service's own retry and the function's own destination
apply to it; what to do instead can be given as `unreadable=`. With `many=True` one bad record raises for the whole
batch, unless there is an `unreadable`, which is handed each bad one: then the good ones reach the handler.
"""

from __future__ import annotations

from functools import partial, wraps

from ..errors import ArgumentError, RecordError
from .record import iter_records, parse_record, parse_records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Literal, Protocol, TypeVar, overload

    from typing_extensions import Never

    from .record import InvocationRecord

    R = TypeVar("R")
    U = TypeVar("U")
    U_co = TypeVar("U_co", covariant=True)
    S_co = TypeVar("S_co", covariant=True)

    Handler = Callable[[Any, Any], R]
    Unreadable = Callable[[RecordError, Any], Any]

    class One(Protocol[U_co]):
        """Decorates `(record, context)`; U_co: what the handler may also answer."""

        def __call__(self, function: Callable[[InvocationRecord, Any], R], /) -> Handler[R | U_co]: ...

    class Many(Protocol[U_co]):
        """Decorates `(records, context)`."""

        def __call__(self, function: Callable[[list[InvocationRecord], Any], R], /) -> Handler[R | U_co]: ...

    class Decorator(Protocol[S_co]):
        """What the three decorators are to a type checker; S_co: what is answered for a record that is skipped."""

        @overload
        def __call__(self, function: Callable[[InvocationRecord, Any], R], /) -> Handler[R | S_co]: ...
        @overload
        def __call__(self, *, many: Literal[False] = False, unreadable: None = None) -> One[S_co]: ...
        @overload
        def __call__(
            self, *, many: Literal[False] = False, unreadable: Callable[[RecordError, Any], U]
        ) -> One[S_co | U]: ...
        @overload
        def __call__(self, *, many: Literal[True], unreadable: None = None) -> Many[S_co]: ...
        @overload
        def __call__(self, *, many: Literal[True], unreadable: Callable[[RecordError, Any], Any]) -> Many[None]: ...

    def _always(function: Callable[..., Any]) -> Decorator[Never]: ...
    def _or_none(function: Callable[..., Any]) -> Decorator[None]: ...
else:

    def _always(function):
        """Give a decorator its type, for type checkers only."""
        return function

    _or_none = _always


@_always
def destination_handler(function: Any = None, /, *, many: bool = False, unreadable: Unreadable | None = None) -> Any:
    """Give a function `(record, context)` in place of the raw event. Plain functions only: the service awaits nothing.

    The service delivers at least once: deduplicate by `record.request_id`.

    Args:
        function: the handler; left out when options are given.
        many: False: exactly one record, an event with more raises RecordError. True: `(records, context)` with a list;
            an exception then repeats the whole batch, also the records that were done.
        unreadable: called as `unreadable(error, context)` where the event cannot be read; its result is the handler's.
            With `many` it is called for each record that cannot be read, its result is ignored, and the good ones then
            reach the handler in one list; without a good one the handler is not called, and the answer is None.
            None: RecordError is raised; with `many` one bad record raises for the whole batch.

    Returns:
        A handler `(event, context)` with the function's name and docstring.

    Raises:
        ArgumentError: at decoration, when `function` or `unreadable` cannot be called, or is a coroutine function.
    """
    return _decorate(function, None, many, unreadable)


@_or_none
def on_failure(function: Any = None, /, *, many: bool = False, unreadable: Unreadable | None = None) -> Any:
    """Like `destination_handler`, for failures only.

    A success answers None without a call, and the first one is logged as a warning (with `many`, successes are left
    out of the list, and a list without failures answers None).
    """
    return _decorate(function, False, many, unreadable)


@_or_none
def on_success(function: Any = None, /, *, many: bool = False, unreadable: Unreadable | None = None) -> Any:
    """Like `destination_handler`, for successes only.

    A failure answers None without a call, and the first one is logged as a warning (with `many`, failures are left out
    of the list, and a list without successes answers None).
    """
    return _decorate(function, True, many, unreadable)


def _decorate(function: Any, success: bool | None, many: bool, unreadable: Unreadable | None) -> Any:
    if unreadable is not None:
        _check(unreadable, "unreadable")
    if function is None:
        return partial(_decorated, success=success, many=many, unreadable=unreadable)
    return _decorated(function, success, many, unreadable)


def _decorated(
    function: Callable[..., Any], success: bool | None, many: bool, unreadable: Unreadable | None
) -> Handler[Any]:
    _check(function, "the handler")
    warned: list[str] = []

    @wraps(function)
    def handler(event: Any, context: Any = None) -> Any:
        if many and unreadable is not None:
            found = _readable(event, context, unreadable)
            if not found:
                return None
        else:
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


def _readable(event: Any, context: Any, unreadable: Unreadable) -> list[InvocationRecord]:
    """Return the good records of an event; each bad one is handed over."""
    good = []
    for found in iter_records(event):
        if isinstance(found, RecordError):
            unreadable(found, context)
        else:
            good.append(found)
    return good


def _check(function: Any, what: str) -> None:
    if not callable(function):
        raise ArgumentError(f"expected {what} to be a function, got {type(function).__name__}")
    inner = getattr(function, "func", function)  # of a partial
    code = getattr(inner, "__code__", None) or getattr(type(inner).__call__, "__code__", None)
    if code is not None and code.co_flags & _ASYNC:
        raise ArgumentError(f"expected {what} to be a plain function, got an async one, which would not be awaited")


_ASYNC = 0x80 | 0x200  # CO_COROUTINE, CO_ASYNC_GENERATOR; `inspect`, which names them, is not loaded at cold start


def _warn(function: Callable[..., Any], success: bool | None) -> str:
    import logging

    took, got = ("successes", "failure") if success else ("failures", "success")
    message = f"{getattr(function, '__name__', 'the handler')} takes {took} only: a {got} was skipped (said once)"
    logging.getLogger("fc_async").warning("%s", message)
    return message

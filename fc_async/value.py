"""A frozen value with named parts: what the files that run inside functions use in place of a dataclass.

Written by hand because `dataclasses` loads `inspect`: half of what a handler may spend at cold start.
"""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` itself is not loaded: cold start
if TYPE_CHECKING:
    from typing import Any, ClassVar, NoReturn

    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_options):
        """Tell type checkers alone that the parts cannot be assigned."""
        return lambda decorated: decorated


_set = object.__setattr__


@dataclass_transform(frozen_default=True)
class Value:
    """Base of the frozen values: equal when class and parts are equal.

    The parts are the `__slots__`, in order; a class that adds none of its own has those of its base.
    """

    __slots__: ClassVar[tuple[str, ...]] = ()
    _names: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        if cls.__slots__:
            cls._names = cls.__slots__

    def _fill(self, *parts: Any) -> None:
        for name, part in zip(self._names, parts, strict=True):
            _set(self, name, part)

    def _parts(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self._names)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Value) and self.__class__ is other.__class__ and self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash((self.__class__, self._parts()))

    def __repr__(self) -> str:
        parts = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._names)
        return f"{self.__class__.__name__}({parts})"

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(f"{self.__class__.__name__} is frozen: build a new one with what is to be different")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{self.__class__.__name__} is frozen")

    def __reduce__(self) -> tuple[Any, ...]:
        return (self.__class__, self._parts())

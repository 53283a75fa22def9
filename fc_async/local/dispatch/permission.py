"""Whether the cloud would let a record go to its destination, where an assumption says that it is lost otherwise."""

from __future__ import annotations

from ..assumptions import Assumptions
from ..catalog.fc_errors import FcError
from ..catalog.functions import FunctionCatalog
from ..engine.invocation import Deliver


class Permission:
    """Says why a record may not go.

    Args:
        catalog: the functions and their roles.
        assumptions: which needs count.
    """

    def __init__(self, catalog: FunctionCatalog, assumptions: Assumptions) -> None:
        self._catalog = catalog
        self._assumed = assumptions

    def refusal(self, item: Deliver) -> str | None:
        """Return why a record may not go to its destination; None where it may, or what was invoked is gone."""
        if not (self._assumed.destination_needs_role or self._assumed.destination_crosses_region):
            return None
        try:
            function = self._catalog.resolve(item.function, item.invocation.qualifier)
        except FcError:
            return None
        for need in self._catalog.missing_needs(function.spec.role, item.destination):
            if getattr(self._assumed, need.assumption):
                return f"{need.reason} ({need.assumption})"
        return None

"""Warnings, once each, of a destination to which the cloud would deliver nothing."""

from __future__ import annotations

import logging

from ..assumptions import Assumptions
from ..catalog.control_plane import ControlPlane

log = logging.getLogger("fc_async.local")


class DestinationWarnings:
    """Looks at an async config that was put.

    Args:
        control_plane: functions and async configs.
        assumptions: whether such a record is lost here too.
    """

    def __init__(self, control_plane: ControlPlane, assumptions: Assumptions) -> None:
        self._plane = control_plane
        self._assumed = assumptions
        self._said: set[tuple[str, str, str]] = set()

    def look(self, name: str, qualifier: str | None) -> None:
        """Warn of each destination of a config that has not what it needs, unless that was said before."""
        for destination, need in self._plane.missing_needs(name, qualifier):
            about = (name, destination, need.assumption)
            if about in self._said:
                continue
            self._said.add(about)
            is_lost = getattr(self._assumed, need.assumption)
            here = "lost here, too" if is_lost else f"delivered here all the same, unless {need.assumption}=true"
            log.warning("function %s: destination %s: %s; %s", name, destination, need.reason, here)

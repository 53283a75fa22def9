"""The parts of a service that hold what outlives the process."""

from __future__ import annotations

from dataclasses import dataclass

from ..catalog.control_plane import ControlPlane
from ..dispatch.delivery import Delivery
from ..engine.engine import Engine
from ..mailbox.mailbox import Mailbox
from ..mailbox.topics import Topics


@dataclass(frozen=True)
class Parts:
    """What a service holds that outlives the process.

    Args:
        control_plane: functions, with all that belongs to them.
        engine: invocations.
        mailbox: queues and messages.
        topics: topics, subscriptions and pushes.
        delivery: records that wait for another try.
    """

    control_plane: ControlPlane
    engine: Engine
    mailbox: Mailbox
    topics: Topics
    delivery: Delivery

"""Where spools lie, how they are named, and which of them are of one queue."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

SUFFIX = ".spool"
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]")


@dataclass(frozen=True)
class SpoolPlace:
    """Whose letters a spool holds.

    Args:
        account_id: account id; "" where it is not known.
        region: region id; "" where it is not known.
        queue: name of the queue.
        endpoint: where MNS was asked.
    """

    account_id: str
    region: str
    queue: str
    endpoint: str

    @property
    def prefix(self) -> str:
        """What the names of its spools begin with."""
        return _UNSAFE.sub("_", f"{self.account_id}-{self.region}-{self.queue}-")


def is_spool(text: str) -> bool:
    """Whether an argument names a spool: it ends in `.spool` or holds a `/`; anything else is a queue's name."""
    return text.endswith(SUFFIX) or "/" in text


def spools_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of spools: `$XDG_STATE_HOME/fc-async/spools`, by default in `~/.local/state`."""
    state = environ.get("XDG_STATE_HOME", "")
    base = Path(state) if state.startswith("/") else Path.home() / ".local" / "state"
    return base / "fc-async" / "spools"


def default_path(place: SpoolPlace, now: datetime, folder: Path | None = None) -> Path:
    """Return where a new spool of a queue lies; nothing is made.

    Args:
        place: whose letters it will hold.
        now: the time.
        folder: where it lies; None: the folder of spools.
    """
    folder = spools_folder() if folder is None else folder
    stamp = now.astimezone(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    return folder / f"{place.prefix}{stamp}-{os.getpid()}{SUFFIX}"

"""A process that imports the fixture's code, starts the service, and prints both times in ms; what is measured."""

from __future__ import annotations

import sys
import time


def main() -> None:
    """Import, start, print."""
    started = time.perf_counter()
    from fc_async.testing import local

    imported = time.perf_counter()
    with local():
        ready = time.perf_counter()
    sys.stdout.write(f"{(imported - started) * 1000} {(ready - imported) * 1000}\n")


if __name__ == "__main__":
    main()

"""What the service costs while nothing happens, and what it holds: `python -m tests.bench.local_idle`.

Idle: processor time of the service and of its warm workers over 20 seconds, after each worker has run once. Waiting:
resident memory of a service with --workers 0 before and after 100,000 invocations of 1 KB. Linux only (/proc).
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from tests.bench import bare_server, report, servers
from tests.bench.raw_client import RawClient, post

IDLE_SECONDS = 20
WORKERS = 2
WAITING = 100_000


def main() -> None:
    """Measure and print."""
    with servers.local_up("--workers", str(WORKERS)) as (port, pid):
        client = RawClient(port, post(bare_server.PATH, b"x"), connections=WORKERS, status=200)
        client.rate(10 * WORKERS)
        processes = [pid, *children_of(pid)]
        before = sum(cpu_seconds(process) for process in processes)
        time.sleep(IDLE_SECONDS)
        used = sum(cpu_seconds(process) for process in processes) - before
        client.close()
    report.row(
        f"idle, {len(processes) - 1} warm workers",
        f"{100 * used / IDLE_SECONDS:.2f} % of a core",
        f"over {IDLE_SECONDS} s",
        "",
        "< 1 %",
    )
    with servers.local_up("--workers", "0") as (port, pid):
        request = post(bare_server.PATH, b"x" * 1024, X_Fc_Invocation_Type="Async")
        client = RawClient(port, request, connections=8, status=202)
        empty_mb = resident_mb(pid)
        client.rate(WAITING)
        full_mb = resident_mb(pid)
        client.close()
    report.row(f"{WAITING:,} waiting, 1 KB each", f"{full_mb:.0f} MB", f"empty {empty_mb:.0f} MB", "", "< 400 MB")


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has used."""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def children_of(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if int(_stat(int(path.name))[1]) == pid:
                found.append(int(path.name))
        except OSError:
            continue  # it has ended since
    return found


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat from the third on."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def resident_mb(pid: int) -> float:
    """Return how much memory a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024**2


if __name__ == "__main__":
    main()
    report.say(f"\n{report.machine()}")

"""How long it takes from starting the process to its first HTTP answer: `python -m tests.bench.local_ready`.

`fc-async local up` beside an empty aiohttp + click + pydantic server, and beside moto_server where it is installed
(`pip install --group bench`).
"""

from __future__ import annotations

import http.client
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

from tests.bench import report
from tests.bench.servers import LOCAL_UP, environment

ROUNDS = 15
BAR = 1.6
DEADLINE_SECONDS = 30


def main() -> None:
    """Measure and print."""
    rounds = report.rounds_from(sys.argv, ROUNDS)
    commands = {
        "empty": [sys.executable, "-m", "tests.bench.empty_server", "--port"],
        "local": [sys.executable, *LOCAL_UP[:-1]],
    }
    moto = Path(sys.executable).with_name("moto_server")
    if moto.exists():
        commands["moto"] = [str(moto), "-p"]
    times: dict[str, list[float]] = {name: [] for name in commands}
    for command in commands.values():
        seconds_until_ready(command)  # its bytecode and the disk's cache are warm from here on
    for _ in range(rounds):
        for name, command in commands.items():
            times[name].append(seconds_until_ready(command))
    report.row(
        "ready: first HTTP answer",
        f"{report.spread([seconds * 1000 for seconds in times['local']])} ms",
        f"empty server {report.spread([seconds * 1000 for seconds in times['empty']])} ms",
        f"{report.median_of_ratios(times['local'], times['empty']):.2f} × empty",
        f"≤ {BAR} ×",
    )
    if "moto" in times:
        moto_ms = report.spread([seconds * 1000 for seconds in times["moto"]])
        ratio = statistics.median(times["moto"]) / statistics.median(times["local"])
        report.row("ready: moto_server", f"{moto_ms} ms", "", f"{ratio:.1f} × ours", "beside it")
    else:
        report.row("ready: moto_server", "not installed", "", "", "beside it")


def seconds_until_ready(command: list[str]) -> float:
    """Start a server at a free port, wait for its first answer, kill it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    started = time.perf_counter()
    process = subprocess.Popen(
        [*command, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment()
    )
    try:
        while not answers(port):
            if time.perf_counter() - started > DEADLINE_SECONDS or process.poll() is not None:
                raise SystemExit(f"{' '.join(command)} gave no answer")
            time.sleep(0.001)
        return time.perf_counter() - started
    finally:
        process.kill()
        process.wait()


def answers(port: int) -> bool:
    """Whether the port gives an HTTP answer, of whatever status."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE_SECONDS)
    try:
        connection.request("GET", "/")
        connection.getresponse().read()
    except OSError:
        return False
    finally:
        connection.close()
    return True


if __name__ == "__main__":
    main()
    report.say(f"\n{report.machine()}")

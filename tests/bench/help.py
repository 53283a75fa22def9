"""How long `fc-async --help` takes, against `python -c "import click"`: at most 1.6 times as long.

    python tests/bench/help.py [ROUNDS]

Both are started in turn, so that whatever else the machine does meets both; the medians are compared. Exits 1 when
the bound does not hold. Not part of the tests: those never assert on speed.
"""

import statistics
import subprocess
import sys
import time

BOUND = 1.6
CLICK = [sys.executable, "-c", "import click"]
HELP = [sys.executable, "-c", "from fc_async.cli.root import run; run()", "--help"]


def seconds(command):
    """Run a command and return how long it took."""
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def main(rounds):
    for command in (CLICK, HELP):  # writes what Python caches
        seconds(command)
    pairs = [(seconds(CLICK), seconds(HELP)) for _ in range(rounds)]
    click, ours = (statistics.median(times) for times in zip(*pairs, strict=True))
    print(f'python -c "import click"  {click * 1000:6.1f} ms')
    print(f"fc-async --help           {ours * 1000:6.1f} ms, {ours / click:.2f} times (at most {BOUND})")
    return 0 if ours <= BOUND * click else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 30))

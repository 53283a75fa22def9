"""How long so many instances of the redriver take for so many letters; told what one instance does in a second.

    python simulate.py --per-instance 250

An event for each firing of the timers: the instances begin, work until shortly before their timeout, and share what the
queue lets through. Measure the letters a second of one instance with your own functions: it is `sent` of what the
function returns, divided by the seconds that it ran.
"""

import argparse
from dataclasses import dataclass

LETTERS = (10_000, 100_000, 1_000_000, 10_000_000)
INSTANCES = (1, 2, 4, 8, 16, 32, 64)

QUEUE_PER_SECOND = 10_000
"""MNS takes 20,000 operations a second from an account in a region, and a batch counts as its messages: each letter is
one received and one deleted. Source: the limits page of MNS."""

RETENTION_SECONDS = 7 * 86400
"""The longest that a queue keeps a letter."""


@dataclass(frozen=True)
class Redriver:
    """A function on timers.

    Args:
        per_second: letters that one instance sends in a second.
        timeout_seconds: the function's.
        every_seconds: between two firings; not less than the timeout.
        start_seconds: from the firing to the first letter.
        end_seconds: before its timeout, when it takes no more letters: 2 are the function's own, 10 its grace, and 5
            are for its last calls.
    """

    per_second: float
    timeout_seconds: float = 295
    every_seconds: float = 300
    start_seconds: float = 2
    end_seconds: float = 17

    def seconds(self, letters, instances):
        """Return how long so many instances take until the last letter is sent."""
        rate = min(instances * self.per_second, QUEUE_PER_SECOND)
        works = self.timeout_seconds - self.start_seconds - self.end_seconds
        firing, left = 0, letters
        while left > rate * works:
            left -= rate * works
            firing += 1
        return firing * self.every_seconds + self.start_seconds + left / rate


def main():
    arguments = argparse.ArgumentParser(description="How many instances for how many letters.")
    arguments.add_argument("--per-instance", type=float, required=True, help="letters that one sends in a second")
    per_second = arguments.parse_args().per_instance
    if not 0 < per_second < float("inf"):
        arguments.error(f"--per-instance: expected letters a second, over 0, got {per_second}")
    redriver = Redriver(per_second)
    print("| instances |", " | ".join(f"{letters:,} letters" for letters in LETTERS), "|")
    print("|---|" + "---|" * len(LETTERS))
    for instances in INSTANCES:
        print(f"| {instances} |", " | ".join(shown(redriver.seconds(one, instances)) for one in LETTERS), "|")


def shown(seconds):
    """Return a duration in its natural unit; what outlives its letters is marked."""
    if seconds > RETENTION_SECONDS:
        return f"{seconds / 86400:.1f} days (letters expire)"
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


if __name__ == "__main__":
    main()

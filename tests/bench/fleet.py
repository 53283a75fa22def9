"""How long plan and apply take for 300 functions of 3 qualifiers, beside a loop over the SDK; a call takes 20 ms.

    python -m tests.bench.fleet [ROUNDS]

The loop reads each config and, for apply, puts it. Exit 1 where plan or apply takes over 1/8 of the loop's time.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from alibabacloud_fc20230330 import models

from fc_async import AsyncInvokeConfig, Fleet, FunctionsClient, apply, plan
from fc_async.deploy.fleet import FleetFunction
from fc_async.local import LocalServer
from tests.bench.report import is_met, machine, rounds_from, row, say
from tests.bench.servers import started
from tests.contract.fc_sdk import create_function, fc_client

PROXY = Path(__file__).with_name("delaying_proxy.py")
NAMES = [f"f{number}" for number in range(300)]
QUALIFIERS = (None, "blue", "prod")
LOOP_FUNCTIONS = 20
MOST_SHARE = 1 / 8
SOURCE = "def handler(event, context):\n    pass\n"


def seconds(work: Callable[[], object]) -> float:
    """Return how long it takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def fleet(retries: int) -> Fleet:
    """Return a document's fleet, every config with so many retries."""
    config = AsyncInvokeConfig(max_async_retry_attempts=retries)
    return Fleet(tuple(FleetFunction(name, dict.fromkeys(QUALIFIERS, config)) for name in NAMES))


def read_loop(functions: FunctionsClient) -> None:
    """Read, as a script does; a part of the functions, the rest takes as long each."""
    for name in NAMES[:LOOP_FUNCTIONS]:
        for qualifier in QUALIFIERS:
            functions.sdk.get_async_invoke_config(name, models.GetAsyncInvokeConfigRequest(qualifier=qualifier))


def put_loop(functions: FunctionsClient, retries: int) -> None:
    """Read and put, as a script does."""
    for name in NAMES[:LOOP_FUNCTIONS]:
        for qualifier in QUALIFIERS:
            functions.sdk.get_async_invoke_config(name, models.GetAsyncInvokeConfigRequest(qualifier=qualifier))
            body = models.PutAsyncInvokeConfigInput(max_async_retry_attempts=retries)
            functions.sdk.put_async_invoke_config(
                name, models.PutAsyncInvokeConfigRequest(body=body, qualifier=qualifier)
            )


def set_up(url: str) -> None:
    """Put the first configs, past the proxy."""
    with FunctionsClient(endpoint=url) as direct:
        done = apply(plan(fleet(1), direct), direct)
        if len(done.done) != len(NAMES) * len(QUALIFIERS):
            raise SystemExit(f"the fleet could not be set up: {done.failed[:1]}")


def create(local: LocalServer) -> None:
    """Make the functions and their aliases."""
    client = fc_client(local)

    def one(name: str) -> None:
        create_function(client, name, SOURCE)
        for alias in QUALIFIERS[1:]:
            body = models.CreateAliasInput(alias_name=alias, version_id="LATEST")
            client.create_alias(name, models.CreateAliasRequest(body=body))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, NAMES))


def main() -> int:
    """Measure, and return the exit code."""
    rounds = rounds_from(sys.argv, 3)
    times: dict[str, list[float]] = {"plan": [], "apply": [], "read loop": [], "put loop": []}
    with LocalServer(workers=0) as local:
        create(local)
        set_up(local.url)
        with (
            started(str(PROXY), local.url.rpartition(":")[2], "0.02") as (port, _),
            FunctionsClient(endpoint=f"http://127.0.0.1:{port}") as functions,
        ):
            for at in range(rounds):
                scale = len(NAMES) / LOOP_FUNCTIONS
                times["read loop"].append(seconds(lambda: read_loop(functions)) * scale)
                found = plan(fleet(at + 2), functions)
                times["plan"].append(seconds(lambda at=at: plan(fleet(at + 2), functions)))  # type: ignore[misc]
                times["apply"].append(seconds(lambda found=found: apply(found, functions)))  # type: ignore[misc]
                times["put loop"].append(seconds(lambda at=at: put_loop(functions, at + 2)) * scale)  # type: ignore[misc]
    say(machine())
    row("what", "seconds", "the loop's seconds", "share", "bar")
    row("---", "---", "---", "---", "---")
    met = True
    for name, beside in (("plan", "read loop"), ("apply", "put loop")):
        mine, other = statistics.median(times[name]), statistics.median(times[beside])
        cells = (f"{name} of {len(NAMES)} × {len(QUALIFIERS)}", f"{mine:.2f}", f"{other:.2f}")
        met = is_met(cells, mine / other, MOST_SHARE, "of it", at_most=True) and met
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())

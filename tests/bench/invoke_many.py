"""How much sooner `invoke_many` is done than a loop over the official SDK, where every answer takes 20 ms.

    python -m tests.bench.invoke_many

Both call the same server on this machine, in turn; the medians are compared. Exit 1 when invoke_many takes more than
an eighth of the loop's time.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from statistics import median

from alibabacloud_fc20230330 import models
from alibabacloud_fc20230330.client import Client
from alibabacloud_tea_openapi.utils_models import Config
from darabonba.runtime import RuntimeOptions

from fc_async import Accepted, FunctionsClient
from tests.peer import Peer, Reply

INVOCATIONS = 300
LATENCY_SECONDS = 0.02
ROUNDS = 5
BAR = 1 / 8

ACCEPTED = Reply(202, b"", {"X-Fc-Request-Id": "1-a", "X-Fc-Async-Task-Id": "t-1"})


def loop(sdk: Client) -> None:
    """Invoke one after the other, as a script without this library does."""
    for number in range(INVOCATIONS):
        answer = sdk.invoke_function_with_options(
            "main",
            models.InvokeFunctionRequest(body=json.dumps({"number": number}).encode()),
            models.InvokeFunctionHeaders(x_fc_invocation_type="Async"),
            RuntimeOptions(),
        )
        if answer.status_code != 202:
            raise SystemExit(f"the loop was answered {answer.status_code}")


def many(client: FunctionsClient) -> None:
    """Invoke with `invoke_many` as it comes."""
    outcomes = client.invoke_many("main", [{"number": number} for number in range(INVOCATIONS)])
    if not all(isinstance(one, Accepted) for one in outcomes):
        raise SystemExit("invoke_many: not everything was accepted")


def seconds(work: Callable[[], None]) -> float:
    """Return how long it takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> int:
    """Measure in turn, print the medians, and tell whether the bar is met."""
    loops, manies = [], []
    with Peer(ACCEPTED, delay_seconds=LATENCY_SECONDS) as peer, FunctionsClient(endpoint=peer.url) as client:
        host = peer.url.removeprefix("http://")
        sdk = Client(Config(access_key_id="id", access_key_secret="secret", protocol="http", endpoint=host))
        for _ in range(ROUNDS):
            loops.append(seconds(lambda: loop(sdk)))
            manies.append(seconds(lambda: many(client)))
    ratio = median(manies) / median(loops)
    print(f"{INVOCATIONS} invocations, {LATENCY_SECONDS * 1000:g} ms each, median of {ROUNDS} rounds")
    print(f"  loop over the official SDK  {median(loops):6.2f} s")
    print(f"  invoke_many                 {median(manies):6.2f} s   {ratio:.3f} of it (bar: {BAR:.3f})")
    return 0 if ratio <= BAR else 1


if __name__ == "__main__":
    sys.exit(main())

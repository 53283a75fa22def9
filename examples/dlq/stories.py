"""Four promises of asynchronous invocation, each kept on this machine by the functions of stories.yaml.

Run it with `python stories.py`. Exits 1 as soon as one is not kept.
"""

import json
import os
import time

from demo import HERE, check, local_service, run, say, wait_for_letter

from fc_async import FunctionsClient

DEADLINE_SECONDS = 60


def main():
    with local_service("-f", str(HERE / "stories.yaml")) as url:
        os.environ["FC_ASYNC_ENDPOINT"] = url
        times_out_and_is_not_retried()
        fails_and_goes_on()
        grows_stale()
        invokes_others()
    print("\nDone: every promise was kept.")


def times_out_and_is_not_retried():
    say(1, "A function that times out, with 0 retries, runs once.")
    invoke("stories-timeout", {"seconds": 30})
    record = wait_for_letter("stories-failed")["record"]
    check("timed out after 1 seconds" in record["responsePayload"], "it was stopped after its timeout of 1 second")
    check(record["requestContext"]["approximateInvokeCount"] == 1, "it ran once")


def fails_and_goes_on():
    say(2, "A function that fails, and can be run again, succeeds within its 8 retries.")
    invoke("stories-flaky", {"steps": 9})
    record = wait_for_letter("stories-done")["record"]
    check(record["responsePayload"] == '{"steps": 9}', "all 9 steps were done")
    check(record["requestContext"]["approximateInvokeCount"] == 9, "it took the first attempt and 8 retries")


def grows_stale():
    say(3, "What has waited for longer than its maximum age (1 second) is dropped, and what comes later runs.")
    for _ in range(7):
        invoke("stories-fresh", {"seconds": 2})
    wait_until(lambda: metric("FunctionAsyncMessagesBacklogV2") == 0, "the backlog is empty")
    check(metric("FunctionAsyncEventExpiredDropped") == 5, "2 ran at once; 5 waited, were dropped, and are counted")
    accepted = invoke("stories-fresh", {"seconds": 0})
    wait_until(lambda: ended(accepted.request_id) == "Succeeded", "one that came later ran")


def invokes_others():
    say(4, "A function receives 1,000 object keys, and invokes another one for every 50 of them.")
    invoke("stories-split", {"keys": [f"photos/{number:04}.jpg" for number in range(1000)]})
    wait_until(lambda: len(succeeded("stories-collect")) == 20, "20 records of OnSuccess reached a third function")
    check(len(succeeded("stories-work")) == 20, "20 invocations of 50 keys were made and succeeded")


def invoke(function, payload):
    with FunctionsClient() as functions:
        return functions.invoke_async(function, payload)


def status(*arguments):
    return json.loads(run("fc-async", "local", "status", "-o", "json", *arguments, quiet=True))


def metric(name):
    return status()["metrics"][name]


def ended(request_id):
    return json.loads(run("fc-async", "local", "invocation", request_id, "-o", "json", quiet=True))["status"]


def succeeded(function):
    shown = status("--function", function, "--limit", "1000")["invocations"]
    return [each for each in shown if each["status"] == "Succeeded"]


def wait_until(happened, what):
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not happened() and time.monotonic() < deadline:
        time.sleep(0.2)
    check(happened(), what)


if __name__ == "__main__":
    main()

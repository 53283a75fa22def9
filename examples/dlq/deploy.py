"""A deploy script: the queues, the function, and where its outcomes go. Run it again at any time.

    python deploy.py                 # the function as it is in code/
    python deploy.py --code fixed    # the function after the fix

It acts where FC_ASYNC_ENDPOINT points (the local service), else in the account of your credentials, where
FC_ROLE_ARN names the role that lets Function Compute send to the queues.
"""

import argparse
import os
import sys
from pathlib import Path

from fc_async import AsyncInvokeConfig, DestinationConfig, FcAsyncError, FunctionsClient, QueueClient

FUNCTION = "dlq-main"
DEAD_LETTERS = "dlq-dead-letters"
DONE = "dlq-done"


def main():
    arguments = argparse.ArgumentParser(description="Deploy the dead-letter-queue example.")
    arguments.add_argument("--code", default="code", help="the folder to deploy, code or fixed")
    code_dir = Path(__file__).parent / arguments.parse_args().code

    for queue in (DEAD_LETTERS, DONE):
        # Dead letters expire: 7 days is the longest that the service keeps them.
        QueueClient(queue).create(message_retention_period=7 * 24 * 3600, maximum_message_size=65536, update=True)
        print(f"queue {queue}: there, keeps messages for 7 days")

    client = FunctionsClient()
    deployed = client.deploy_function(
        FUNCTION,
        code_dir,
        runtime="python3.10",
        handler="index.handler",
        timeout_seconds=10,
        memory_mb=128,
        role=os.environ.get("FC_ROLE_ARN"),
    )
    if "FC_ASYNC_ENDPOINT" not in os.environ and "FC_ROLE_ARN" not in os.environ:
        print("note: without a role nothing reaches the queues; README.md tells how to make that of FC_ROLE_ARN")
    print(f"function {FUNCTION}: {'created' if deployed.created else 'updated'} from {code_dir.name}/")

    config = client.put_config(
        FUNCTION,
        AsyncInvokeConfig(
            destination_config=DestinationConfig(on_success=f"queue:{DONE}", on_failure=f"queue:{DEAD_LETTERS}"),
            max_async_retry_attempts=1,
            max_async_event_age_in_seconds="1h",
        ),
    )
    print(f"async config: {config.max_async_retry_attempts} retry, failures to the queue {config.on_failure.name}")


if __name__ == "__main__":
    try:
        main()
    except FcAsyncError as error:  # one sentence: what was expected, what came, what to do
        sys.exit(f"Error: {error}")

"""A deploy script: the queues, the function, and where its outcomes go. Run it again at any time.

    python deploy.py                 # the function as it is in code/
    python deploy.py --code fixed    # the function after the fix

It acts where FC_ASYNC_ENDPOINT points (the local service), else in the account of your credentials, where
FC_ROLE_ARN names the role that lets Function Compute send to the queues.
"""

import argparse
import base64
import io
import os
import zipfile
from pathlib import Path

from alibabacloud_fc20230330 import models as fc

from fc_async import AsyncInvokeConfig, DestinationConfig, FunctionsClient, QueueClient, ServiceError

FUNCTION = "dlq-main"
DEAD_LETTERS = "dlq-dead-letters"
DONE = "dlq-done"
SEVEN_DAYS = 7 * 24 * 3600


def main():
    arguments = argparse.ArgumentParser(description="Deploy the dead-letter-queue example.")
    arguments.add_argument("--code", default="code", help="the folder to deploy, code or fixed")
    code_dir = Path(__file__).parent / arguments.parse_args().code

    for queue in (DEAD_LETTERS, DONE):
        # Dead letters expire: 7 days is the longest that the service keeps them.
        QueueClient(queue).create(message_retention_period=SEVEN_DAYS, maximum_message_size=65536)
        print(f"queue {queue}: there, keeps messages for 7 days")

    client = FunctionsClient()
    print(f"function {FUNCTION}: {deploy_function(client, code_dir)} from {code_dir.name}/")

    config = client.put_config(
        FUNCTION,
        AsyncInvokeConfig(
            destination_config=DestinationConfig(on_success=f"queue:{DONE}", on_failure=f"queue:{DEAD_LETTERS}"),
            max_async_retry_attempts=1,
            max_async_event_age_in_seconds=3600,
        ),
    )
    failures_to = config.destination_config.on_failure
    print(f"async config: {config.max_async_retry_attempts} retry, failures to the queue {failures_to.name}")


def deploy_function(client, code_dir):
    """Create the function, or bring the one that is there to the same state."""
    fields = {
        "runtime": "python3.10",
        "handler": "index.handler",
        "code": fc.InputCodeLocation(zip_file=zipped(code_dir)),
        "timeout": 10,
        "memory_size": 128,
        "role": os.environ.get("FC_ROLE_ARN"),
    }
    if is_deployed(client):
        client.sdk.update_function(FUNCTION, fc.UpdateFunctionRequest(body=fc.UpdateFunctionInput(**fields)))
        return "updated"
    create = fc.CreateFunctionInput(function_name=FUNCTION, **fields)
    client.sdk.create_function(fc.CreateFunctionRequest(body=create))
    return "created"


def is_deployed(client):
    try:
        client.get_function(FUNCTION)
    except ServiceError as error:
        if error.code == "FunctionNotFound":
            return False
        raise
    return True


def zipped(code_dir):
    """Return a folder's files as a base64 zip, the form in which the API takes code."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(code_dir.rglob("*.py")):
            archive.write(path, path.relative_to(code_dir))
    return base64.b64encode(buffer.getvalue()).decode()


if __name__ == "__main__":
    main()

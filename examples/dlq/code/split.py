"""A function as producer: it cuts a long list of object keys into parts and has each worked on asynchronously."""

import json
import os

from fc_async import FunctionsClient, Invocation, InvokeFailed

KEYS_IN_A_PART = 50
ALREADY_ACCEPTED = 409


def handler(event, context):
    """Invoke the function of WORK_FUNCTION once for every 50 keys of {"keys": [...]}.

    Where this function fails it is retried under the same request id. With async tasks on, the service refuses a task
    id that it has, so that no part is accepted twice.
    """
    keys = json.loads(event)["keys"]
    parts = [keys[start : start + KEYS_IN_A_PART] for start in range(0, len(keys), KEYS_IN_A_PART)]
    invocations = [
        Invocation({"keys": part}, task_id=f"part-{number}-of-{context.request_id}")
        for number, part in enumerate(parts)
    ]
    with FunctionsClient() as functions:  # in the cloud: this function's own region and role
        outcomes = functions.invoke_many(os.environ["WORK_FUNCTION"], invocations)
    failed = [one.error for one in outcomes if isinstance(one, InvokeFailed) and not is_accepted(one.error)]
    if failed:
        raise RuntimeError(f"{len(failed)} of {len(parts)} parts were not accepted, the first because {failed[0]}")
    return {"parts": len(parts)}


def is_accepted(error):
    """Tell whether the refusal only says that an earlier attempt was accepted."""
    return getattr(error, "status", None) == ALREADY_ACCEPTED

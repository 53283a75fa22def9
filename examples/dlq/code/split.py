"""Fan-out: 1,000 object keys become 20 asynchronous invocations of 50 keys; what each made of its own meets again.

    split     split.split     {"keys": [1,000 of them]}   invokes `batch` 20 times and does not wait
    batch     split.batch     {"keys": [50 of them]}      OnSuccess: function:collect
    collect   split.collect   one record for each batch that succeeded

Its bundle holds fc_async: pip install --target . fc-async
"""

import json

from fc_async import parse_record

BATCH = "batch"
BATCH_KEYS = 50
ALREADY_ACCEPTED = 409


def split(event, context):
    """Invoke `batch` once for each 50 keys."""
    from fc_async import FunctionsClient, Invocation, InvokeFailed  # here: the others start without the SDK

    keys = json.loads(event)["keys"]
    batches = [keys[start : start + BATCH_KEYS] for start in range(0, len(keys), BATCH_KEYS)]
    # When this function fails it is retried under the same request id. With async tasks on, the service refuses a
    # task id that it has, so that no batch is accepted twice.
    invocations = [
        Invocation({"keys": batch}, task_id=f"split-{context.request_id}-{number}")
        for number, batch in enumerate(batches)
    ]
    outcomes = FunctionsClient().invoke_many(BATCH, invocations)
    failures = [one for one in outcomes if isinstance(one, InvokeFailed) and not is_accepted(one.error)]
    if failures:
        raise RuntimeError(f"{len(failures)} of {len(batches)} batches were not accepted: {failures[0].error}")
    return {"batches": len(batches)}


def is_accepted(error):
    """Tell whether the refusal only says that an earlier attempt was accepted."""
    return getattr(error, "status", None) == ALREADY_ACCEPTED


def batch(event, context):
    """Do the work on some keys; what is returned goes to OnSuccess."""
    keys = json.loads(event)["keys"]
    return {"done": len(keys), "first": keys[0]}


def collect(event, context):
    """Take one batch's outcome from its record; the same one may be delivered again, under the same request id."""
    record = parse_record(event)
    done = json.loads(record.response_payload)
    print(f"{record.request_id}: {done['done']} keys from {done['first']} on")
    return done

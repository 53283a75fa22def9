"""A function on a timer that sends the dead letters of a queue again, for as long as it may run.

Its instances are ordinary consumers of one queue: any number of them share the work. A letter is deleted only after the
service accepted its invocation. What failed again after the fix stays, else it would go round for ever.
"""

import os
from datetime import datetime
from functools import lru_cache

from fc_async import Consumer, FunctionsClient, Retry

FIXED_AT = datetime.fromisoformat(os.environ["FIXED_AT"]).astimezone()
IDLE_SECONDS = float(os.environ.get("IDLE_SECONDS", "10"))  # an empty queue costs no more than this
CONCURRENCY = int(os.environ.get("CONCURRENCY", "8"))
LEFT_FOR_SECONDS = 3600
SPARE_SECONDS = 2  # of the function's timeout, for what it does besides


def handler(event, context):
    """Consume until shortly before the function's own timeout; the event of the timer tells nothing."""
    with FunctionsClient() as functions:

        @lru_cache(maxsize=1000)
        def has_net(name, qualifier):
            config = functions.find_config(name, qualifier=qualifier)
            return config is not None and config.on_failure is not None

        def send_again(letter):
            record = letter.record
            is_old = record.timestamp is not None and record.timestamp < FIXED_AT
            name, qualifier = record.function.name, record.function.qualifier
            if not is_old or record.request_payload is None or not has_net(name, qualifier):
                raise Retry(after_seconds=LEFT_FOR_SECONDS)
            functions.invoke_async(name, record.request_bytes(), qualifier=qualifier)

        consumer = Consumer(os.environ["DEAD_LETTERS"], send_again, concurrency=CONCURRENCY)
        summary = consumer.run_for(context.function.timeout - SPARE_SECONDS, idle_timeout_seconds=IDLE_SECONDS)
    return {"sent": summary.acknowledged, "left": summary.released, "unreadable": summary.unreadable}

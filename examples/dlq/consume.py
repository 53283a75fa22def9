"""Read the dead letters, print one line each, and decide which of them to send again.

    python consume.py              # look and decide
    python consume.py --redrive    # and send those again

A letter that is sent again is deleted only after the service accepted its invocation; every other one stays.
"""

import argparse
import sys

from fc_async import FunctionsClient, QueueClient, RecordError, parse_record

DEAD_LETTERS = "dlq-dead-letters"
WORTH_SENDING_AGAIN = {"MyError"}  # what the fix has mended; anything else needs a person


def main():
    arguments = argparse.ArgumentParser(description="Read the dead letters and decide what to redrive.")
    arguments.add_argument("--redrive", action="store_true", help="send again what is worth it")
    redrive = arguments.parse_args().redrive
    queue, functions = QueueClient(DEAD_LETTERS), FunctionsClient()

    # A peek shows the head of the queue and takes nothing; to work a letter, it has to be received.
    messages = queue.receive(16, wait_seconds=5) if redrive else queue.peek(16)
    for message in messages:
        record = read(message)
        if record is None or not is_worth_sending_again(record):
            continue
        if redrive:
            accepted = functions.invoke_async(
                record.function.name, record.request_bytes(), qualifier=record.function.qualifier
            )
            queue.delete(message.receipt_handle)
            print(f"  sent again as {accepted.request_id}")
    print(f"{len(messages)} letters read from {DEAD_LETTERS}")


def read(message):
    """Return the record in a message; one that holds none is named and stays in the queue."""
    try:
        return parse_record(message)
    except RecordError as error:
        print(f"{message.message_id} is no record: {error}", file=sys.stderr)
        return None


def is_worth_sending_again(record):
    """Print the record's line and the decision."""
    kind = (record.error.type if record.error else None) or "no error"
    decision = "redrive" if kind in WORTH_SENDING_AGAIN else "leave"
    print(
        f"{record.timestamp:%H:%M:%S} {record.function.name} {kind} after {record.approximate_invoke_count} attempts,"
        f" payload {record.request_payload}: {decision}"
    )
    return decision == "redrive"


if __name__ == "__main__":
    main()

"""Read the dead letters, print one line each, and decide which of them to send again.

    python consume.py              # look and decide
    python consume.py --redrive    # and send those again

A letter that is sent again is deleted only after the service accepted its invocation; every other one stays.
"""

import argparse
import sys

from fc_async import FcAsyncError, FunctionsClient, QueueClient, RecordError, parse_record

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
        if record is not None and is_worth_sending_again(record) and redrive:
            send_again(functions, queue, message, record)
    print(f"{len(messages)} letters read from {DEAD_LETTERS}")


def read(message):
    """Return the record in a message; one that holds none, or names no known function, stays in the queue."""
    try:
        record = parse_record(message)
        return record if record.function else None
    except RecordError as error:
        print(f"{message.message_id} is left: {error}", file=sys.stderr)
        return None


def is_worth_sending_again(record):
    """Print the record's line and the decision. A record is untrusted text, so its payload is printed as a literal."""
    kind = record.error.type if record.error else "no error"
    worth = kind in WORTH_SENDING_AGAIN and record.request_payload is not None
    failed = "at an unknown time" if record.timestamp is None else f"at {record.timestamp:%H:%M:%S}"
    print(
        f"{record.function.name} {failed}: {kind!r} after {record.approximate_invoke_count} attempts,"
        f" payload {record.request_payload!r}: {'redrive' if worth else 'leave'}"
    )
    return worth


def send_again(functions, queue, message, record):
    """Invoke again, then delete; only where a new failure becomes a new letter. What goes wrong leaves the letter."""
    name, qualifier = record.function.name, record.function.qualifier
    try:
        config = functions.find_config(name, qualifier=qualifier)
        if config is None or not config.destination_config or not config.destination_config.on_failure:
            print(f"  not sent: {name} has no OnFailure, so a new failure would be lost")
            return
        accepted = functions.invoke_async(name, record.request_bytes(), qualifier=qualifier)
        queue.delete(message.receipt_handle)
    except FcAsyncError as error:
        print(f"  stays in the queue: {error}", file=sys.stderr)
        return
    print(f"  sent again as {accepted.request_id}")


if __name__ == "__main__":
    main()

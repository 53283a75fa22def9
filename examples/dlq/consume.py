"""Read the dead letters, print one line each, and decide which of them to send again.

    python consume.py              # look and decide
    python consume.py --redrive    # and send those again

A letter that is sent again is deleted only after the service accepted its invocation; every other one stays.
"""

import argparse
import sys

from fc_async import Consumer, FcAsyncError, FunctionsClient, QueueClient, Retry, iter_records

DEAD_LETTERS = "dlq-dead-letters"
WORTH_SENDING_AGAIN = {"MyError"}  # what the fix has mended; anything else needs a person
LEFT_FOR_SECONDS = 600


def main():
    arguments = argparse.ArgumentParser(description="Read the dead letters and decide what to redrive.")
    arguments.add_argument("--redrive", action="store_true", help="send again what is worth it")
    if arguments.parse_args().redrive:
        consumer = Consumer(DEAD_LETTERS, send_again, unreadable=lambda letter: print(f"left: {letter.problem}"))
        read = consumer.run(idle_timeout_seconds=5).received
    else:
        letters = QueueClient(DEAD_LETTERS).peek(16)  # the head of the queue; takes nothing
        for record in iter_records(letters):
            print(f"left: {record}") if isinstance(record, Exception) else is_worth_sending_again(record)
        read = len(letters)
    print(f"{read} {'letter' if read == 1 else 'letters'} read from {DEAD_LETTERS}")


def is_worth_sending_again(record):
    """Print the record's line and the decision. A record is untrusted text, so its payload is printed as a literal."""
    kind = record.error.type if record.error else "no error"
    worth = kind in WORTH_SENDING_AGAIN and record.request_payload is not None
    failed = "at an unknown time" if record.timestamp is None else f"at {record.timestamp:%H:%M:%S}"
    print(
        f"{record.function_arn!r} {failed}: {kind!r} after {record.approximate_invoke_count} attempts,"
        f" payload {record.request_payload!r}: {'redrive' if worth else 'leave'}"
    )
    return worth


def send_again(letter):
    """Invoke again, only where a new failure becomes a new letter; what raises stays in the queue."""
    record = letter.record
    if not is_worth_sending_again(record):
        raise Retry(after_seconds=LEFT_FOR_SECONDS)
    name, qualifier = record.function.name, record.function.qualifier
    with FunctionsClient() as functions:
        config = functions.find_config(name, qualifier=qualifier)
        if config is None or config.on_failure is None:
            print(f"  not sent: {name} has no OnFailure, so a new failure would be lost")
            raise Retry(after_seconds=LEFT_FOR_SECONDS)
        accepted = functions.invoke_async(name, record.request_bytes(), qualifier=qualifier)
    print(f"  sent again as {accepted.request_id}")


if __name__ == "__main__":
    try:
        main()
    except FcAsyncError as error:  # one sentence: what was expected, what came, what to do
        sys.exit(f"Error: {error}")

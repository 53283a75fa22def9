"""The whole story on one machine: deploy, fail, retry, dead letter, look, fix, send again. `make demo` runs it.

Every step is a command that you could type; what it sends and receives is real HTTP to `fc-async local up`. An
installed `fc-async demo` runs this file too.
Exits 1 as soon as a step did not happen.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

HERE = Path(__file__).parent
DEADLINE_SECONDS = 60
WIDTH = min(80, shutil.get_terminal_size().columns)
LOCAL = {}  # FC_ASYNC_ENDPOINT, once the local service runs


def main():
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a terminal of another encoding has no ✓
    with local_service() as url, tempfile.TemporaryDirectory() as state:
        LOCAL["XDG_STATE_HOME"] = state  # the journal of this redrive is nobody's
        say(1, f"Function Compute and MNS run on this machine, at {url}. No cloud account is used.")

        say(2, "Deploy: two queues, a function, and its async config (1 retry; failures go to a queue).")
        run("python", "deploy.py")
        run("fc-async", "config", "get", "dlq-main")

        say(3, "Invoke it asynchronously with a payload that it cannot handle. It is accepted at once.")
        accepted = json.loads(run("fc-async", "invoke", "dlq-main", "-d", '{"failure": true}', "-o", "json"))

        say(4, "It fails, is retried once after a second, fails again, and becomes a dead letter.")
        letter = wait_for_letter("dlq-dead-letters")
        record = letter["record"]
        check(record["requestContext"]["requestId"] == accepted["requestId"], "the letter is of that invocation")
        check(record["requestContext"]["approximateInvokeCount"] == 2, "it was run twice: once, and one retry")
        print("\nWhat the queue received (payload and response are texts in it):")
        print(indented(json.dumps(record, indent=2)))
        run("fc-async", "dlq", "peek", "dlq-dead-letters")

        say(5, "Read it as a typed record and decide: consume.py prints one line for each letter.")
        check("redrive" in run("python", "consume.py"), "consume.py would send it again")

        say(6, "Mend the function and deploy it again.")
        run("python", "deploy.py", "--code", "fixed")

        say(7, "Send the dead letter again, with its original payload. It is deleted once that is accepted.")
        check("sent 1, done 1" in run("fc-async", "dlq", "redrive", "dlq-dead-letters", "--yes"), "one letter was sent")

        say(8, "This time it succeeds, and the outcome arrives where OnSuccess points.")
        record = wait_for_letter("dlq-done")["record"]
        check(record["requestPayload"] == '{"failure": true}', "the payload is the original one")
        run("fc-async", "record", "-", given=json.dumps(record))
        check("0 letters" in run("python", "consume.py"), "the dead-letter queue is empty")

    with local_service("-f", "s.yaml") as url:
        say(9, f"The same from a file: a new local service, at {url}, serves what s.yaml declares.")
        shown = run("fc-async", "config", "get", "dlq-main")
        check("queue:dlq-dead-letters" in shown, "its failures go where deploy.py sends them")
        run("fc-async", "invoke", "dlq-main", "-d", '{"failure": false}', "--sync")
    print("\nDone: every step happened.")


@contextlib.contextmanager
def local_service(*options):
    """Run `fc-async local up` on a free port; its log is shown if something goes wrong."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
        command = [*tool("fc-async"), "local", "up", "--port", "0", "--workers", "2", *options]
        process = subprocess.Popen(
            command, cwd=HERE, stdout=subprocess.PIPE, stderr=log, encoding="utf-8", env=environment()
        )
        try:
            url = process.stdout.readline().strip()
            check(url.startswith("http://127.0.0.1:"), "the local service started", quiet=True)
            LOCAL["FC_ASYNC_ENDPOINT"] = url
            yield url
        except (Exception, SystemExit) as error:
            if getattr(error, "code", 1) == 1 and not isinstance(error, BrokenPipeError):
                log.seek(0)
                print(f"\nThe local service's log:\n{log.read()}", file=sys.stderr)
            raise
        finally:
            process.terminate()
            process.communicate(timeout=60)


def wait_for_letter(queue):
    """Return the first letter of a queue as `dlq peek` shows it, once it is there (a command takes its own while)."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        letters = json.loads(run("fc-async", "dlq", "peek", queue, "-o", "json", quiet=True))
        if letters:
            return letters[0]
    return check(False, f"a letter arrived in {queue} within {DEADLINE_SECONDS} s")


def run(*command, given=None, quiet=False):
    """Run a command as a reader would type it, show it and what it printed, and return its stdout."""
    if not quiet:
        print(f"\n$ {' '.join(quoted(word) for word in command)}")
    words = [*tool(command[0]), *command[1:]]
    done = subprocess.run(words, cwd=HERE, env=environment(), input=given, capture_output=True, encoding="utf-8")
    if not quiet or done.returncode:
        print(indented(done.stderr + done.stdout))
    check(done.returncode == 0, f"{command[0]} {command[1]} exited with 0", quiet=True)
    return done.stdout


def indented(text):
    return textwrap.indent(text.rstrip(), "  ")


def environment():
    """Return what the commands see: the local endpoint, and nothing of yours that could reach a cloud."""
    cloud = ("ALIBABA_CLOUD_", "FC_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(cloud)}
    return {**kept, **LOCAL, "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true", "PYTHONIOENCODING": "utf-8"}


def tool(name):
    """Return python or fc-async as this interpreter has them, whatever PATH says."""
    return [sys.executable] if name == "python" else [sys.executable, "-c", "from fc_async.cli.root import run; run()"]


def quoted(word):
    return f"'{word}'" if set(word) & set(' {}"') else word


def say(number, text):
    print("\n" + textwrap.fill(f"{number}. {text}", width=WIDTH, subsequent_indent="   "))


def check(happened, what, *, quiet=False):
    """Stop with exit code 1 unless something happened."""
    if not happened:
        print(f"\nThis did not happen: {what}", file=sys.stderr)
        sys.exit(1)
    if not quiet:
        print(f"✓ {what}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)

"""Make a virtual environment and install this project into it, a line for each stage; run by `make`.

    python .ci/install.py .venv --group dev

What pip says goes to a file of the environment. Where it cannot install, one sentence says what.
"""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

COLUMNS = 78
MOST_SHOWN = 300


def main():
    venv, *what = sys.argv[1:]
    bin_dir, log = Path(venv, "bin"), Path(venv, "install.log")
    say(f"1 of 3  a virtual environment, {venv}")
    if subprocess.run([sys.executable, "-m", "venv", venv]).returncode:
        sys.exit(f"Could not make {venv} with {sys.executable}: what it says stands above.")
    log.write_text("")
    say("2 of 3  pip")
    install(bin_dir, log, "--upgrade", "pip")
    say("3 of 3  fc_async, the packages that it needs, and the tools of its tests")
    begun = time.monotonic()
    install(bin_dir, log, "--editable", ".", *what)
    say(f"        installed in {time.monotonic() - begun:.0f} s")


def install(bin_dir, log, *what):
    """Run pip, show the name of each package as it comes to it, and end with a sentence where it fails."""
    command = [bin_dir / "python", "-m", "pip", "install", "--progress-bar", "off", *what]
    few = {**os.environ, "PIP_RETRIES": os.environ.get("PIP_RETRIES", "2")}  # those for building follow no option
    retried, column = False, 0
    with (
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="backslashreplace", env=few
        ) as process,
        log.open("a") as file,
    ):
        for line in process.stdout:
            file.write(line)
            if line.startswith("WARNING: Retrying") and not retried:
                say(f"{chr(10) if column else ''}        the package index does not answer; trying again for a while")
                retried, column = True, 0
            name = re.match(r"Collecting ([A-Za-z0-9._-]+)", line)
            if name:
                column = show(name[1], column)
    if column:
        print()
    if process.returncode:
        sys.exit(sentence(log))


def show(word, column):
    """Add a word to the line that grows, or begin another one; return how long it is."""
    if not column or column + 1 + len(word) > COLUMNS:
        start = "\n        " if column else "        "
        print(f"{start}{word}", end="", flush=True)
        return 8 + len(word)
    print(f" {word}", end="", flush=True)
    return column + 1 + len(word)


def sentence(log):
    """Return what could not be installed, and why, of all that pip said."""
    text = log.read_text()
    missing = re.findall(r"(?:No matching distribution found for|satisfies the requirement) ([^\s(;]+)", text)
    offline = re.search(
        r"NameResolution|Temporary failure|Network is unreachable|Connection refused|ConnectTimeout"
        r"|ConnectionError|ProxyError",
        text,
    )
    errors = re.findall(r"^ERROR: (.*)$", text, re.MULTILINE)
    if "no such option: --group" in text:
        missing = ["a newer pip"]
    what = f"Could not install {missing[-1]}" if missing else "Could not install"
    if offline:
        why = "no package index answers; is this machine offline?"
    elif missing:
        why = "no version of it that fits is to be had."
    else:
        why = f"{(errors[-1] if errors else 'pip gave up').rstrip('.')[:MOST_SHOWN]}."
    return f"{what}: {why} All that pip said is in {log}"


def say(text):
    print(text, flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `make | head` is no failure of ours
    try:
        main()
    except KeyboardInterrupt:
        print("\nStopped; the next make begins again.", file=sys.stderr)
        sys.exit(130)

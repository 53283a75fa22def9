"""Ctrl-C is never lost, wherever the command is when it comes."""

from __future__ import annotations

import signal
import sys
import time
from contextlib import redirect_stderr
from io import StringIO
from types import CodeType, FrameType
from typing import Any

import pytest

from fc_async.cli.interrupt import never_lost
from fc_async.cli.root import run
from tests.forked import exit_code, forked
from tests.peer import Peer, Reply

pytestmark = [
    pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there is no such timer here"),
    # Python 3.12 and later warn of every fork of a process with threads; this child only runs a command.
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]

RUNNING = Reply(body={"taskId": "t-1", "status": "Running"})
WAIT = ("task", "wait", "orders", "t-1", "--max-wait", "2")
GOES_ON = "stopped waiting; the task goes on: fc-async task get orders t-1"


class Moment:
    """Sends SIGINT in one of the functions that begin between the wait for an answer and the sleep before the next.

    Python looks for signals where a function begins, so that these are the moments when a real one arrives.

    Args:
        at: the number of the function, from 1; where there are fewer, it is sent in the sleep.
    """

    def __init__(self, at: int) -> None:
        self._at = at
        self._codes: set[CodeType] = set()
        self._has_begun = self._is_over = False
        self.sent_in = ""

    def __enter__(self) -> Moment:
        sys.setprofile(self._see)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _see(self, frame: FrameType, event: str, called: Any) -> None:
        if event == "c_call" and called is time.sleep and not self._is_over:
            self._is_over = True
            if not self.sent_in:
                self._send("sleep")
        if event != "call" or self._is_over:
            return
        self._has_begun = self._has_begun or frame.f_code.co_name == "getresponse"
        if not self._has_begun or frame.f_code in self._codes:
            return
        self._codes.add(frame.f_code)
        if len(self._codes) == self._at:
            self._send(f"{frame.f_code.co_name} of {frame.f_code.co_filename}")

    def _send(self, where: str) -> None:
        self.sent_in = where
        signal.raise_signal(signal.SIGINT)


def ended(url: str, moment: Moment) -> tuple[object, str]:
    """Return the command's exit code, and what it said on stderr."""
    with redirect_stderr(StringIO()) as err, pytest.raises(SystemExit) as end, moment:
        run([*WAIT, "--endpoint", url])
    return end.value.code, err.getvalue()


def interrupt_at_every_moment(url: str) -> None:
    places = []
    while "sleep" not in places:
        moment = Moment(len(places) + 1)
        code, said = ended(url, moment)
        assert (code, said) == (130, f"{GOES_ON}\n"), moment.sent_in
        places.append(moment.sent_in)
    assert len(places) > 30
    assert any("urllib3" in place for place in places)  # its response is freed among them


def test_an_interrupt_at_any_moment_after_an_answer_ends_the_wait() -> None:
    # In a child: an interrupt inside of `logging` leaves its lock taken, which this process would miss.
    with Peer(RUNNING) as peer:
        assert exit_code(forked(lambda: interrupt_at_every_moment(peer.url))) == 0


def test_an_interrupt_that_a_finalizer_swallows_is_raised_again(capsys: pytest.CaptureFixture[str]) -> None:
    class Freed:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    def work() -> None:
        with never_lost():
            Freed()
            time.sleep(60)

    with pytest.raises(KeyboardInterrupt):
        work()
    assert capsys.readouterr() == ("", "")


def test_an_interrupt_on_its_way_up_is_not_raised_twice() -> None:
    done = []

    def work() -> None:
        with never_lost():
            try:
                signal.raise_signal(signal.SIGINT)
            finally:
                clean_up()

    def clean_up() -> None:
        try:
            raise OSError
        except OSError:
            signal.raise_signal(signal.SIGALRM)
        signal.raise_signal(signal.SIGALRM)
        done.append("cleaned up")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["cleaned up"]


def test_who_ignores_interrupts_goes_on_ignoring_them() -> None:
    outer = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with never_lost():
            signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, outer)


def test_handlers_are_as_they_were_afterwards() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGALRM), sys.unraisablehook
    with never_lost():
        assert signal.getsignal(signal.SIGINT) is not before[0]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGALRM), sys.unraisablehook) == before

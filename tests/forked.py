"""Work in a forked child: what it breaks there, it breaks for nobody."""

from __future__ import annotations

import os
import threading
import traceback
from collections.abc import Callable

SECONDS = 60


def forked(work: Callable[[], object]) -> int:
    """Run this in a child, and return the child's id; its exit code is 0 when nothing was raised."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        work()
        code = 0
    except BaseException:
        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(code)


def exit_code(child: int) -> int | None:
    """Return the child's exit code; None where it hangs, and has been killed."""
    ended: list[int] = []
    waiter = threading.Thread(target=lambda: ended.append(os.waitpid(child, 0)[1]))
    waiter.start()
    waiter.join(SECONDS)
    if waiter.is_alive():
        os.kill(child, 9)
        waiter.join()
        return None
    return os.waitstatus_to_exitcode(ended[0])

"""What the log says of invocations: a line for every execution, or, where those are silenced, one for every invocation.

fc_async.local.handler    what handlers print and log, and their tracebacks
fc_async.local.execution  one line at the end of every execution, and one for every record that was delivered
fc_async.local            everything else; and one line for every invocation, where `execution` is silenced
"""

from __future__ import annotations

import logging

from ..counted import counted
from ..engine.invocation import Invocation
from ..workers.error_json import in_one_line
from ..workers.execution import Execution

executions = logging.getLogger("fc_async.local.execution")
log = logging.getLogger("fc_async.local")


def attempt_ended(invocation: Invocation, execution: Execution) -> None:
    """Say how an attempt ended, how long it took, and how much memory; quietly, only the last one."""
    if executions.isEnabledFor(logging.INFO):
        executions.info(
            "%s: attempt %d of %s ended %s, %d ms, %d MB%s",
            invocation.function,
            invocation.attempts,
            invocation.request_id,
            invocation.state.value,
            execution.duration_ms,
            execution.memory_mb,
            _error(execution),
        )
    elif invocation.has_ended:
        log.info(
            "%s: %s ended %s after %s, %d ms, %d MB%s",
            invocation.function,
            invocation.request_id,
            invocation.state.value,
            counted(invocation.attempts, "attempt"),
            execution.duration_ms,
            execution.memory_mb,
            _error(execution),
        )


def ended_unexecuted(invocation: Invocation) -> None:
    """Say that an invocation has ended which no worker was executing."""
    log.info(
        "%s: %s ended %s after %s",
        invocation.function,
        invocation.request_id,
        invocation.state.value,
        counted(invocation.attempts, "attempt"),
    )


def sync_ended(function: str, request_id: str, execution: Execution) -> None:
    """Say how a synchronous invocation ended."""
    logger = executions if executions.isEnabledFor(logging.INFO) else log
    logger.info(
        "%s: %s ended, %d ms, %d MB%s",
        function,
        request_id,
        execution.duration_ms,
        execution.memory_mb,
        _error(execution),
    )


def _error(execution: Execution) -> str:
    error = execution.outcome.error
    return f" ({in_one_line(error, execution.outcome.payload)})" if error else ""

"""What a config would do that nobody wants, one sentence each.

Sources: the page "Result callback" of Function Compute (roles, 64 KB of queues and topics), the retry policy.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...arn import Arn
    from ...checks import FunctionName
    from ...config import AsyncInvokeConfig
    from ...functions.client import FunctionsClient


def warnings(
    client: FunctionsClient,
    function: FunctionName,
    config: AsyncInvokeConfig,
    named: dict[str, Any],
    *,
    is_whole: bool = True,
) -> list[str]:
    """Return the sentences about a config.

    Args:
        client: asked for the function's role, where a destination is set.
        function: the function.
        config: the config as it is after the change.
        named: what the command line named, for what is worth saying only then.
        is_whole: False when only what was named is known of the config.
    """
    is_retried = config.max_async_retry_attempts != 0
    is_local = client.settings.endpoint.is_loopback  # where nobody needs a role
    return [
        *(() if is_local else _no_role(client, function, _destinations(config))),
        *_small_destinations(named["on_success"], named["on_failure"]),
        *(without_on_failure(function, config) if is_whole and is_retried else ()),
    ]


def without_on_failure(function: FunctionName, config: AsyncInvokeConfig) -> list[str]:
    """Return a sentence where failures go nowhere."""
    if config.on_failure is not None:
        return []
    retries = config.max_async_retry_attempts
    count = 3 if retries is None else retries
    after = {0: "without a retry", 1: "after 1 retry"}.get(count, f"after {count} retries")
    return [f"{function} has no OnFailure: what fails {after} is lost; --on-failure queue:NAME keeps it"]


def _destinations(config: AsyncInvokeConfig) -> list[Arn]:
    return list(dict.fromkeys(one for one in (config.on_failure, config.on_success) if one is not None))


def _no_role(client: FunctionsClient, function: FunctionName, destinations: list[Arn]) -> list[str]:
    if not destinations or _has_role(client, function):
        return []
    from ...deploy.ram import policy

    pasted = json.dumps(policy(destinations))
    return [
        f"{function} has no role, so nothing would be delivered: give it one that fc.aliyuncs.com may assume,"
        f" with this policy:\n{pasted}"
    ]


def _has_role(client: FunctionsClient, function: FunctionName) -> bool:
    """Tell whether the function has a role; one that cannot be looked at is taken to have one."""
    from ...errors import FcAsyncError

    try:
        return bool(client.get_function(function.name, qualifier=function.qualifier).role)
    except FcAsyncError:  # the change itself is done, and this is only advice
        return True


def _small_destinations(*named: Arn | None) -> list[str]:
    from ...arn import QueueArn, TopicArn

    small = [one for one in named if isinstance(one, (QueueArn, TopicArn))]
    if not small:
        return []
    kinds = " or ".join(sorted({"queue" if isinstance(one, QueueArn) else "topic" for one in small}))
    return [f"a {kinds} takes 64 KB and a payload may have 128 KB: the record of a payload near 64 KB is lost"]

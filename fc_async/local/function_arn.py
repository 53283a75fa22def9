"""How the local service writes the ARN of a function; `fc_async.arn`, which its clients use, is not asked."""

from __future__ import annotations


def function_arn(region: str, account_id: str, name: str, qualifier: str | None = None) -> str:
    """Return a function's ARN; with a qualifier, that of the version or alias."""
    suffix = "" if qualifier is None else f"/{qualifier}"
    return f"acs:fc:{region}:{account_id}:functions/{name}{suffix}"

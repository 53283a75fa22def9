"""The environment variables that a handler sees: its own, Function Compute's, and nothing of the developer's."""

from __future__ import annotations

from collections.abc import Mapping

from ..access_key import AccessKey
from ..catalog.function import FunctionSpec
from .code_in_the_cloud import as_here


def handler_environment(
    function: FunctionSpec,
    *,
    qualifier: str | None,
    version_id: str,
    instance_id: str,
    region: str,
    account_id: str,
    endpoint: str,
    home: str,
    access_key: AccessKey | None,
    host: Mapping[str, str],
) -> dict[str, str]:
    """Return the whole environment of a worker process.

    Args:
        function: the function; its own variables win over the host's, and the service's win over both. `/code` in
            them is the code folder.
        qualifier: version or alias that is invoked; None: LATEST.
        version_id: the published version that it is, or LATEST.
        instance_id: id of the worker.
        region: region id.
        account_id: account id.
        endpoint: base URL of the local service, for code that calls it with fc_async.
        home: a temporary folder.
        access_key: what the service asks for; None: it asks for none.
        host: the environment of this process; only PATH, LANG and TZ are taken from it.

    Source: https://help.aliyun.com/document_detail/164217.html and the environment-variables page (what the service
    sets).
    """
    # In the C locale Python itself would add LC_CTYPE to the environment.
    language = host.get("LANG", "")
    key = AccessKey("local", "local") if access_key is None else access_key
    return {
        "PATH": host.get("PATH", "/usr/local/bin:/usr/bin:/bin"),
        "LANG": "C.UTF-8" if language in ("", "C", "POSIX") else language,
        "TZ": host.get("TZ", "UTC"),
        "HOME": home,
        **{name: as_here(value, function.code_dir) for name, value in function.environment.items()},
        "FC_FUNC_CODE_PATH": str(function.code_dir),
        "FC_ACCOUNT_ID": account_id,
        "FC_REGION": region,
        "FC_FUNCTION_NAME": function.name,
        "FC_FUNCTION_HANDLER": function.handler,
        "FC_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "FC_QUALIFIER": "LATEST" if qualifier is None else qualifier,
        "FC_VER_ID": version_id,
        "FC_FUNCTION_VERSION": version_id,
        "FC_INSTANCE_ID": instance_id,
        "ALIBABA_CLOUD_ACCESS_KEY_ID": key.id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": key.secret,
        "ALIBABA_CLOUD_SECURITY_TOKEN": "local",
        "FC_ASYNC_ENDPOINT": endpoint,
        **({} if access_key is None else {"FC_ASYNC_LOCAL_ACCESS_KEY": f"{key.id}:{key.secret}"}),
    }

"""Whose account it is, asked from STS: GetCallerIdentity, which every access key may call.

https://help.aliyun.com/zh/ram/developer-reference/api-sts-2015-04-01-getcalleridentity; the hosts are those that
alibabacloud-credentials uses (ram_role_arn.py).
"""

from __future__ import annotations

import json
import random
import time

from alibabacloud_tea_openapi.utils_models import OpenApiRequest, Params
from darabonba.runtime import RuntimeOptions

from ..settings.access_key import Credentials
from ..settings.endpoint import Endpoint
from ..settings.found import Source
from ..settings.settings import Settings
from .adapter import Answer
from .fc_transport import SdkClient, Transport, unreadable
from .repeat import Repeats

_ACTION = "asking STS for the account id (--account-id, account_id= in Python, spares it)"
_CONNECT_SECONDS = 5
_READ_SECONDS = 10


def account_of(region: str | None, internal: bool, credentials: Credentials) -> str:
    """Return the account id of these credentials, as STS in this region tells it; see `ask_account_id`."""
    return ask_account_id(sts_endpoint(region, internal), credentials)


def sts_endpoint(region: str | None, internal: bool) -> Endpoint:
    """Return where STS is, for this region and inside it or not; None: the one for all regions."""
    if region is None:
        return Endpoint("https", "sts.aliyuncs.com", None, Source.default("STS"))
    host = f"sts-vpc.{region}.aliyuncs.com" if internal else f"sts.{region}.aliyuncs.com"
    return Endpoint("https", host, None, Source.derived())


def ask_account_id(endpoint: Endpoint, credentials: Credentials, repeats: Repeats | None = None) -> str:
    """Return the id of the account that these credentials belong to.

    Args:
        endpoint: where STS is.
        credentials: who we are.
        repeats: how failures are repeated; None: with the machine's own clock.

    Raises:
        ServiceError: STS refused, or its answer names no account.
        SettingsError: there are no credentials.
        TransportError: no answer came.
    """
    repeats = repeats or Repeats(time.sleep, time.monotonic, random.random)
    settings = Settings(endpoint, None, None, credentials, {})
    transport = Transport(
        settings, connect_timeout_seconds=_CONNECT_SECONDS, read_timeout_seconds=_READ_SECONDS, client=SdkClient
    )
    params = Params(
        action="GetCallerIdentity",
        version="2015-04-01",
        protocol=endpoint.scheme.upper(),
        pathname="/",
        method="POST",
        auth_type="AK",
        style="RPC",
        req_body_type="json",
        body_type="json",
    )

    def ask(_: bool) -> Answer:
        return transport.call(
            _ACTION,
            lambda: transport.sdk.call_api(params, OpenApiRequest(), RuntimeOptions()),
            expected=(200,),
        )

    try:
        return _account_id(repeats.run(ask, harmless_twice=True))
    finally:
        transport.close()


def _account_id(answer: Answer) -> str:
    try:
        found = json.loads(answer.body)["AccountId"]
    except (KeyError, TypeError, ValueError, RecursionError):
        found = None
    if isinstance(found, str) and found.isascii() and found.isdigit() and len(found) <= 20:
        return found
    raise unreadable(_ACTION, answer, "no AccountId")

"""FunctionsClient: the async config of functions, their async tasks and their invocation.

Thin over alibabacloud-fc20230330. What it does stands in the files that it is made of: config_calls.py, task_calls.py
and invoke_calls.py; how a call is made and repeated in caller.py and repeat.py.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from ..errors import ArgumentError
from ..settings.search import find_settings, named_endpoint
from ..transport.account import account_of
from .invocations import InvokeCalls
from .outcomes import Accepted as Accepted
from .outcomes import Invocation as Invocation
from .outcomes import InvokeFailed as InvokeFailed
from .outcomes import InvokeResult as InvokeResult
from .payload import MAX_PAYLOAD_BYTES


class FunctionsClient(InvokeCalls):
    """Configures and invokes functions of Function Compute 3.0; one may be shared by many threads.

    Every call is repeated when it cannot have arrived and when it was throttled (429), at most 5 times;
    reading, and putting and deleting a config, also when it may have arrived.

    Args:
        endpoint: URL of both services, for example `http://127.0.0.1:9700`; None: FC_ASYNC_ENDPOINT, else derived
            from region and account.
        fc_endpoint: URL of Function Compute alone, wins over `endpoint`; None: FC_ASYNC_FC_ENDPOINT.
        mns_endpoint: URL of MNS alone, so that one set of arguments suits this client and `QueueClient`; it is checked
            and kept as `.mns_endpoint`, this client itself does not call MNS.
        region: region id; None: as `settings.py` lists.
        account_id: account id; None: likewise, else learnt from the ARN of a function, else asked from STS when a
            short destination needs it.
        profile: a profile of `~/.aliyun/config.json`, used instead of the environment; None: none is named.
        credentials: an `AccessKey`, or a client or provider of alibabacloud-credentials; None: looked for.
        internal: use the hosts that are reachable only inside the region; needs the account id. Default False.
        insecure: allow plain http to a host that is not this machine. Default False.
        connect_timeout_seconds: longest wait for a connection, over 0, 86400 at most, a number or a timedelta.
            Default 5.
        read_timeout_seconds: longest wait for an answer, over 0, likewise. Default 30.
        max_payload_bytes: longest payload of an asynchronous invocation, from 0. Default 131072, "128 KB" on the
            service's limits page; None: the service decides. Accounts can be raised to 262144.
        sleep: waits for so many seconds; None: `time.sleep`.
        clock: seconds that only grow; None: `time.monotonic`.
        random: a number from 0 to 1, anew each time; None: `random.random`.

    Raises:
        ArgumentError: an argument cannot be right.
        SettingsError: region, endpoint or profile cannot be found.
    """

    def __init__(
        self,
        *,
        endpoint: str | None = None,
        fc_endpoint: str | None = None,
        mns_endpoint: str | None = None,
        region: str | None = None,
        account_id: str | None = None,
        profile: str | None = None,
        credentials: Any = None,
        internal: bool = False,
        insecure: bool = False,
        connect_timeout_seconds: float | timedelta = 5,
        read_timeout_seconds: float | timedelta = 30,
        max_payload_bytes: int | None = MAX_PAYLOAD_BYTES,
        sleep: Callable[[float], object] | None = None,
        clock: Callable[[], float] | None = None,
        random: Callable[[], float] | None = None,
    ) -> None:
        self.mns_endpoint = named_endpoint("mns_endpoint", mns_endpoint, insecure=insecure)
        self._max_payload_bytes = _limit(max_payload_bytes)
        super().__init__(
            find_settings(
                "fc",
                endpoint=endpoint,
                service_endpoint=fc_endpoint,
                region=region,
                account_id=account_id,
                profile=profile,
                credentials=credentials,
                internal=internal,
                insecure=insecure,
                ask_account=account_of,
            ),
            connect_timeout_seconds=connect_timeout_seconds,
            read_timeout_seconds=read_timeout_seconds,
            sleep=sleep,
            clock=clock,
            random=random,
        )

    def __enter__(self) -> FunctionsClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"FunctionsClient({self.settings.place})"


def _limit(max_payload_bytes: object) -> int | None:
    if max_payload_bytes is None:
        return None
    if isinstance(max_payload_bytes, int) and not isinstance(max_payload_bytes, bool) and max_payload_bytes >= 0:
        return max_payload_bytes
    raise ArgumentError(
        f"max_payload_bytes: expected a whole number from 0, or None for no limit, got {str(max_payload_bytes)[:40]}"
    )

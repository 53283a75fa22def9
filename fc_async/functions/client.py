"""FunctionsClient: the async config of functions, their async tasks, their code and their invocation.

Thin over alibabacloud-fc20230330. Here is what each method promises; its part does it: `configs.py` and `replace.py`,
`tasks.py`, `catalog.py`, `deploy.py`, `invocations.py`. How a call is made, repeated and read: `calls.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from ..config import AsyncInvokeConfig
from ..forks import refuse_pickling
from ..settings.search import find_settings, named_endpoint
from ..settings.settings import Settings
from ..transport.account import account_of
from .async_task import AsyncTask
from .calls import Calls
from .catalog import Catalog
from .configs import Configs
from .deploy import deploy_function
from .invocations import Invocations
from .outcomes import Accepted, InvokeFailed, InvokeResult
from .payload import MAX_PAYLOAD_BYTES, check_limit
from .replace import replace
from .tasks import Tasks

if TYPE_CHECKING:
    from alibabacloud_fc20230330.client import Client
    from alibabacloud_fc20230330.models import Function


class FunctionsClient:
    """Configures and invokes functions of Function Compute 3.0; many threads may share one, and forked children too.

    A child of `os.fork()` or `multiprocessing`'s fork goes on with its parent's client: it makes connections of its own
    and asks for credentials itself. A client cannot be pickled (spawn): make one in each process.

    Every call is repeated when it cannot have arrived and when it was throttled (429), at most 5 times; reading, and
    putting and deleting a config, also when it may have arrived. Every call raises `ArgumentError` for what cannot be
    right, before anything is sent; `ServiceError` when the service refused (404: what was named does not exist); and
    `TransportError` when no answer came.

    In every method `function` is a function's name, and `qualifier` a version or an alias; None: LATEST.

    Args:
        endpoint: URL of both services, for example `http://127.0.0.1:9700`; None: FC_ASYNC_ENDPOINT, else derived
            from region and account.
        fc_endpoint: URL of Function Compute alone, wins over `endpoint`; None: FC_ASYNC_FC_ENDPOINT.
        mns_endpoint: URL of MNS alone, so that one set of arguments suits this client and `QueueClient`; it is checked
            and kept as `.mns_endpoint`, this client itself does not call MNS.
        region: region id; None: as `settings/search.py` lists.
        account_id: account id; None: likewise, else learnt from the ARN of a function, else asked from STS when a
            short destination needs it.
        profile: a profile of `~/.aliyun/config.json`, used instead of the environment; None: none is named.
        credentials: an `AccessKey`, or a client or provider of alibabacloud-credentials; None: looked for.
        internal: use the hosts that are reachable only inside the region; needs the account id. Default False.
        insecure: allow plain http to a host that is not this machine. Default False.
        connect_timeout_seconds: longest wait for a connection, over 0, 86400 at most, a number or a timedelta; a host
            with several addresses is tried at each for so long. Default 5.
        read_timeout_seconds: longest wait for the whole answer of one attempt, head and body, however slowly it
            comes, over 0, likewise; TLS and sending count too. A call ends within (attempts made) × (connect + read)
            + 30 seconds. Not in it: further addresses of a host, the lookup of its name (DNS has no limit here), and
            what a provider of credentials takes. Default 30.
        max_payload_bytes: longest payload of an asynchronous invocation, from 0. Default 131072, "128 KB" on the
            service's limits page; None: the service decides. Accounts can be raised to 262144.
        sleep: waits for so many seconds; None: `time.sleep`.
        clock: seconds that only grow; None: `time.monotonic`.
        random: a number from 0 to 1, a new one at each call; None: `random.random`.

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
        limit = check_limit(max_payload_bytes)
        settings = find_settings(
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
        )
        calls = self._calls = Calls(
            settings,
            connect_timeout_seconds=connect_timeout_seconds,
            read_timeout_seconds=read_timeout_seconds,
            sleep=sleep,
            clock=clock,
            random=random,
        )
        self._configs = Configs(calls)
        self._tasks = Tasks(calls, find_config=self._configs.find_config)
        self._catalog = Catalog(calls)
        self._invocations = Invocations(
            calls,
            registered=self._tasks.registered,
            get_function=self._catalog.get_function,
            max_payload_bytes=limit,
        )

    def __enter__(self) -> FunctionsClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"FunctionsClient({self.settings.place})"

    def __reduce__(self) -> NoReturn:
        refuse_pickling(self)

    @property
    def settings(self) -> Settings:
        """Where this client calls, as whom, and where each of it was found."""
        return self._calls.settings

    @property
    def sdk(self) -> Client:
        """The official client of alibabacloud-fc20230330, configured; it raises the SDK's own exceptions."""
        official: Client = self._calls.sdk
        return official

    @property
    def account_id(self) -> str:
        """The account's id: as the settings say, else from a function's ARN that came along, else asked from STS once.

        Raises:
            ServiceError: STS refused.
            SettingsError: there are no credentials.
            TransportError: STS gave no answer.
        """
        return self._calls.account_id

    def close(self) -> None:
        """Close the connections that are open; a later call opens new ones."""
        self._calls.close()

    def get_config(self, function: str, *, qualifier: str | None = None) -> AsyncInvokeConfig:
        """Return the async config of a function and qualifier.

        Raises:
            ServiceError: there is none (404), or the service refused.
        """
        return self._configs.get_config(function, qualifier=qualifier)

    def find_config(self, function: str, *, qualifier: str | None = None) -> AsyncInvokeConfig | None:
        """Return the async config, None where the function has none; everything else as `get_config`."""
        return self._configs.find_config(function, qualifier=qualifier)

    def put_config(
        self, function: str, config: AsyncInvokeConfig, *, qualifier: str | None = None
    ) -> AsyncInvokeConfig:
        """Send an async config, exactly what it holds, and return what the service made of it.

        Short destinations (`queue:dead`) get this client's region and account. Whether fields that are None keep
        their old value is the service's decision (documented for FC 2.0 only: they do); `replace_config` is sure.

        Raises:
            SettingsError: a destination needs a region, and none was found.
        """
        return self._configs.put_config(function, config, qualifier=qualifier)

    def replace_config(
        self, function: str, config: AsyncInvokeConfig, *, qualifier: str | None = None
    ) -> AsyncInvokeConfig:
        """Make this the function's async config: what is None gets the service's default, destinations included.

        The config is put, read again and compared. Where a destination is left over that must go, the whole config
        is deleted and put again, and between these two calls the function has no destinations: an outcome of that
        moment is delivered nowhere. When the deletion or the new config fails then, the old one is put back, and the
        error is raised that was met.

        Raises:
            ReplaceIncomplete: neither the new nor the old config holds; it has the old one and the command that
                restores it.
            SettingsError: a destination needs a region, and none was found.
        """
        return replace(self, function, self._configs.resolved(config), qualifier, self.settings.options)

    def delete_config(self, function: str, *, qualifier: str | None = None) -> None:
        """Take the async config away; the service's defaults hold from then on.

        Raises:
            ServiceError: there is none (404), or the service refused. A 404 after an attempt that may have arrived
                is no error: that attempt deleted it.
        """
        self._configs.delete_config(function, qualifier=qualifier)

    def iter_configs(self, function: str | None = None) -> Iterator[AsyncInvokeConfig]:
        """Go through the async configs, page by page, of this function; None: of all in the region."""
        return self._configs.iter_configs(function)

    def get_task(self, function: str, task_id: str, *, qualifier: str | None = None) -> AsyncTask:
        """Return one async task by its id, as `Accepted` has it; the service keeps them for 7 days.

        Raises:
            ServiceError: there is no such task (404; also for a moment after its acceptance, and always while
                asyncTask is off), or the service refused.
        """
        return self._tasks.get_task(function, task_id, qualifier=qualifier)

    def iter_tasks(
        self,
        function: str,
        *,
        qualifier: str | None = None,
        prefix: str | None = None,
        status: str | None = None,
        started_time_begin: int | datetime | None = None,
        started_time_end: int | datetime | None = None,
        sort_order_by_time: str | None = None,
        include_payload: bool = False,
    ) -> Iterator[AsyncTask]:
        """Go through a function's async tasks, page by page; the service keeps them for 7 days.

        Args:
            function: function name.
            qualifier: version or alias; None: LATEST.
            prefix: how the task's id begins; None: any.
            status: one of the statuses of `AsyncTask`; None: any.
            started_time_begin: the begin of the time in which it was started, in milliseconds since 1970 or as a
                datetime with a time zone; None: any.
            started_time_end: the end of that time, likewise.
            sort_order_by_time: `asc` or `desc`; None: the service's order.
            include_payload: also fill `task_payload`. Default False.
        """
        return self._tasks.iter_tasks(
            function,
            qualifier=qualifier,
            prefix=prefix,
            status=status,
            started_time_begin=started_time_begin,
            started_time_end=started_time_end,
            sort_order_by_time=sort_order_by_time,
            include_payload=include_payload,
        )

    def stop_task(self, function: str, task_id: str, *, qualifier: str | None = None) -> None:
        """Stop an async task: one that waits does not run, one that runs is broken off.

        Raises:
            ServiceError: there is no such task (404), it is over (412), or the service refused.
            TransportError: no answer came; when `.sent`, the task may be stopped.
        """
        self._tasks.stop_task(function, task_id, qualifier=qualifier)

    def wait_task(
        self, function: str, task_id: str, *, timeout_seconds: float | timedelta | None, qualifier: str | None = None
    ) -> AsyncTask:
        """Wait until an async task is over, and return it, however it ended.

        Args:
            function: function name.
            task_id: the task's id, as `Accepted` has it; it may be a moment old.
            timeout_seconds: longest wait, 0 to a year, a number or a timedelta; 0: look once; None: for as long as it
                takes. A service that does not answer is left when the time is over, after a second at the earliest.
            qualifier: version or alias; None: LATEST.

        Raises:
            TaskTimeout: it was not over in time, or the service did not tell; it goes on.
            SettingsError: asyncTask is off for this function and qualifier, so that nothing can be known of the task.
            ServiceError: there is no such task (404, also after 5 seconds), or the service refused.
            TransportError: no answer came, and there was time left.
        """
        return self._tasks.wait_task(function, task_id, timeout_seconds=timeout_seconds, qualifier=qualifier)

    def get_function(self, function: str, *, qualifier: str | None = None) -> Function:
        """Return the function as the SDK's `Function` model: role, timeout, runtime and so on."""
        return self._catalog.get_function(function, qualifier=qualifier)

    deploy_function = deploy_function  # described and done in `deploy.py`

    def iter_functions(self, prefix: str | None = None) -> Iterator[str]:
        """Go through the names of the functions in the region that begin so, page by page; None: every function."""
        return self._catalog.iter_functions(prefix)

    def iter_qualifiers(self, function: str) -> Iterator[str]:
        """Go through a function's versions, then its aliases, page by page; LATEST is not among them."""
        return self._catalog.iter_qualifiers(function)

    def invoke_async(
        self,
        function: str,
        payload: Any,
        *,
        qualifier: str | None = None,
        delay_seconds: int | timedelta | None = None,
        task_id: str | None = None,
        deduplicated: bool = False,
    ) -> Accepted:
        """Hand an invocation to the service's queue; only its answer 202 counts as accepted.

        It is repeated when it cannot have arrived, or was throttled (429). When it may have arrived it is not:
        `TransportError.sent` says so. With `deduplicated` it is repeated then too, because the service refuses a task
        id that it has: such a refusal after an attempt that may have arrived is answered with the request id that
        the task has, and `repeated=True`.

        Args:
            function: function name.
            payload: str is UTF-8 as it is, bytes as they are, a Path is read, None is no body, anything else is
                compact JSON; 131072 bytes at most (`max_payload_bytes`).
            qualifier: version or alias; None: LATEST.
            delay_seconds: run no earlier than this, 0 to 3600, a number or a timedelta; None and 0: at once.
            task_id: an id of your own, a letter or `_` first, 128 characters at most; None: the service's.
            deduplicated: True says that asyncTask is on for this function and qualifier, so that a task id is accepted
                once; needs a task id. Default False.

        Raises:
            ArgumentError: the payload is too long, or an argument cannot be right.
            ServiceError: the service refused; 409 when it has a task of this id.
        """
        return self._invocations.invoke_async(
            function,
            payload,
            qualifier=qualifier,
            delay_seconds=delay_seconds,
            task_id=task_id,
            deduplicated=deduplicated,
        )

    def invoke_many(
        self,
        function: str,
        payloads: Iterable[Any],
        *,
        qualifier: str | None = None,
        concurrency: int = 16,
        rate_per_second: float | None = None,
    ) -> list[Accepted | InvokeFailed]:
        """Hand many invocations to the service's queue, several at a time; what fails stops nothing.

        Args:
            function: function name.
            payloads: payloads as for `invoke_async`, or `Invocation`s, which have options of their own; all of them
                are taken before the first is sent.
            qualifier: version or alias; None: LATEST.
            concurrency: how many at a time, 1 to 64. Default 16.
            rate_per_second: begin no more than so many a second, 1/86400 (once a day) to 86400; None: no limit.

        Returns:
            What came of each, in the order of the payloads: `Accepted`, or `InvokeFailed` with the error that
            `invoke_async` raises.
        """
        return self._invocations.invoke_many(
            function, payloads, qualifier=qualifier, concurrency=concurrency, rate_per_second=rate_per_second
        )

    def invoke(
        self,
        function: str,
        payload: Any,
        *,
        qualifier: str | None = None,
        timeout_seconds: float | timedelta | None = None,
    ) -> InvokeResult:
        """Run a function and wait for what it returns; never repeated when it may have run.

        Args:
            function: function name.
            payload: as for `invoke_async`, without its limit.
            qualifier: version or alias; None: LATEST.
            timeout_seconds: longest wait for the answer, over 0, 86400 at most, a number or a timedelta; None: the
                function's own timeout, which is asked for first, and 10 seconds; where it may not be read (403) the
                client's read timeout.

        Raises:
            FunctionError: the function ran and its handler failed.
            TransportError: no answer came; `.sent` says whether the function may have run.
        """
        return self._invocations.invoke(function, payload, qualifier=qualifier, timeout_seconds=timeout_seconds)

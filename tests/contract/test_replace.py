"""What replace_config tells to run when it fails half way: run by the command line, it restores the old config."""

from __future__ import annotations

import shlex

import pytest

from fc_async import AsyncInvokeConfig, DestinationConfig, FunctionsClient, ReplaceIncomplete, ServiceError
from fc_async.cli.root import run
from fc_async.config import is_same
from fc_async.local import LocalServer
from tests.contract.fc_sdk import create_function, fc_client

OLD = AsyncInvokeConfig(destination_config=DestinationConfig(on_failure="queue:dead"), max_async_retry_attempts=2)
WANTED = AsyncInvokeConfig(
    destination_config=DestinationConfig(on_success="queue:done"),
    max_async_retry_attempts=0,
    max_async_event_age_in_seconds=60,
    async_task=True,
)


class LostDelete(FunctionsClient):
    """A client whose deletions never arrive, which it cannot know."""

    def delete_config(self, function: str, *, qualifier: str | None = None) -> None:
        raise ServiceError(500)


class LostPut(FunctionsClient):
    """A client whose deletions take so long that the service is out of order when it puts."""

    is_out_of_order = False

    def delete_config(self, function: str, *, qualifier: str | None = None) -> None:
        super().delete_config(function, qualifier=qualifier)
        self.is_out_of_order = True

    def put_config(
        self, function: str, config: AsyncInvokeConfig, *, qualifier: str | None = None
    ) -> AsyncInvokeConfig:
        if self.is_out_of_order:
            raise ServiceError(400)
        return super().put_config(function, config, qualifier=qualifier)


@pytest.mark.parametrize("broken", [LostDelete, LostPut])
def test_the_told_command_restores_the_old_config(broken: type[FunctionsClient]) -> None:
    with LocalServer(assume={"put_merges_inside_destination": "true"}) as local, broken(endpoint=local.url) as client:
        create_function(fc_client(local), "main", "def handler(event, context):\n    pass\n")
        old = FunctionsClient.put_config(client, "main", OLD)
        with pytest.raises(ReplaceIncomplete) as caught:
            client.replace_config("main", WANTED)
        assert not is_same(client.find_config("main") or AsyncInvokeConfig(), old)
        for command in caught.value.command.split(" ; "):
            with pytest.raises(SystemExit) as ended:
                run(shlex.split(command)[1:])
            assert ended.value.code == 0
        assert is_same(client.get_config("main"), old)

"""The calls of MNS about the account: its logging bucket, and opening the service."""

from __future__ import annotations

from .. import limits
from ..mailbox.errors import not_implemented
from .call import Call, Operation, Reply
from .topic_documents import account_element, order_element, read_logging_bucket


class AccountRoutes:
    """Answers the calls about the account. The bucket is kept and given back; nothing is logged."""

    def __init__(self) -> None:
        self._logging_bucket = ""

    def routes(self) -> dict[str, Operation]:
        """What each of them answers; the path of the account's attributes is `/`."""
        return {
            "GET /": self._get_account,
            "PUT /": self._set_account,
            "POST /commonbuy/openservice": self._open_service,
        }

    async def _get_account(self, call: Call) -> Reply:
        _check_is_account(call)
        return Reply(200, account_element(self._logging_bucket))

    async def _set_account(self, call: Call) -> Reply:
        _check_is_account(call)
        bucket = read_logging_bucket(call.body)
        if bucket is not None:
            self._logging_bucket = bucket
        return Reply(204)

    async def _open_service(self, _: Call) -> Reply:
        return Reply(200, order_element(limits.MNS_ORDER_ID))


def _check_is_account(call: Call) -> None:
    if not call.is_true("accountmeta"):
        raise not_implemented(f"{call.request.method} {call.target.path}")

"""The checks in their order; what stands behind a trouble is skipped, with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .access import Call, access_of
from .finding import OK, Finding, skipped
from .identity import Identity, identity_of
from .installed import installed
from .reach import CONNECT_SECONDS, Reached, clock_of, reached
from .setup import Setup, looked_up, settings, settings_for

if TYPE_CHECKING:
    from ...settings.settings import Settings
    from ..options import CommonOptions

_READ_SECONDS = 10
_SERVICES = {"fc": "Function Compute", "mns": "MNS"}


def examine(options: CommonOptions) -> Iterator[Finding]:
    """Yield a finding for each check, as soon as it is there.

    Raises:
        ArgumentError: an option cannot be right.
    """
    yield from installed()
    setup = looked_up(options)
    yield from settings(options)
    identity = _identity(setup)
    if identity is not None:
        yield identity.finding
        if setup.mns is None and identity.account_id is not None:
            setup = setup._replace(mns=settings_for("mns", options, identity.account_id))
    answers = []
    for service, found in (("fc", setup.fc), ("mns", setup.mns)):
        answer = _reached(service, found, _read_seconds(options))
        answers.append(answer)
        yield answer.finding
    yield clock_of(answers)
    yield _access("fc", setup.fc, answers[0], options, identity)
    yield _access("mns", setup.mns, answers[1], options, identity)


def _identity(setup: Setup) -> Identity | None:
    found = setup.fc or setup.mns
    return None if found is None or found.endpoint.is_loopback else identity_of(found)


def _reached(service: str, found: Settings | None, read_seconds: float) -> Reached:
    check, name = f"{service}Reach", _SERVICES[service]
    if found is None:
        return Reached(skipped(check, f"{name}: not asked, its endpoint is not known"))
    return reached(check, name, found.endpoint, read_seconds)


def _access(
    service: str, found: Settings | None, answer: Reached, options: CommonOptions, identity: Identity | None
) -> Finding:
    check, name = f"{service}Access", _SERVICES[service]
    if answer.finding.state != OK or found is None:
        return skipped(check, f"{name}: no signed call was made, because it cannot be reached")
    if identity is not None and identity.is_refused:
        return skipped(check, f"{name}: no signed call was made, because the credentials come first")
    account_id = options.account_id or (found.account_id and found.account_id.value)
    place = {**options.settings(), "account_id": account_id or (identity and identity.account_id)}
    return access_of(_call(service, check, {**place, **_timeouts(options)}))


def _read_seconds(options: CommonOptions) -> float:
    return _READ_SECONDS if options.timeout is None else options.timeout


def _timeouts(options: CommonOptions) -> dict[str, Any]:
    return {"connect_timeout_seconds": CONNECT_SECONDS, "read_timeout_seconds": _read_seconds(options)}


def _call(service: str, check: str, arguments: dict[str, Any]) -> Call:
    if service == "fc":
        return Call(check, "Function Compute", "list async configs", "AliyunFCReadOnlyAccess", _configs(arguments))
    return Call(check, "MNS", "list queues", "mns:ListQueue", _queues(arguments))


def _configs(arguments: dict[str, Any]) -> Any:
    def make() -> None:
        from ...functions.client import FunctionsClient

        with FunctionsClient(**arguments, sleep=lambda _: None) as client:
            next(client.iter_configs(), None)

    return make


def _queues(arguments: dict[str, Any]) -> Any:
    def make() -> None:
        from ...mns.account import MnsAccount

        with MnsAccount(**arguments) as account:
            next(account.iter_queues(), None)

    return make

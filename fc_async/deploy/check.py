"""Check a fleet: what a document would do that nobody wants, or what is live and does it.

Without clients a document is checked by what it says alone, so that a pull request needs no credentials; with them also
by what is there. A read that fails ends the check, for what could not be read is not to be called missing; only a
GetFunction that is refused (403) is told as a finding of its own.
"""

from __future__ import annotations

from dataclasses import replace

from ..arn import FunctionArn, QueueArn, TopicArn
from ..checks import FunctionName
from ..errors import ServiceError
from ..functions.client import FunctionsClient
from ..mns.account import MnsAccount
from .at_once import each
from .checks import (
    absent_function,
    age_too_short,
    circle,
    elsewhere,
    large_payload,
    missing_function,
    missing_queue,
    missing_topic,
    no_on_failure,
    no_role,
    one_queue_for_both,
    retries_not_reentrant,
    role_not_read,
    role_of_another_account,
    short_retention,
    topic_without_subscriptions,
)
from .checks.finding import SEVERITIES, Finding, Rule
from .checks.view import Details, View, queue_of, target
from .fleet import LIVE, Fleet
from .live import live_queues, live_topics

RULES: tuple[Rule, ...] = (
    circle.RULE,
    absent_function.RULE,
    missing_function.RULE,
    missing_queue.RULE,
    missing_topic.RULE,
    elsewhere.OTHER_REGION,
    elsewhere.OTHER_ACCOUNT,
    no_role.RULE,
    role_of_another_account.RULE,
    no_on_failure.RULE,
    topic_without_subscriptions.RULE,
    retries_not_reentrant.RULE,
    age_too_short.RULE,
    large_payload.RULE,
    short_retention.RULE,
    one_queue_for_both.RULE,
    role_not_read.RULE,
)


def check(document: Fleet, functions: FunctionsClient | None = None, mns: MnsAccount | None = None) -> list[Finding]:
    """Return what is to be looked at, the gravest first, then in the order of the file.

    Args:
        document: see `read_document`; or what is live, see `live_fleet`.
        functions: asked what functions there are, their roles and timeouts; None: nothing of it is checked.
        mns: asked what queues and topics there are; None: nothing of it is checked.

    Raises:
        ServiceError: a read was refused.
        SettingsError: region or account of a client cannot be found.
        TransportError: a read got no answer.
    """
    return findings(read_view(document, functions, mns))


def findings(view: View) -> list[Finding]:
    """Return what the rules find in a view."""
    found = [one for rule in RULES for one in rule.find(view)]
    return sorted(found, key=lambda one: (SEVERITIES.index(one.severity), _in_file(one.place)))


def read_view(
    document: Fleet,
    functions: FunctionsClient | None = None,
    mns: MnsAccount | None = None,
    *,
    with_details: bool = True,
) -> View:
    """Return a fleet with what the services tell beside it, 16 reads at once.

    Args:
        document: what is checked; what is live is not read a second time.
        functions: as for `check`.
        mns: as for `check`.
        with_details: also read roles and timeouts, a call for each config.
    """
    region, account = _home(functions, mns)
    fleet = document.resolved(region, account) if region and account else document
    view = View(fleet, region or document.region or "", account)
    if functions is not None:
        view = _with_functions(view, functions, with_details=with_details)
    return view if mns is None else _with_mns(view, mns)


def _home(functions: FunctionsClient | None, mns: MnsAccount | None) -> tuple[str, str]:
    if functions is not None:
        return functions.settings.require_region(), functions.account_id
    if mns is not None:
        return mns.settings.require_region(), mns.settings.require_account_id()
    return "", ""


def _with_functions(view: View, functions: FunctionsClient, *, with_details: bool) -> View:
    there = frozenset(functions.iter_functions())
    wanted = [one.name for one in view.managed if with_details and one.name.name in there]
    told = dict(zip(wanted, each(lambda name: _details(functions, name), wanted), strict=True))
    return replace(
        view,
        functions=there,
        qualifiers=_qualifiers(view, functions, there),
        details={name: one for name, one in told.items() if one is not None},
        absent=frozenset(name for name, one in told.items() if one is None),
        needs_role=not functions.settings.endpoint.is_loopback,
    )


def _details(functions: FunctionsClient, name: FunctionName) -> Details | None:
    """Return what is told of a function; None: there is no such version or alias."""
    try:
        found = functions.get_function(name.name, qualifier=name.qualifier)
    except ServiceError as error:
        if error.status == 404:
            return None
        if error.status != 403:
            raise
        return Details()
    return Details(found.role or "", found.timeout)


def _qualifiers(view: View, functions: FunctionsClient, there: frozenset[str]) -> dict[str, frozenset[str]]:
    arns = [arn for one in view.managed for _, arn in one.destinations if isinstance(arn, FunctionArn)]
    targets = [target(arn) for arn in arns if arn.service is None and view.is_here(arn)]
    names = list(dict.fromkeys(one.name for one in targets if one.qualifier is not None and one.name in there))
    return dict(zip(names, each(lambda name: frozenset(functions.iter_qualifiers(name)), names), strict=True))


def _with_mns(view: View, mns: MnsAccount) -> View:
    fleet = view.fleet
    if fleet.place == LIVE:
        return replace(
            view,
            queues={one.name: one for one in fleet.queues},
            topics={one.name: one for one in fleet.topics},
        )
    topics = _names(view, TopicArn) | {one.name: None for one in fleet.topics}
    found_topics = {one.name: one for one in live_topics(mns, list(topics)) if one is not None}
    pushed = [one for topic in (*fleet.topics, *found_topics.values()) for one in topic.subscriptions]
    queues = _names(view, QueueArn) | {one.name: None for one in fleet.queues}
    queues |= {name: None for one in pushed if (name := queue_of(one, view)) is not None}
    found_queues = {one.name: one for one in live_queues(mns, list(queues)) if one is not None}
    return replace(view, queues=found_queues, topics=found_topics)


def _names(view: View, kind: type[QueueArn] | type[TopicArn]) -> dict[str, None]:
    """Return the names of the destinations here that are of a kind, each once."""
    arns = [arn for one in view.managed for _, arn in one.destinations]
    return {arn.name: None for arn in arns if isinstance(arn, kind) and view.is_here(arn)}


def _in_file(place: str) -> tuple[object, ...]:
    """Return what puts places in the order of their file."""
    path, *numbers = place.rsplit(":", 2)
    if len(numbers) == 2 and all(one.isdigit() for one in numbers):
        return path, int(numbers[0]), int(numbers[1])
    return place, 0, 0

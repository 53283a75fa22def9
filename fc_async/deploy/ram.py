"""The RAM policy that lets a function's role reach its destinations.

Actions: the table of permissions on the page "Result callback"
(https://www.alibabacloud.com/help/en/fc/user-guide/result-callback). How a policy names an event bus or a RocketMQ
topic has no source here, so those say `*` (assumed), and a service that the page does not name gets no statement.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..arn import Arn, EventBusArn, FunctionArn, QueueArn, RocketMqTopicArn, TopicArn

_ACTIONS = {
    QueueArn: "mns:SendMessage",
    TopicArn: "mns:PublishMessage",
    FunctionArn: "fc:InvokeFunction",
    EventBusArn: "eventbridge:PutEvents",
    RocketMqTopicArn: "mq:PUB",
}


def policy(destinations: Sequence[Arn]) -> dict[str, Any]:
    """Return the policy for these destinations; one of an unknown kind has no statement in it."""
    known = [one for one in dict.fromkeys(destinations) if type(one) in _ACTIONS]
    return {"Version": "1", "Statement": [_statement(one) for one in known]}


def _statement(arn: Arn) -> dict[str, Any]:
    resources = [_anywhere(arn)]
    if isinstance(arn, FunctionArn) and not (arn.qualifier or arn.service):
        resources.append(f"{resources[0]}/*")
    if isinstance(arn, (EventBusArn, RocketMqTopicArn)):
        resources = ["*"]
    return {"Effect": "Allow", "Action": [_ACTIONS[type(arn)]], "Resource": resources}


def _anywhere(arn: Arn) -> str:
    """Return the ARN with `*` where region and account are left out."""
    return str(arn.resolved("*", "*"))

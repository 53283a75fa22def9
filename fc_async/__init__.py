"""Asynchronous invocation on Alibaba Cloud Function Compute: configure it, read its records, work its dead letters."""

TYPE_CHECKING = False  # known to type checkers; `typing` itself would be a quarter of a handler's cold start

__version__ = "0.2.0"

if TYPE_CHECKING:
    from .arn import Arn as Arn
    from .arn import EventBusArn as EventBusArn
    from .arn import FunctionArn as FunctionArn
    from .arn import QueueArn as QueueArn
    from .arn import QueueEndpoint as QueueEndpoint
    from .arn import RocketMqTopicArn as RocketMqTopicArn
    from .arn import TopicArn as TopicArn
    from .arn import UnknownArn as UnknownArn
    from .arn import parse_arn as parse_arn
    from .arn import parse_destination as parse_destination
    from .config import AsyncInvokeConfig as AsyncInvokeConfig
    from .config import DestinationConfig as DestinationConfig
    from .deploy.apply import ApplyInterrupted as ApplyInterrupted
    from .deploy.apply import apply as apply
    from .deploy.apply_run import ApplySummary as ApplySummary
    from .deploy.change import Change as Change
    from .deploy.check import check as check
    from .deploy.checks.finding import Finding as Finding
    from .deploy.export import export as export
    from .deploy.fleet import Fleet as Fleet
    from .deploy.fleet_document import read_document as read_document
    from .deploy.graph import graph as graph
    from .deploy.plan import Plan as Plan
    from .deploy.plan import plan as plan
    from .dlq.redrive import Redrive as Redrive
    from .dlq.redrive_summary import RedrivePlan as RedrivePlan
    from .dlq.redrive_summary import RedriveSummary as RedriveSummary
    from .dlq.spool import Spool as Spool
    from .errors import ArgumentError as ArgumentError
    from .errors import DocumentError as DocumentError
    from .errors import FcAsyncError as FcAsyncError
    from .errors import FunctionError as FunctionError
    from .errors import LocalError as LocalError
    from .errors import NotificationError as NotificationError
    from .errors import PlanMoved as PlanMoved
    from .errors import RecordError as RecordError
    from .errors import ReplaceIncomplete as ReplaceIncomplete
    from .errors import ServiceError as ServiceError
    from .errors import SettingsError as SettingsError
    from .errors import SpoolError as SpoolError
    from .errors import TaskTimeout as TaskTimeout
    from .errors import TransportError as TransportError
    from .functions.async_task import AsyncTask as AsyncTask
    from .functions.async_task import AsyncTaskEvent as AsyncTaskEvent
    from .functions.client import FunctionsClient as FunctionsClient
    from .functions.outcomes import Accepted as Accepted
    from .functions.outcomes import DeployedFunction as DeployedFunction
    from .functions.outcomes import Invocation as Invocation
    from .functions.outcomes import InvokeFailed as InvokeFailed
    from .functions.outcomes import InvokeResult as InvokeResult
    from .mns.account import MnsAccount as MnsAccount
    from .mns.consume.dedupe import DedupeStore as DedupeStore
    from .mns.consume.dedupe import MemoryDedupe as MemoryDedupe
    from .mns.consume.dedupe import SqliteDedupe as SqliteDedupe
    from .mns.consume.observer import LoggingObserver as LoggingObserver
    from .mns.consume.observer import Observer as Observer
    from .mns.consume.summary import ConsumerSummary as ConsumerSummary
    from .mns.consume.verdict import Reject as Reject
    from .mns.consume.verdict import Retry as Retry
    from .mns.consumer import Consumer as Consumer
    from .mns.letter import Letter as Letter
    from .mns.message import QueueMessage as QueueMessage
    from .mns.push_signature import verify_notification as verify_notification
    from .mns.queue_client import QueueClient as QueueClient
    from .mns.topic_client import TopicClient as TopicClient
    from .records.error_detail import ErrorDetail as ErrorDetail
    from .records.error_detail import Frame as Frame
    from .records.handler import destination_handler as destination_handler
    from .records.handler import on_failure as on_failure
    from .records.handler import on_success as on_success
    from .records.record import InvocationRecord as InvocationRecord
    from .records.record import iter_records as iter_records
    from .records.record import parse_record as parse_record
    from .records.record import parse_records as parse_records
    from .settings.access_key import AccessKey as AccessKey
    from .transport.request_log import log_requests as log_requests

if not TYPE_CHECKING:
    _HOMES = {
        "arn": (
            "Arn EventBusArn FunctionArn QueueArn QueueEndpoint RocketMqTopicArn TopicArn UnknownArn parse_arn"
            " parse_destination"
        ),
        "config": "AsyncInvokeConfig DestinationConfig",
        "deploy.apply": "ApplyInterrupted apply",
        "deploy.apply_run": "ApplySummary",
        "deploy.check": "check",
        "deploy.checks.finding": "Finding",
        "deploy.export": "export",
        "deploy.fleet": "Fleet",
        "deploy.fleet_document": "read_document",
        "deploy.graph": "graph",
        "deploy.change": "Change",
        "deploy.plan": "Plan plan",
        "dlq.redrive": "Redrive",
        "dlq.redrive_summary": "RedrivePlan RedriveSummary",
        "dlq.spool": "Spool",
        "records.error_detail": "ErrorDetail Frame",
        "errors": (
            "ArgumentError DocumentError FcAsyncError FunctionError LocalError NotificationError RecordError"
            " PlanMoved ReplaceIncomplete ServiceError SettingsError SpoolError TaskTimeout TransportError"
        ),
        "functions.client": "FunctionsClient",
        "records.handler": "destination_handler on_failure on_success",
        "functions.outcomes": "Accepted DeployedFunction Invocation InvokeFailed InvokeResult",
        "mns.account": "MnsAccount",
        "mns.consume.dedupe": "DedupeStore MemoryDedupe SqliteDedupe",
        "mns.consume.observer": "LoggingObserver Observer",
        "mns.consume.summary": "ConsumerSummary",
        "mns.consume.verdict": "Reject Retry",
        "mns.consumer": "Consumer",
        "mns.letter": "Letter",
        "mns.message": "QueueMessage",
        "mns.push_signature": "verify_notification",
        "mns.queue_client": "QueueClient",
        "mns.topic_client": "TopicClient",
        "records.record": "InvocationRecord iter_records parse_record parse_records",
        "settings.access_key": "AccessKey",
        "transport.request_log": "log_requests",
        "functions.async_task": "AsyncTask AsyncTaskEvent",
    }
    _HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}
    __all__ = sorted(_HOME_OF)

    def __getattr__(name):
        """Load a public name from its file on first use: a handler pays only for what it names."""
        if name not in _HOME_OF:
            raise AttributeError(f"module 'fc_async' has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(f"fc_async.{_HOME_OF[name]}"), name)
        globals()[name] = value
        return value

    def __dir__():
        return sorted({*globals(), *__all__})

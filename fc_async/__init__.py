"""Asynchronous invocation on Alibaba Cloud Function Compute: configure it, read its records, work its dead letters."""

TYPE_CHECKING = False  # known to type checkers; `typing` itself would be a quarter of a handler's cold start

__version__ = "0.1.0"

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
    from .error_detail import ErrorDetail as ErrorDetail
    from .error_detail import Frame as Frame
    from .errors import ArgumentError as ArgumentError
    from .errors import DocumentError as DocumentError
    from .errors import FcAsyncError as FcAsyncError
    from .errors import FunctionError as FunctionError
    from .errors import LocalError as LocalError
    from .errors import RecordError as RecordError
    from .errors import ReplaceIncomplete as ReplaceIncomplete
    from .errors import ServiceError as ServiceError
    from .errors import SettingsError as SettingsError
    from .errors import TaskTimeout as TaskTimeout
    from .errors import TransportError as TransportError
    from .functions import FunctionsClient as FunctionsClient
    from .handler import destination_handler as destination_handler
    from .handler import on_failure as on_failure
    from .handler import on_success as on_success
    from .invocation import Accepted as Accepted
    from .invocation import Invocation as Invocation
    from .invocation import InvokeFailed as InvokeFailed
    from .invocation import InvokeResult as InvokeResult
    from .queues import QueueClient as QueueClient
    from .queues import QueueMessage as QueueMessage
    from .record import InvocationRecord as InvocationRecord
    from .record import iter_records as iter_records
    from .record import parse_record as parse_record
    from .record import parse_records as parse_records
    from .request_log import log_requests as log_requests
    from .tasks import AsyncTask as AsyncTask
    from .tasks import AsyncTaskEvent as AsyncTaskEvent

if not TYPE_CHECKING:
    _HOMES = {
        "arn": (
            "Arn EventBusArn FunctionArn QueueArn QueueEndpoint RocketMqTopicArn TopicArn UnknownArn parse_arn"
            " parse_destination"
        ),
        "config": "AsyncInvokeConfig DestinationConfig",
        "error_detail": "ErrorDetail Frame",
        "errors": (
            "ArgumentError DocumentError FcAsyncError FunctionError LocalError RecordError ReplaceIncomplete"
            " ServiceError SettingsError TaskTimeout TransportError"
        ),
        "functions": "FunctionsClient",
        "handler": "destination_handler on_failure on_success",
        "invocation": "Accepted Invocation InvokeFailed InvokeResult",
        "queues": "QueueClient QueueMessage",
        "record": "InvocationRecord iter_records parse_record parse_records",
        "request_log": "log_requests",
        "tasks": "AsyncTask AsyncTaskEvent",
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

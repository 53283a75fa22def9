"""What a file asks for: functions whose code is a folder or a zip, their configs, the queues and topics named there."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ..arn import QueueArn, TopicArn
from ..errors import LocalError
from . import limits
from .catalog.control_plane import ControlPlane
from .catalog.fc_errors import FcError
from .catalog.function import Code, FunctionSpec, normal_qualifier
from .clock import Clock
from .dispatch.destination_warnings import DestinationWarnings
from .fc.checksum import code_checksum
from .fc.code_package import unpack
from .mailbox.attributes import QueueChanges
from .mailbox.errors import MailboxError
from .mailbox.mailbox import Mailbox
from .mailbox.topics import Topics

if TYPE_CHECKING:  # pydantic is a quarter of the time until the service is ready
    from ..config import AsyncInvokeConfig

log = logging.getLogger("fc_async.local")


class Declared:
    """Makes what was declared.

    Args:
        control_plane: functions, aliases and async configs.
        mailbox: the queues.
        topics: the topics.
        clock: the service's time.
        region: region id, where a destination names none.
        account_id: account id, where a destination names none.
        unpacked: folder in which zips are unpacked, each into one of its own.
        warnings: says what the cloud would not deliver.
    """

    def __init__(
        self,
        *,
        control_plane: ControlPlane,
        mailbox: Mailbox,
        topics: Topics,
        clock: Clock,
        region: str,
        account_id: str,
        unpacked: Path,
        warnings: DestinationWarnings,
    ) -> None:
        self._unpacked = unpacked
        self._warnings = warnings
        self._plane = control_plane
        self._mailbox = mailbox
        self._topics = topics
        self._clock = clock
        self._region = region
        self._account_id = account_id

    def deploy(self, spec: FunctionSpec, before: FunctionSpec | None = None) -> None:
        """Create or change one function, with its async config and the queues and topics that its destinations name.

        Args:
            spec: the function.
            before: what was declared of it until now: a config that it had, and has no longer, is removed.

        Raises:
            LocalError: a value is out of range, or the code is not there or no zip; what was not there before is not
                there now.
        """
        is_new = self._plane.catalog.find(spec.name) is None
        try:
            self._plane.deploy_folder(spec, self._code(spec))
            if before is not None and before.async_config is not None:
                self._plane.discard_config(spec.name, normal_qualifier(before.qualifier))
            if spec.async_config is not None:
                self._put_config(spec, spec.async_config, normal_qualifier(spec.qualifier))
        except FcError as refused:
            if is_new and self._plane.catalog.find(spec.name) is not None:
                self._plane.delete_function(spec.name)
            raise LocalError(f"function {spec.name}: {refused.message}") from None
        log.info("function %s: code of %s, handler %s", spec.name, spec.code_dir, spec.handler)
        self._create_destinations(spec)

    def remove(self, spec: FunctionSpec) -> None:
        """Remove a function that is declared no longer; harmless where it was deleted meanwhile."""
        if self._plane.catalog.find(spec.name) is not None:
            self._plane.delete_function(spec.name)
            log.info("function %s removed: the file names it no longer", spec.name)

    def _code(self, spec: FunctionSpec) -> Code | None:
        """Return the code of a zip, unpacked as uploaded code is; None for a folder."""
        if spec.code_dir.is_dir():
            return None
        if spec.code_dir.suffix.lower() != ".zip" or not spec.code_dir.is_file():
            raise LocalError(
                f"function {spec.name}: expected a folder of code or a .zip at {spec.code_dir}, found none"
            )
        try:
            if spec.code_dir.stat().st_size > limits.PACKAGE_BYTES:
                raise LocalError(f"function {spec.name}: expected a .zip of at most {limits.PACKAGE_BYTES} bytes")
            archive = spec.code_dir.read_bytes()
        except OSError as error:
            raise LocalError(f"function {spec.name}: cannot read {spec.code_dir}: {error.strerror}") from None
        folder = Path(tempfile.mkdtemp(prefix="code-", dir=self._unpacked))
        try:
            unpack(archive, folder)
        except FcError as refused:
            reason = refused.message.replace("code.zipFile", str(spec.code_dir), 1)  # nobody has sent the field
            raise LocalError(f"function {spec.name}: {reason}") from None
        return Code(folder, zip_bytes=len(archive), checksum=code_checksum(archive))

    def _put_config(self, spec: FunctionSpec, config: AsyncInvokeConfig, qualifier: str | None) -> None:
        if qualifier is not None and self._plane.ensure_alias(spec.name, qualifier):
            log.info("function %s: alias %s created; it points to LATEST", spec.name, qualifier)
        resolved = config.resolved(self._region, self._account_id)
        self._plane.put_config(spec.name, qualifier, resolved.to_wire())
        self._warnings.look(spec.name, qualifier)

    def _create_destinations(self, spec: FunctionSpec) -> None:
        destinations = spec.async_config.destination_config if spec.async_config is not None else None
        if destinations is None:
            return
        for destination in (destinations.on_success, destinations.on_failure):
            if isinstance(destination, QueueArn) and not self._mailbox.has_queue(destination.name):
                self._create_queue(destination.name, spec.name)
            elif isinstance(destination, TopicArn) and not self._topics.has_topic(destination.name):
                self._create_topic(destination.name, spec.name)

    def _create_queue(self, name: str, function: str) -> None:
        changes = QueueChanges(
            message_retention_period_seconds=limits.CREATED_QUEUE_RETENTION_SECONDS,
            maximum_message_size_bytes=limits.CREATED_QUEUE_MESSAGE_BYTES,
        )
        try:
            self._mailbox.create_queue(name, self._clock.now_ms(), changes)
        except MailboxError as refused:
            raise LocalError(f"function {function}: queue {name}: {refused.message}") from None
        log.info("queue %s created, because function %s names it as a destination", name, function)

    def _create_topic(self, name: str, function: str) -> None:
        try:
            self._topics.create_topic(name, self._clock.now_ms())
        except MailboxError as refused:
            raise LocalError(f"function {function}: topic {name}: {refused.message}") from None
        log.info(
            "topic %s created, because function %s names it as a destination; without a subscription its records go "
            "nowhere",
            name,
            function,
        )

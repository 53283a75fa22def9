"""The fields of CreateFunction and UpdateFunction: which there are, of what type, and what each may be.

A field that the service does not know is passed over and never answered; one that is null is as if it were not there;
a wrong type is refused, and so is a value that breaks a rule: 400 InvalidArgument, with field, value and rule in words
that are ours. Fields and types: SDK models CreateFunctionInput and UpdateFunctionInput, 4.8.3; rules: `limits.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeGuard

from .. import limits
from ..whole_number import is_whole_number
from .fc_errors import invalid_argument, wrong_value

_VARIABLE_NAME = re.compile(limits.VARIABLE_NAME_PATTERN)

Wire = Mapping[str, Any]


def known_fields(body: Wire) -> dict[str, Any]:
    """Return the fields of a body that mean something, of the right type; raises FcError 400 for a wrong type."""
    known: dict[str, Any] = {}
    for name, (is_right, expected) in _TYPES.items():
        value = body.get(name)
        if value is None:
            continue
        if not is_right(value):
            raise wrong_value(name, value, expected)
        known[name] = value
    return known


def check_function(fields: Wire) -> None:
    """Check a function as it would be, all its fields together; raises FcError 400 for the first rule it breaks."""
    for check in _RULES:
        check(fields)


# types


def is_text(value: object) -> TypeGuard[str]:
    """Whether a value is a text that UTF-8 can write, without a zero byte."""
    return isinstance(value, str) and "\0" not in value and _encodes(value)


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(map(is_text, value))


def _is_tags(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) and _is_tag(one) for one in value)


def _is_tag(tag: Wire) -> bool:
    return is_text(tag.get("Key")) and is_text(tag.get("Value", ""))


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _is_boolean(value: object) -> bool:
    return isinstance(value, bool)


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return True


_Type = tuple[Callable[[object], bool], str]
_TEXT: _Type = (is_text, "a text that UTF-8 can write, without a zero byte")
_WHOLE: _Type = (_is_whole, "an integer")
_BOOLEAN: _Type = (_is_boolean, "true or false")
_OBJECT: _Type = (_is_object, "an object")
_TYPES: dict[str, _Type] = {
    **dict.fromkeys(("functionName", "runtime", "handler", "description", "role", "resourceGroupId"), _TEXT),
    **dict.fromkeys(("disableInjectCredentials", "instanceIsolationMode"), _TEXT),
    **dict.fromkeys(("sessionAffinity", "sessionAffinityConfig"), _TEXT),
    **dict.fromkeys(("timeout", "memorySize", "diskSize", "instanceConcurrency", "idleTimeout"), _WHOLE),
    "cpu": (_is_number, "a number"),
    **dict.fromkeys(("disableOndemand", "enableLongLiving", "internetAccess"), _BOOLEAN),
    "environmentVariables": _OBJECT,
    "layers": (_is_texts, "a list of ARNs"),
    "tags": (_is_tags, 'a list of {"Key": text, "Value": text}'),
    **dict.fromkeys(("customContainerConfig", "customRuntimeConfig", "customDNS", "gpuConfig", "nasConfig"), _OBJECT),
    **dict.fromkeys(("instanceLifecycleConfig", "logConfig", "ossMountConfig", "polarFsConfig"), _OBJECT),
    **dict.fromkeys(("juiceFsConfig", "microSandboxConfig", "tracingConfig", "vpcConfig"), _OBJECT),
}


# rules


def _check_texts(fields: Wire) -> None:
    for name in ("runtime", "handler"):
        value = fields.get(name)
        if not value or len(value) > limits.MAX_TEXT_CHARACTERS:
            raise wrong_value(name, value, f"a text of 1 to {limits.MAX_TEXT_CHARACTERS} characters")
    if fields["runtime"] not in limits.RUNTIMES:
        raise wrong_value("runtime", fields["runtime"], f"one of {', '.join(limits.RUNTIMES)}")


def _check_numbers(fields: Wire) -> None:
    for name, (low, high) in _RANGES.items():
        if name in fields and not is_whole_number(fields[name], low, high):
            raise wrong_value(name, fields[name], f"an integer from {low} to {high}")
    memory_mb = fields.get("memorySize")
    if memory_mb is not None and memory_mb % limits.MEMORY_STEP_MB:
        raise wrong_value("memorySize", memory_mb, f"a multiple of {limits.MEMORY_STEP_MB} MB")
    disk_mb = fields.get("diskSize")
    if disk_mb is not None and disk_mb not in limits.DISK_MB:
        raise wrong_value("diskSize", disk_mb, " or ".join(map(str, limits.DISK_MB)))


_RANGES: dict[str, tuple[int, int]] = {
    "timeout": (1, limits.MAX_TIMEOUT_SECONDS),
    "memorySize": limits.MEMORY_MB,
    "instanceConcurrency": limits.INSTANCE_CONCURRENCY,
}


def _check_cpu(fields: Wire) -> None:
    cpu = fields.get("cpu")
    if cpu is None:
        return
    low, high = limits.CPU
    steps = cpu / limits.CPU_STEP if low <= cpu <= high else 0.5
    if abs(steps - round(steps)) > 1e-6:
        raise wrong_value("cpu", cpu, f"a multiple of {limits.CPU_STEP} from {low} to {high}")
    memory_mb = fields.get("memorySize")
    least, most = limits.MEMORY_GB_PER_CPU
    if memory_mb is not None and not least <= memory_mb / 1024 / cpu + 1e-9 <= most + 2e-9:
        rule = f"a ratio of cpu to memorySize (in GB) from 1:{least} to 1:{most}"
        raise invalid_argument(f"cpu {cpu} and memorySize {memory_mb}: expected {rule}")


def _check_environment(fields: Wire) -> None:
    variables = fields.get("environmentVariables", {})
    for name, text in variables.items():
        if not _VARIABLE_NAME.fullmatch(name):
            raise wrong_value("environmentVariables", name, f"names that match ^{limits.VARIABLE_NAME_PATTERN}$")
        if name.startswith(limits.RESERVED_VARIABLES):
            raise wrong_value("environmentVariables", name, f"no name that begins with {limits.RESERVED_VARIABLES}")
        if not is_text(text):
            raise wrong_value("environmentVariables", name, "a text that an environment can hold, without a zero byte")
    size = sum(len(name.encode()) + len(text.encode()) for name, text in variables.items())
    if size > limits.ENVIRONMENT_BYTES:
        raise invalid_argument(
            f"environmentVariables of {size} bytes: expected at most {limits.ENVIRONMENT_BYTES}, names and values"
        )


_RULES: tuple[Callable[[Wire], None], ...] = (_check_texts, _check_numbers, _check_cpu, _check_environment)

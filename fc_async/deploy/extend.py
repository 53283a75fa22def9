"""What a file takes from elsewhere: `extend: FILE` at the top, and a resource's `extend: {name: TEMPLATE}`.

Both lay what is written over what is extended, mapping by mapping; lists and single values replace.

    extend: s.base.yaml                        another file, relative to this one
    template: {T: {timeout: 60, ...}}          the props that resources have in common
    resources: {main: {extend: {name: T, ignore: [role]}, props: {...}}}

Source: docs/zh/extend.md of Serverless-Devs/Serverless-Devs, and @serverless-devs/parse-spec 0.0.29.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import DocumentError
from .faults import LeftOut
from .yaml_1_2 import YamlFile, read_yaml


def with_extended_files(file: YamlFile) -> Any:
    """Return what a file holds with the files that it extends laid under.

    Raises:
        DocumentError: one of them cannot be read, is no mapping, or they extend each other in a circle.
    """
    tree, current = file.value, file
    seen = [file.path.resolve()]
    while isinstance(current.value, dict) and isinstance(name := current.value.get("extend"), str):
        path = current.path.parent / name
        if "\0" in name or path.resolve() in seen:
            raise DocumentError(f"{current.where('extend')}: the file extends itself, by way of {name[:80]!r}")
        seen.append(path.resolve())
        current = read_yaml(path)
        if not isinstance(current.value, dict):
            raise DocumentError(f"{path}: expected a mapping, to be extended")
        tree = merged(current.value, tree)
    return tree


def props_of(file: YamlFile, tree: Mapping[str, Any], key: str) -> Any:
    """Return the props of a resource with its template laid under; None where it has neither.

    Raises:
        LeftOut: its template is not there, or not named as it must be.
        DocumentError: templates extend each other in a circle.
    """
    resource = tree["resources"][key]
    props = resource.get("props")
    seen: list[str] = []
    extending: Any = resource
    while (extend := extending.get("extend")) is not None:
        name = extend.get("name") if isinstance(extend, dict) else None
        if not isinstance(name, str):
            raise LeftOut("expected extend: {name: TEMPLATE}, the name of a mapping under 'template'", "extend")
        if name in seen:
            raise DocumentError(f"{file.where('template', name)}: the template {name[:80]!r} extends itself")
        seen.append(name)
        template = _mapping(tree.get("template")).get(name)
        if not isinstance(template, dict):
            raise LeftOut(f"the template {name[:80]!r} is no mapping under 'template'", "extend")
        ignored = extend.get("ignore") if isinstance(extend.get("ignore"), list) else []
        under = {field: value for field, value in template.items() if field not in ("extend", *ignored)}
        props = merged(under, _mapping(props))
        extending = template
    return props


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return `over` laid over `under`, mapping by mapping."""
    result = dict(under)
    for key, value in over.items():
        below = result.get(key)
        result[key] = merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return result


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}

"""Read the asyncInvokeConfig blocks of an s.yaml as a fleet; all else in the file is ignored.

A function without a block is not listed, because Serverless Devs leaves its config alone. A block that cannot be read,
or that needs a variable which is not known here, ends the reading: taken for absent, it would delete a config.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..checks import LATEST, NAME
from ..config import AsyncInvokeConfig
from ..errors import DocumentError
from .extend import props_of, with_extended_files
from .faults import LeftOut, Unknown
from .fleet import Fleet, FleetFunction
from .function_props import async_config_of
from .s_yaml import is_function
from .variables import Profile, Variables
from .wrong_words import refuse_other_formats, refuse_wrong_words
from .yaml_1_2 import YamlFile, read_yaml

_BLOCK = "asyncInvokeConfig"


def read_s_yaml_fleet(path: Path, environment: Mapping[str, str] | None, region: str | None) -> Fleet:
    """Read an s.yaml.

    Args:
        path: the file.
        environment: where `${env('X')}` looks, before a `.env` file beside the s.yaml; None: this process's.
        region: what `${config('Region')}` is; None: it is not known here.

    Raises:
        DocumentError: the file is doubtful as a whole, or one of its blocks cannot be read.
    """
    file = read_yaml(path)
    tree = with_extended_files(file)
    refuse_other_formats(file, tree)
    resources = tree.get("resources")
    if not isinstance(resources, dict):
        raise DocumentError(f"{path}: expected 'resources' with at least one function of component fc3")
    reader = _Reader(file, tree, os.environ if environment is None else environment, Profile(region, None))
    blocks = [found for key in resources if (found := reader.block(key)) is not None]
    regions = sorted({one.region for one in blocks if one.region})
    if len(regions) > 1:
        raise DocumentError(f"{path}: expected functions of one region in a file, got {', '.join(regions)}")
    return Fleet(_functions(blocks), place=str(path), region=regions[0] if regions else None)


class _Block:
    """One function's block.

    Args:
        name: function name.
        region: of the function; "" where it is not known.
        qualifier: version or alias; None: LATEST.
        config: what the block says.
        place: FILE:LINE:COLUMN.
    """

    def __init__(self, name: str, region: str, qualifier: str | None, config: AsyncInvokeConfig, place: str) -> None:
        self.name, self.region, self.qualifier, self.config, self.place = name, region, qualifier, config, place


class _Reader:
    def __init__(self, file: YamlFile, tree: dict[str, Any], environment: Mapping[str, str], profile: Profile) -> None:
        self._file = file
        self._tree = tree
        self._props = {key: self._with_template(key) for key in tree["resources"]}
        resources = {
            key: {**one, "props": self._props[key]}
            if isinstance(one, dict) and not isinstance(self._props[key], LeftOut)
            else one
            for key, one in tree["resources"].items()
        }
        self._variables = Variables(file, {**tree, "resources": resources}, environment, profile)

    def block(self, key: str) -> _Block | None:
        """Return a resource's block; None where it is no function, or has none."""
        resource = self._tree["resources"][key]
        if not isinstance(resource, dict) or not self._is_function(key, resource):
            return None
        try:
            return self._read(key)
        except (LeftOut, Unknown) as reason:
            way = [str(one) for one in getattr(reason, "keys", ())] or ["props", _BLOCK]
            fault = str(reason)
        prefix = f"resources.{key}"
        shown = fault if fault.startswith(prefix) else f"{'.'.join((prefix, *way))}: {fault}"
        place = shown.partition(": ")[0].split(".") if fault.startswith(prefix) else ["resources", key, *way]
        raise DocumentError(f"{self._file.where(*place)}: {shown}")

    def _with_template(self, key: str) -> Any:
        if not isinstance(self._tree["resources"][key], dict):
            return None
        try:
            return props_of(self._file, self._tree, key)
        except LeftOut as reason:
            return reason

    def _is_function(self, key: str, resource: Mapping[str, Any]) -> bool:
        try:
            found = self._variables.resolve(resource.get("component"), key, f"resources.{key}.component").value
        except (Unknown, LeftOut):
            return False
        return is_function(str(found))

    def _read(self, key: str) -> _Block | None:
        props = self._props[key]
        if isinstance(props, LeftOut):
            raise props
        if not isinstance(props, dict):
            return None
        refuse_wrong_words(props)
        if props.get(_BLOCK) is None:
            return None
        name = self._value(key, "functionName", props)
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise LeftOut("expected functionName, the name of a function", "props")
        config, qualifier = async_config_of(self._value(key, _BLOCK, props))
        region = self._region(key, props)
        place = self._file.where("resources", key, "props", _BLOCK)
        return _Block(name, region, None if qualifier == LATEST else qualifier, config, place)

    def _value(self, key: str, name: str, props: Mapping[str, Any]) -> Any:
        resolved = self._variables.resolve(props.get(name), key, f"resources.{key}.props.{name}")
        for sentence in resolved.unknown:
            raise LeftOut(sentence, "props", name)
        return resolved.value

    def _region(self, key: str, props: Mapping[str, Any]) -> str:
        try:
            found = self._value(key, "region", props)
        except (Unknown, LeftOut):
            return ""
        return found if isinstance(found, str) else ""


def _functions(blocks: list[_Block]) -> tuple[FleetFunction, ...]:
    """Join the blocks of one function, which may be of several versions and aliases."""
    configs: dict[str, dict[str | None, AsyncInvokeConfig]] = {}
    places: dict[str, dict[str | None, str]] = {}
    for one in blocks:
        if one.qualifier in configs.setdefault(one.name, {}):
            first = places[one.name][one.qualifier]
            raise DocumentError(f"{one.place}: function {one.name} is given twice; {first} has it first")
        configs[one.name][one.qualifier] = one.config
        places.setdefault(one.name, {})[one.qualifier] = one.place
    return tuple(
        FleetFunction(name, found, place=next(iter(places[name].values())), places=places[name])
        for name, found in configs.items()
    )

"""What the variables of an s.yaml stand for, as Serverless Devs fills them in.

    ${env('X')} ${env(X)} ${env('X', 'default')}    the environment, else a `.env` file beside the s.yaml, else that;
                                                    an empty value counts as none
    ${vars.a.b}                                     under `vars`
    ${file('./p')} ${json('...')} ${path('./p')}    a file's text; JSON, read; an absolute path
    ${resources.NAME.props.x} ${this.props.x}       another resource's, or this one's
    ${this.name} ${this.access}                     the resource's key; the profile that deploys it
    ${config('AccountID')} ${config('Region')}      of that profile: the local account and region

A file is read relative to the s.yaml, and never outside its folder. A variable that is alone in its place may be a
mapping or a list. What cannot be known here (`output`, `info`, another config key, a form that is none of these) is
left out, and costs only the value that names it. Variables that lead to each other in a circle end the file.

Source: docs/zh/variables.md of Serverless-Devs/Serverless-Devs. That the environment comes before `.env`, that an empty
variable is none, and that a path must exist was seen with the tool's own parser, @serverless-devs/parse-spec 0.0.29.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import DocumentError
from .dot_env import read_dot_env
from .expressions import Call, Expression, Other, Reference, parse_text
from .faults import LeftOut, Unknown
from .scalars import as_number, shown
from .yaml_1_2 import MAX_DEPTH, MAX_FILE_BYTES, MAX_VALUES, YamlFile, read_text

MAX_CHARACTERS = 4_000_000
"""How much text the variables of a file may make."""


@dataclass(frozen=True)
class Profile:
    """What `${config('...')}` reads.

    Args:
        region: region id; None: not known.
        account_id: account id; None: not known.
    """

    region: str | None
    account_id: str | None


@dataclass(frozen=True)
class Resolved:
    """A value with its variables filled in.

    Args:
        value: without what is empty (a key without a value), and without what cannot be known.
        unknown: for each of those, where it stood and why.
    """

    value: Any
    unknown: tuple[str, ...]


class Variables:
    """Fills in the variables of one file.

    Args:
        file: the file.
        tree: what it holds; `vars`, `access` and `resources` are looked up in it, with their templates laid under.
        environment: where `env` looks first.
        profile: what `config` reads.
    """

    def __init__(
        self, file: YamlFile, tree: Mapping[str, Any], environment: Mapping[str, str], profile: Profile
    ) -> None:
        self._yaml = file
        self._folder = file.path.parent
        self._tree = tree
        self._environment = environment
        self._profile = profile
        self._dot_env: dict[str, str] | None = None
        self._open: list[str] = []  # the references that are being filled in
        self._unknown: list[str] = []
        self._values_left = MAX_VALUES
        self._characters_left = MAX_CHARACTERS
        self._calls: dict[str, Callable[..., Any]] = {
            "env": self._env,
            "file": self._file,
            "json": self._json,
            "path": self._path,
            "config": self._config,
        }

    def resolve(self, value: Any, resource: str, where: str) -> Resolved:
        """Return a value of a resource with its variables filled in.

        Args:
            value: mappings, lists and scalars, as the file has them.
            resource: the resource's key, which is `this`.
            where: how a note calls the place.

        Raises:
            Unknown: it is, as a whole, a variable that cannot be known here.
            LeftOut: a variable names what is not there.
            DocumentError: variables lead to each other in a circle, or expand to too much.
        """
        self._unknown = []
        resolved = self._fill(value, resource, where, 0)
        return Resolved(resolved, tuple(self._unknown))

    def _fill(self, value: Any, resource: str, where: str, depth: int) -> Any:
        self._spend(1, 0, depth)
        if isinstance(value, str):
            return self._text(value, resource, where, depth)
        if isinstance(value, dict):
            return dict(self._known(value.items(), resource, where, depth))
        if isinstance(value, list):
            return [inner for _, inner in self._known(enumerate(value), resource, where, depth, keep_null=True)]
        return value

    def _known(
        self, items: Any, resource: str, where: str, depth: int, *, keep_null: bool = False
    ) -> Iterator[tuple[Any, Any]]:
        for key, inner in items:
            place = f"{where}.{key}"
            try:
                value = self._fill(inner, resource, place, depth + 1)
            except Unknown as reason:
                self._unknown.append(f"{place}: {reason}")
                continue
            if value is not None or keep_null:
                yield key, value

    def _spend(self, values: int, characters: int, depth: int) -> None:
        self._values_left -= values
        self._characters_left -= characters
        if self._values_left < 0 or self._characters_left < 0 or depth > MAX_DEPTH:
            raise DocumentError(
                f"{self._yaml.path}: with its variables it expands to over {MAX_VALUES} values, "
                f"{MAX_CHARACTERS} characters or {MAX_DEPTH} levels"
            )

    def _text(self, text: str, resource: str, where: str, depth: int) -> Any:
        pieces = parse_text(text)
        values = [piece if isinstance(piece, str) else self._value(piece, resource, where, depth) for piece in pieces]
        whole = values[0] if len(values) == 1 else "".join(_within_text(value, where) for value in values)
        self._spend(len(pieces), len(whole) if isinstance(whole, str) else 0, depth)
        return whole

    def _value(self, expression: Expression, resource: str, where: str, depth: int) -> Any:
        if isinstance(expression, Reference):
            return self._referred(expression.parts, resource, where, depth)
        if isinstance(expression, Other) or expression.name not in self._calls:
            text = expression.text if isinstance(expression, Other) else f"{expression.name}(...)"
            raise Unknown(
                f"${{{text[:80]}}} is no variable that is read here: "
                "env, vars, file, json, path, config, resources and this are"
            )
        return self._called(expression, where)

    def _called(self, call: Call, where: str) -> Any:
        arguments = [one if isinstance(one, str) else self._called(one, where) for one in call.arguments]
        most = 2 if call.name == "env" else 1
        if not 1 <= len(arguments) <= most or call.name not in self._calls:
            raise LeftOut(f"{where}: expected ${{{call.name}('...')}} with {most} argument{'s' * (most > 1)} at most")
        return self._calls[call.name](where, *(_within_text(argument, where) for argument in arguments))

    # references

    def _referred(self, parts: tuple[str, ...], resource: str, where: str, depth: int) -> Any:
        root, rest = parts[0], parts[1:]
        if root == "this":
            if rest == ("name",):
                return resource
            if rest == ("access",) and "access" not in self._resource(resource):
                root, rest = "access", ()
            else:
                root, rest = "resources", (resource, *rest)
        if root == "resources":
            if len(rest) > 1 and rest[1] in ("output", "info"):
                raise Unknown(f"${{{'.'.join(parts)[:80]}}} is known only after a deployment")
            resource = rest[0]
        elif root not in ("vars", "access"):
            raise Unknown(f"${{{'.'.join(parts)[:80]}}} is no variable that is read here")
        keys = (root, *rest)
        with self._opened(".".join(keys)):
            raw = self._look_up(keys, ".".join(parts), resource, where, depth)
            return self._fill(raw, resource, where, depth + 1)

    def _look_up(self, keys: tuple[str, ...], name: str, resource: str, where: str, depth: int) -> Any:
        value: Any = {"access": "default", **self._tree}
        for at, key in enumerate(keys):
            if isinstance(value, str) and "${" in value:  # a variable that stands for a mapping or list
                with self._opened(".".join(keys[:at])):
                    value = self._fill(value, resource, where, depth + 1)
            if isinstance(value, list) and key.isascii() and key.isdigit() and int(key) < len(value):
                value = value[int(key)]
            elif isinstance(value, dict) and key in value:
                value = value[key]
            else:
                under = "" if keys[0] != "vars" else " under 'vars'"
                raise LeftOut(f"{where}: {name[:80]} is not declared{under}")
        return value

    def _resource(self, name: str) -> Mapping[str, Any]:
        found = self._tree.get("resources", {}).get(name)
        return found if isinstance(found, dict) else {}

    @contextmanager
    def _opened(self, name: str) -> Iterator[None]:
        if name in self._open:
            circle = [*self._open[self._open.index(name) :], name]
            place = self._yaml.where(*name.split("."))
            raise DocumentError(f"{place}: variables lead to each other in a circle: {' -> '.join(circle)[:200]}")
        self._open.append(name)
        try:
            yield
        finally:
            self._open.pop()

    # calls

    def _env(self, where: str, name: str, default: str | None = None) -> str:
        found = self._environment.get(name)
        if found is None:
            if self._dot_env is None:
                self._dot_env = read_dot_env(self._folder / ".env", self._environment)
            found = self._dot_env.get(name)
        if found:
            return found
        if default is None:
            what = "is not set, neither here nor in .env" if found is None else "is empty, which counts as not set"
            raise LeftOut(
                f"{where}: the environment variable {name[:80]} {what}; or write ${{env('{name[:80]}', 'default')}}"
            )
        return default

    def _file(self, where: str, name: str) -> str:
        path = Path(self._absolute(where, name))
        try:
            if not path.is_file():
                raise LeftOut(f"{where}: file({name[:80]!r}): expected a file beside the s.yaml, found none")
            return read_text(path, MAX_FILE_BYTES)
        except DocumentError as error:
            raise LeftOut(f"{where}: file({name[:80]!r}): {error}") from None

    def _path(self, where: str, name: str) -> str:
        path = self._absolute(where, name)
        if not Path(path).exists():
            raise LeftOut(f"{where}: path({name[:80]!r}): expected a file or folder beside the s.yaml, found none")
        return path

    def _absolute(self, where: str, name: str) -> str:
        folder = self._folder.resolve()
        try:
            path = (folder / name).resolve()
        except (OSError, ValueError, RuntimeError):  # a zero byte, or links in a circle
            raise LeftOut(f"{where}: {name[:80]!r} is no path") from None
        if not path.is_relative_to(folder):
            raise LeftOut(f"{where}: {name[:80]!r} leads out of the folder of the s.yaml, and is not read")
        return str(path)

    def _json(self, where: str, text: str) -> Any:
        try:
            return json.loads(
                text, parse_int=lambda digits: as_number(float(digits)), parse_float=lambda text: as_number(float(text))
            )
        except (ValueError, RecursionError):
            raise LeftOut(f"{where}: json(...): expected JSON") from None

    def _config(self, where: str, key: str) -> str:
        values = {"AccountID": self._profile.account_id, "Region": self._profile.region}
        value = values.get(key)
        if value is None:
            raise Unknown(f"${{config('{key[:80]}')}} is of a profile; AccountID and Region are what may be known here")
        return value


def _within_text(value: Any, where: str) -> str:
    if value is None:
        return ""
    if isinstance(value, (dict, list)):
        raise LeftOut(f"{where}: a variable within a text holds a mapping or list, expected one value")
    return shown(value)

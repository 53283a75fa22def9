"""The words that files get wrong, each with the sentence that says what to write.

Most are of FC 2.0, whose files look much the same: asyncConfiguration, statefulInvocation, codeUri, and a destination
that is a plain text. A whole file of that time, and a template that nobody has filled in, are refused as such.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import DocumentError
from .faults import LeftOut
from .yaml_1_2 import YamlFile

OLD_FORMAT = (
    "this is a file of Serverless Devs 1 (FC 2.0), expected one with 'edition: 3.0.0' and 'resources'; "
    "`s 2to3` rewrites it"
)
TEMPLATE = "{} is a template that nobody has filled in; `s init` does, or write the value in its place"

PROPS = {
    "codeUri": "codeUri is a word of FC 2.0; FC 3.0 calls it code",
    "asyncConfiguration": "asyncConfiguration is a word of FC 2.0; FC 3.0 calls it asyncInvokeConfig",
    "statefulInvocation": "statefulInvocation is a word of FC 2.0; FC 3.0 calls it asyncTask, in asyncInvokeConfig",
}
ASYNC_INVOKE_CONFIG = {
    "statefulInvocation": "statefulInvocation is a word of FC 2.0; FC 3.0 calls it asyncTask",
    "destination": "destination is a word of FC 2.0; FC 3.0 has destinationConfig, with onSuccess: {destination: ARN}",
}
DESTINATION = "{half} is a mapping in FC 3.0; write {half}: {{destination: ARN}}"

_PLACEHOLDER = re.compile(r"\{\{-?\s*[A-Za-z_][\w.-]*\s*(?:\|[^{}]*)?-?\}\}")
_NO_TEMPLATE_IN = ("environmentVariables", "description", "actions")
"""Where a text may hold `{{ x }}` and mean it."""


def unfilled_template(text: str) -> str | None:
    """Return where a text that is no YAML has a placeholder, and which; None where it has none."""
    for number, line in enumerate(text.splitlines(), 1):
        if found := _PLACEHOLDER.search(line.partition(" #")[0]):
            return f":{number}:{found.start() + 1}: {TEMPLATE.format(found[0][:80])}"
    return None


def refuse_other_formats(file: YamlFile, tree: Mapping[str, Any]) -> None:
    """Refuse a file of FC 2.0, and a template that nobody has filled in.

    Raises:
        DocumentError: it is one.
    """
    if str(tree.get("edition", "3")).startswith(("1", "2")):
        raise DocumentError(f"{file.where('edition')}: {OLD_FORMAT}")
    if "services" in tree:
        raise DocumentError(f"{file.where('services')}: {OLD_FORMAT}")
    for keys, text in _texts({name: tree[name] for name in ("name", "access", "vars", "resources") if name in tree}):
        if found := _PLACEHOLDER.search(text):
            raise DocumentError(f"{file.where(*keys)}: {TEMPLATE.format(found[0][:80])}")


def _texts(value: Any, *keys: str | int) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        yield keys, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key not in _NO_TEMPLATE_IN:
                yield from _texts(inner, *keys, key)
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from _texts(inner, *keys, at)


def refuse_wrong_words(props: Mapping[str, Any]) -> None:
    """Refuse the words of FC 2.0 in the props of a function.

    Raises:
        LeftOut: there is one; the sentence says what to write.
    """
    for word, sentence in PROPS.items():
        if word in props:
            raise LeftOut(sentence, "props", word)
    config = props.get("asyncInvokeConfig")
    if not isinstance(config, dict):
        return
    for word, sentence in ASYNC_INVOKE_CONFIG.items():
        if word in config:
            raise LeftOut(sentence, "props", "asyncInvokeConfig", word)
    halves = config.get("destinationConfig")
    for half in ("onSuccess", "onFailure"):
        if isinstance(halves, dict) and isinstance(halves.get(half), str):
            where = ("props", "asyncInvokeConfig", "destinationConfig", half)
            raise LeftOut(DESTINATION.format(half=half), *where)

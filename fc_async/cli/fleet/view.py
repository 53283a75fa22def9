"""A plan, and what came of it, as people see them: a line for each thing, below it a line for each field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from ..terminal import clean

if TYPE_CHECKING:
    from ...deploy.apply import ApplySummary
    from ...deploy.plan import Change, Plan

_SIGNS = {"create": ("+", "green"), "update": ("~", "yellow"), "delete": ("-", "red")}
_DEFAULTS = {"max_retries": "3", "max_age": "86400 s", "async_task": "off"}
_SECONDS = ("max_age", "visibility_timeout", "message_retention_period", "delay_seconds", "polling_wait_seconds")


def plan_lines(plan: Plan) -> Iterator[str]:
    """Return a plan, line by line, with colours."""
    place = place_of(plan)
    for change in plan.changes:
        sign, colour = _SIGNS[change.action]
        yield click.style(clean(f"{sign} {change.title}"), fg=colour)
        if change.action != "delete" or change.kind == "config":
            yield from _fields(change, place)
        yield from (f"    {sentence}" for sentence in _beware(change))
    yield from (clean(f"  {note}") for note in plan.notes)
    yield counts(plan)


def counts(plan: Plan) -> str:
    """Return how many things would be created, updated and deleted."""
    if not plan.changes:
        return f"no changes: {plan.place} is as the file says"
    numbers = [(action, sum(1 for one in plan.changes if one.action == action)) for action in _SIGNS]
    return f"{plan.place}: " + ", ".join(f"{number} to {action}" for action, number in numbers if number)


def summary_lines(summary: ApplySummary) -> Iterator[str]:
    """Return what came of a plan, line by line."""
    for change, error in summary.failed:
        yield click.style(clean(f"failed: {change.title}: {error}"), fg="red")
    yield from _cut([clean(f"not reached: {change.title}") for change in summary.not_reached])
    yield (
        f"{len(summary.done)} done, {len(summary.failed)} failed, {len(summary.not_reached)} not reached"
        + ("; run it again to finish" if summary.failed or summary.not_reached else "")
    )


def place_of(plan: Plan) -> tuple[str, str]:
    """Return region and account of which most destinations of a plan are, so that they can be shown in short."""
    from collections import Counter

    from ...arn import parse_arn

    seen: Counter[tuple[str, str]] = Counter()
    for change in plan.changes:
        for name in ("on_failure", "on_success"):
            for value in change.fields.get(name, ()):
                if isinstance(value, str):
                    arn = parse_arn(value)
                    seen[(getattr(arn, "region", ""), getattr(arn, "account_id", ""))] += 1
    return seen.most_common(1)[0][0] if seen else ("", "")


def _cut(lines: list[str], most: int = 20) -> Iterable[str]:
    return lines if len(lines) <= most else [*lines[:most], f"... and {len(lines) - most} more not reached"]


def _fields(change: Change, place: tuple[str, str]) -> Iterator[str]:
    width = max((len(name) for name in change.fields), default=0)
    for name, (old, new) in change.fields.items():
        was, now = _shown(name, old, place, change.kind), _shown(name, new, place, change.kind)
        shown = now if change.action == "create" else was if change.action == "delete" else f"{was} → {now}"
        line = clean(f"    {name:<{width}}  {shown}")
        if len(line) > 80 and change.action == "update":
            yield clean(f"    {name:<{width}}  {was}")
            line = clean(f"    {'':<{width}}  → {now}")
        yield line


def _shown(name: str, value: Any, place: tuple[str, str], kind: str) -> str:
    if value is None:
        return _DEFAULTS.get(name, "nowhere" if kind == "config" else "not set")
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int):
        return f"{value} s" if name in _SECONDS else str(value)
    return _short(value, place) if name in ("on_failure", "on_success") else str(value)


def _short(text: str, place: tuple[str, str]) -> str:
    from ...arn import parse_arn
    from ..config.view import short

    arn = parse_arn(text)
    return short(arn) if (getattr(arn, "region", None), getattr(arn, "account_id", None)) == place else text


def _beware(change: Change) -> Iterator[str]:
    goes = [name for name, (old, new) in change.fields.items() if name.startswith("on_") and old and new is None]
    if change.kind == "config" and change.action == "update" and goes:
        yield "(for the time of one call it may have no destinations)"
    if change.kind == "subscription" and change.action == "update":
        yield "(it is removed and made again: what is published in between does not come)"

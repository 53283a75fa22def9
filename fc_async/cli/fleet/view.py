"""A plan, and what came of it, as people see them: a line for each thing, below it a line for each field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from ..terminal import clean

if TYPE_CHECKING:
    from ...deploy.apply_run import ApplySummary
    from ...deploy.change import Change
    from ...deploy.plan import Plan

_SIGNS = {"create": ("+", "green"), "update": ("~", "yellow"), "delete": ("-", "red")}
_DEFAULTS = {"max_retries": "3", "max_age": "86400 s (1d)", "async_task": "off"}
_ARNS = ("on_failure", "on_success", "queue")
_SECONDS = ("max_age", "visibility_timeout", "message_retention_period", "delay_seconds", "polling_wait_seconds")


def plan_lines(plan: Plan) -> Iterator[str]:
    """Return a plan, line by line, with colours."""
    for change in plan.changes:
        sign, colour = _SIGNS[change.action]
        yield click.style(clean(f"{sign} {change.title}"), fg=colour)
        if change.action != "delete" or change.kind == "config":
            yield from _fields(change, plan.home)
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


def _cut(lines: list[str], most: int = 20) -> Iterable[str]:
    return lines if len(lines) <= most else [*lines[:most], f"... and {len(lines) - most} more not reached"]


def _fields(change: Change, home: tuple[str, str]) -> Iterator[str]:
    width = max((len(name) for name in change.fields), default=0)
    for name, (old, new) in change.fields.items():
        was, now = _shown(name, old, home, change.kind), _shown(name, new, home, change.kind)
        shown = now if change.action == "create" else was if change.action == "delete" else f"{was} → {now}"
        line = clean(f"    {name:<{width}}  {shown}")
        if len(line) > 80 and change.action == "update":
            yield clean(f"    {name:<{width}}  {was}")
            line = clean(f"    {'':<{width}}  → {now}")
        yield line


def _shown(name: str, value: Any, home: tuple[str, str], kind: str) -> str:
    if value is None:
        return _DEFAULTS.get(name, "nowhere" if kind == "config" else "not set")
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int):
        return _seconds(value) if name in _SECONDS else str(value)
    return _short(value, home) if name in _ARNS else str(value)


def _seconds(value: int) -> str:
    """Return seconds, and beside them what the file would say: `21600 s (6h)`."""
    from ...deploy.fleet_writer import duration

    short = duration(value)
    return f"{value} s" if short == f"{value}s" else f"{value} s ({short})"


def _short(text: str, home: tuple[str, str]) -> str:
    """Return a destination or a subscriber's queue in short where it is at home; elsewhere the whole ARN says so."""
    from ...arn import QueueEndpoint, parse_arn
    from ...errors import ArgumentError
    from ..config.view import short

    try:
        arn = parse_arn(text)
    except ArgumentError:  # what is live can be any text
        return text
    if (getattr(arn, "region", None), getattr(arn, "account_id", None)) != home:
        return text
    return arn.name if isinstance(arn, QueueEndpoint) else short(arn)


def _beware(change: Change) -> Iterator[str]:
    goes = [name for name, (old, new) in change.fields.items() if name.startswith("on_") and old and new is None]
    if change.kind == "config" and change.action == "update" and goes:
        yield "(for the time of one call it may have no destinations)"
    if change.kind == "subscription" and change.action == "update":
        yield "(it is removed and made again: what is published in between does not come)"

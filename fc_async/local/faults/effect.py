"""What every effect of a fault is: something around the work of a request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from .fault import Fault

Proceed = Callable[[], Awaitable[web.StreamResponse]]
"""Does what is further in: other effects, then the work of the service."""

Effect = Callable[[Fault, web.BaseRequest, Proceed], Awaitable[web.StreamResponse]]
"""Does what the fault asks of it around `Proceed`, and nothing where the fault does not."""

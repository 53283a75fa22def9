"""What readiness is measured against: a command of aiohttp, click and pydantic that answers 200 to everything."""

from __future__ import annotations

import click
from aiohttp import web
from pydantic import BaseModel


class _Options(BaseModel):
    port: int


async def _answer(request: web.Request) -> web.Response:
    return web.Response()


@click.command()
@click.option("--port", type=int, required=True)
def main(port: int) -> None:
    """Serve until killed."""
    options = _Options(port=port)
    application = web.Application()
    application.router.add_get("/", _answer)
    web.run_app(application, host="127.0.0.1", port=options.port, access_log=None, print=None)


if __name__ == "__main__":
    main()

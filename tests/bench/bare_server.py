"""What the local service is measured against: aiohttp with its router and one handler that reads a body."""

from __future__ import annotations

import sys

from aiohttp import web

from tests.bench.servers import listening

PATH = "/2023-03-30/functions/main/invocations"


async def _accept(request: web.Request) -> web.Response:
    await request.read()
    return web.Response(status=202)


def main() -> None:
    """Serve until killed; the first line of stdout is the port."""
    application = web.Application()
    application.router.add_post(PATH, _accept)
    listener = listening()
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    web.run_app(application, sock=listener, access_log=None, print=None)


if __name__ == "__main__":
    main()

"""A proxy that delivers whatever a client sends 20 ms late, and the answers at once.

    python tests/bench/delaying_proxy.py PORT [SECONDS]

Its first line on stdout ends in its own port.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress


async def main(port: int, seconds: float) -> None:
    """Serve until the process is killed."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind, to_service = await asyncio.open_connection("127.0.0.1", port)
        with suppress(OSError):
            await asyncio.gather(late(reader, to_service), at_once(behind, writer))
        writer.close()
        to_service.close()

    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while data := await reader.read(65536):
            loop.call_later(seconds, writer.write, data)
        loop.call_later(seconds, writer.close)

    async def at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print("listening on", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 0.02))

"""Something between a service and its database that can stop passing bytes on, as a hung machine does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Stalling:
    """``address`` passes on to the database; nothing gets through between ``stall`` and ``go_on``."""

    def __init__(self) -> None:
        self.address = ""
        self._flowing = asyncio.Event()
        self._flowing.set()

    def stall(self) -> None:
        self._flowing.clear()

    def go_on(self) -> None:
        self._flowing.set()

    async def forward(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await source.read(1 << 16):
                await self._flowing.wait()
                sink.write(data)
                await sink.drain()
        sink.close()


@asynccontextmanager
async def before(host: str, port: int) -> AsyncIterator[Stalling]:
    """Stand before a database."""
    stalling, both_ways = Stalling(), set[asyncio.Task[None]]()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream, downstream = await asyncio.open_connection(host, port)
        for source, sink in ((reader, downstream), (upstream, writer)):
            task = asyncio.create_task(stalling.forward(source, sink))
            both_ways.add(task)
            task.add_done_callback(both_ways.discard)

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    try:
        stalling.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield stalling
    finally:
        server.close()
        stalling.go_on()
        for task in list(both_ways):
            task.cancel()
        await asyncio.gather(*both_ways, return_exceptions=True)

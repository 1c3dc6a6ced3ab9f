"""The processes that render, a few at most, each of which may be killed."""

import asyncio

from common.sandbox import Sandbox
from pdf.rendering.order import CannotDraw, Drawn, Order, unpack_reply

_RECYCLE_ABOVE = 192 << 20  # bytes; a season leaves 100 MiB


class Renderers:
    """``count`` sandboxes; the one used last is used first, so that those not needed end.

    Args:
        time_limit: processor seconds for one document; three times as many by the clock.
        memory_limit: bytes of address space of one process.
    """

    def __init__(self, count: int, *, time_limit: float, memory_limit: int) -> None:
        self.sandboxes = [
            Sandbox(
                "pdf.rendering.child",
                unpack_reply,
                time_limit=time_limit,
                memory_limit=memory_limit,
                recycle_above=_RECYCLE_ABOVE,
            )
            for _ in range(count)
        ]
        self._free: asyncio.LifoQueue[Sandbox[Drawn | CannotDraw]] = asyncio.LifoQueue()
        for sandbox in self.sandboxes:
            self._free.put_nowait(sandbox)

    async def render(self, order: Order) -> Drawn | CannotDraw:
        """Render in the next free process.

        Raises:
            SandboxKilled: the document took too much time or memory, or its process died.
        """
        sandbox = await self._free.get()
        try:
            return await sandbox.ask(*order.pack())
        finally:
            self._free.put_nowait(sandbox)

    async def aclose(self) -> None:
        """End all processes, each after the document it is rendering."""
        for sandbox in self.sandboxes:
            await sandbox.aclose()

"""The parent's side of reading files."""

from common import sandbox
from strava.files.recording import FileRefused
from strava.sandbox.results import NAME, ParsedFile, Refusal, SandboxKilled, loads

MIB = 1024 * 1024
LONGEST_NAME = 1000


class Sandbox(sandbox.Sandbox[ParsedFile | Refusal]):
    """Reads files in a child process under a limit of memory and time.

    Args:
        time_limit: wall seconds for one file, the start of the child included.
        memory_limit: bytes of address space of the child.
        recycle_above: resident bytes after a file above which the child is replaced.
        idle_limit: seconds without a file after which the child ends.
    """

    def __init__(
        self,
        *,
        time_limit: float = 30.0,
        memory_limit: int = 1536 * MIB,
        recycle_above: int = 192 * MIB,
        idle_limit: float = 60.0,
    ) -> None:
        super().__init__(
            "strava.sandbox.child",
            loads,
            time_limit=time_limit,
            memory_limit=memory_limit,
            recycle_above=recycle_above,
            idle_limit=idle_limit,
        )

    async def run(self, data: bytes, name: str = "") -> ParsedFile:
        """Parse, clean and derive one plain file (not compressed).

        Raises:
            FileRefused: the file cannot become an activity or a route.
            SandboxKilled: the child ran out of memory or time, or died; the next file gets a new one.
        """
        called = name.encode(errors="replace")[:LONGEST_NAME]
        try:
            reply = await self.ask(NAME.pack(len(called)), called, data)
        except sandbox.SandboxKilled as killed:
            raise SandboxKilled(killed.cause) from killed
        if isinstance(reply, Refusal):
            raise FileRefused(reply.reason, reply.code)
        return reply

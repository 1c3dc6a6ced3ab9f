"""Real PostgreSQL and Valkey servers from Python wheels, for a box that has neither.

They listen on loopback TCP only, ask for a password, run as an unprivileged user in a session of their own,
and survive the death of whoever started them. Only programs are taken from the wheels, not their Python
interfaces.
"""

from local.postgres import Postgres
from local.server import EmbeddedServer, PortTakenError, ServerError
from local.valkey import Valkey

__all__ = ["EmbeddedServer", "PortTakenError", "Postgres", "ServerError", "Valkey"]

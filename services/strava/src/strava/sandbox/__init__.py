"""Files are read in a process of their own that may die of them."""

from strava.sandbox.results import ParsedActivity, ParsedFile, SandboxKilled
from strava.sandbox.sandbox import Sandbox

__all__ = ["ParsedActivity", "ParsedFile", "Sandbox", "SandboxKilled"]

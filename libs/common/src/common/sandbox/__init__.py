"""Work on what strangers sent, in a process of its own that may die of it.

The parent holds a ``Sandbox``; the child is a module that calls ``common.sandbox.child.serve``.
"""

from common.sandbox.parent import Cause, Sandbox, SandboxKilled

__all__ = ["Cause", "Sandbox", "SandboxKilled"]

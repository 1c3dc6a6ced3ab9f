"""Answers that the gateway makes itself out of what the services say."""

from gateway.composed.app import Composed

__all__ = ["Composed"]

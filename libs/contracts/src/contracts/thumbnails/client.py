"""Typed calls to the thumbnails service."""

from contracts.events import EventClient


class ThumbnailsClient(EventClient):
    """Reads the thumbnails service with a service's own token."""

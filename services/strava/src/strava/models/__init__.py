"""Tables of the strava schema, a module per domain."""

from strava.models.activities import Activity, ActivityAudit, ActivityListVersion, Tombstone
from strava.models.base import Base
from strava.models.connections import Connection, OAuthState, WebhookEvent, WebhookSubscription
from strava.models.imports import Import, ImportItem
from strava.models.recordings import Lap, Recording, Split, Stream

__all__ = [
    "Activity",
    "ActivityAudit",
    "ActivityListVersion",
    "Base",
    "Connection",
    "Import",
    "ImportItem",
    "Lap",
    "OAuthState",
    "Recording",
    "Split",
    "Stream",
    "Tombstone",
    "WebhookEvent",
    "WebhookSubscription",
]

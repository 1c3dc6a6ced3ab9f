"""Tables of the strava schema, a module per domain."""

from strava.models.activities import Activity, ActivityAudit, ActivityListVersion, Tombstone
from strava.models.base import Base
from strava.models.connections import Connection, OAuthState, WebhookEvent, WebhookSubscription
from strava.models.gear import Gear, GearDefault
from strava.models.imports import Import, ImportItem, ImportPreview
from strava.models.operation import Purge, SubscriptionView
from strava.models.privacy import PrivacyZone
from strava.models.push import Push
from strava.models.recordings import Lap, Recording, Split, Stream

__all__ = [
    "Activity",
    "ActivityAudit",
    "ActivityListVersion",
    "Base",
    "Connection",
    "Gear",
    "GearDefault",
    "Import",
    "ImportItem",
    "ImportPreview",
    "Lap",
    "OAuthState",
    "PrivacyZone",
    "Purge",
    "Push",
    "Recording",
    "Split",
    "Stream",
    "SubscriptionView",
    "Tombstone",
    "WebhookEvent",
    "WebhookSubscription",
]

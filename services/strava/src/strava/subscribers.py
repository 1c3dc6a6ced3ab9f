"""What the activity store does with others' events."""

from common.inbox import Subscription
from common.resources import Resources
from contracts.thumbnails.client import ThumbnailsClient
from contracts.thumbnails.events import PictureRendered
from strava.activities.pictures import on_picture
from strava.settings import StravaSettings


def subscriptions(resources: Resources) -> list[Subscription]:
    settings = resources.settings
    assert isinstance(settings, StravaSettings)
    thumbnails = ThumbnailsClient(resources.client("thumbnails", settings.thumbnails_url))
    return [Subscription("thumbnails", thumbnails, {PictureRendered.event_type(): on_picture})]

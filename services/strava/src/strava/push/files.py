"""The file of an activity as it goes to Strava."""

from common.resources import Resources
from strava.activities import repository as activities
from strava.models import Push, Recording
from strava.push.errors import NoFile

_TYPES = ("fit", "gpx", "tcx")
_GZIP = b"\x1f\x8b"


async def original_of(resources: Resources, push: Push) -> tuple[bytes, str]:
    """Return the original of the activity's richest recorded file, and Strava's word for its type.

    Raises ``NoFile`` when the activity has none any more.
    """
    recording = await _recorded(resources, push)
    if recording is None:
        raise NoFile
    content = await resources.objects.get(recording.object_key)
    return content, recording.format + (".gz" if content.startswith(_GZIP) else "")


async def _recorded(resources: Resources, push: Push) -> Recording | None:
    if push.activity_id is None:
        return None
    async with resources.database.reading() as session:
        found = await activities.recordings(session, push.activity_id)
    return next((each for each in found if each.format in _TYPES), None)

"""Uploads: accepted at once, processed after a while, refused when the same was there before."""

from strava_emulator.models import Activity, Json, Upload
from strava_emulator.store import Store

PROCESSING = "Your activity is still being processed."
READY = "Your activity is ready."
FAILED = "There was an error processing your activity."
DELETED = "The created activity has been deleted."


class Uploads:
    """The uploads since the start, by id. Restarted, the emulator knows none of them; their activities stay."""

    def __init__(self, store: Store, now: float) -> None:
        self._store = store
        self._uploads: dict[int, Upload] = {}
        self._next = 16_000_000_000 + int(now)  # past 2^31, and not the former process's numbers

    def accept(self, athlete_id: int, external_id: str) -> Upload:
        """A new upload that is being processed."""
        self._next += 1
        upload = Upload(id=self._next, external_id=external_id, athlete_id=athlete_id)
        self._uploads[upload.id] = upload
        return upload

    def get(self, upload_id: int, athlete_id: int) -> Upload | None:
        """An athlete's upload."""
        found = self._uploads.get(upload_id)
        return found if found and found.athlete_id == athlete_id else None

    def as_json(self, upload: Upload) -> Json:
        """The upload as Strava gives it."""
        if upload.error:
            status = FAILED
        elif upload.activity_id is None:
            status = PROCESSING
        else:
            status = READY if self._store.activity(upload.activity_id) else DELETED
        return {
            "id": upload.id,
            "id_str": str(upload.id),
            "external_id": upload.external_id,
            "error": upload.error,
            "status": status,
            "activity_id": upload.activity_id,
        }


def duplicate_error(name: str, former: Activity, *, html: bool) -> str:
    """What Strava says about a file it had before; sometimes with a link in it."""
    if html:
        link = f"<a href='/activities/{former.id}' target='_blank'>{former.id}</a>"
        return f"{name} duplicate of activity {link}"
    return f"{name} duplicate of activity {former.id}"

"""What this service writes at Strava with an athlete's token. Nothing is sent twice by itself."""

import secrets
from collections.abc import Mapping
from typing import Any

from strava.remote.api import read
from strava.remote.calls import Calls
from strava.remote.shapes import DetailedActivity, UploadStatus

_UPLOAD_S = 60.0


class StravaWriting:
    """Uploads, activities by hand, descriptions. Errors are those of ``Calls``."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def upload(self, token: str, *, file: bytes, data_type: str, fields: Mapping[str, str]) -> UploadStatus:
        """Hand a file over; Strava works on it afterwards. The same file again is answered as a duplicate.

        ``data_type`` is fit, tcx or gpx, with .gz where it is packed. ``fields`` are name, description, external_id
        and the like.
        """
        body, content_type = form_of({**fields, "data_type": data_type}, f"activity.{data_type}", file)
        headers = {"Content-Type": content_type}
        found = await self._calls.write("POST", "/uploads", token, content=body, headers=headers, timeout=_UPLOAD_S)
        return read(UploadStatus, found)

    async def upload_status(self, token: str, upload_id: int) -> UploadStatus:
        """What has become of an upload. Raises ``StravaNotFound``."""
        return read(UploadStatus, await self._calls.read(f"/uploads/{upload_id}", token, urgent=True))

    async def create(self, token: str, fields: Mapping[str, Any]) -> DetailedActivity:
        """Make an activity that was done. Raises ``Overlaps`` when there is one at that time.

        An answer that is lost (``FAILURES``) leaves open whether it was made.
        """
        return read(DetailedActivity, await self._calls.write("POST", "/activities", token, data=dict(fields)))

    async def describe(self, token: str, strava_id: int, text: str) -> DetailedActivity:
        """Put a text in place of an activity's description. Raises ``StravaNotFound``."""
        changed = {"description": text}
        return read(DetailedActivity, await self._calls.write("PUT", f"/activities/{strava_id}", token, json=changed))


def form_of(fields: Mapping[str, str], file_name: str, file: bytes) -> tuple[bytes, str]:
    """Return the body of a form with a file in the field ``file``, and its content type (RFC 7578)."""
    boundary = secrets.token_hex(16)
    disposition = 'Content-Disposition: form-data; name="{}"'
    parts = [
        f"--{boundary}\r\n{disposition.format(name)}\r\n\r\n{value}\r\n".encode() for name, value in fields.items()
    ]
    named = f'{disposition.format("file")}; filename="{file_name}"'
    head = f"--{boundary}\r\n{named}\r\nContent-Type: application/octet-stream\r\n\r\n".encode()
    body = b"".join([*parts, head, file, f"\r\n--{boundary}--\r\n".encode()])
    return body, f"multipart/form-data; boundary={boundary}"

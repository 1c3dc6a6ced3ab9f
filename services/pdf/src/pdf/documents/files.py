"""The PDFs in object storage, and how they are called when they leave."""

import re
import unicodedata
from urllib.parse import quote
from uuid import UUID

from common.errors import ServiceError
from common.logs import get_logger
from common.storage import ObjectMissing, ObjectStore

FOLDER = "documents"
_LONGEST_NAME = 100
_UNSAFE = re.compile(r'[\s\x00-\x1f\x7f<>:"/\\|?*]+')


def key_of(document_id: UUID, sha256: str) -> str:
    """Return where a PDF is."""
    return f"{FOLDER}/{document_id}/{sha256}.pdf"


async def is_there(objects: ObjectStore, document_id: UUID, sha256: str | None) -> bool:
    """Whether there is a PDF and it was not lost."""
    if sha256 is None:
        return False
    try:
        await objects.head(key_of(document_id, sha256))
    except ObjectMissing:
        return False
    return True


async def remove(objects: ObjectStore, key: str) -> None:
    """Delete a PDF; what cannot be deleted now is swept later."""
    try:
        await objects.delete(key)
    except ServiceError as error:
        get_logger().warning("document_not_deleted", error=error.detail)


def disposition(title: str) -> str:
    """Return a Content-Disposition with the title as a file name (RFC 6266), in ASCII and in UTF-8 (RFC 8187)."""
    name = _UNSAFE.sub(" ", title).encode(errors="ignore").decode().strip(" .")[:_LONGEST_NAME].strip() or "plan"
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9 ._()+-]", "", plain).strip(" .") or "plan"
    return f"attachment; filename=\"{plain}.pdf\"; filename*=UTF-8''{quote(name, safe='')}.pdf"

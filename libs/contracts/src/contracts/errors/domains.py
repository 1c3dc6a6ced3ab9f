"""Codes of the domains, in the words of their services."""

from contracts.errors.row import FOREIGN, ErrorCode

ACTIVITY = {
    "activity.not_found": ErrorCode(
        404,
        "No such activity",
        f"There is no activity with this id. {FOREIGN}",
        "Look the activity up in GET /api/v1/activities.",
    ),
}

IMPORT = {
    "import.no_files": ErrorCode(
        400,
        "There are no files in the request",
        "The multipart form has no field named files with a file in it.",
        "Send FIT, GPX or TCX files, or a zip of them, as multipart fields named files.",
    ),
    "import.preview_unavailable": ErrorCode(
        422,
        "Imports cannot be previewed yet",
        "The request asked for a preview (dry_run=true), and nothing was written.",
        "Leave dry_run out to import for good; duplicates are recognised and each activity can be deleted.",
    ),
    "import.not_found": ErrorCode(
        404,
        "No such import",
        f"There is no import with this id. {FOREIGN}",
        "Look the import up in GET /api/v1/imports.",
    ),
}

STREAMS = {
    "streams.unknown_key": ErrorCode(
        422,
        "Unknown stream",
        "keys names a stream that does not exist.",
        "next_steps of the answer lists the streams there are.",
    ),
}

ANALYTICS = {
    "analytics.effort_not_found": ErrorCode(
        404,
        "No such best effort",
        f"There is no best effort with this id. {FOREIGN} Efforts also go with their activity.",
        "Read the best efforts again: the activity may have been deleted or changed.",
    ),
}

PICTURES = {
    "picture.not_found": ErrorCode(
        404,
        "No picture of this activity",
        f"The activity has no positions, is too new, or there is none with this id. {FOREIGN}",
        "A picture follows an activity within seconds, if it has positions. Check the id, or try again later.",
    ),
}

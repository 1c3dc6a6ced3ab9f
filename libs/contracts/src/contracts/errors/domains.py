"""Codes of the domains, in the words of their services."""

from contracts.errors.row import FOREIGN, ErrorCode

IMPORT = {
    "import.no_files": ErrorCode(
        400,
        "There are no files in the request",
        "The multipart form has no field named files with a file in it.",
        "Send FIT, GPX or TCX files, or a zip of them, as multipart fields named files.",
    ),
    "import.not_a_preview": ErrorCode(
        409,
        "This import is no preview that waits",
        "A preview can be committed once, when every file of it was looked at; this import is no preview, not yet "
        "ready, or taken back.",
        "Look at its state: a preview can be committed once, when every file of it was looked at.",
    ),
    "import.edited_since": ErrorCode(
        409,
        "Activities of this import were changed by hand since",
        "Taking the import back would undo what was done to them; detail names them.",
        "Repeat the request with ?confirm=true to take the import back all the same.",
    ),
    "import.not_found": ErrorCode(
        404,
        "No such import",
        f"There is no import with this id. {FOREIGN} Previews are forgotten after seven days.",
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

PDF = {
    "pdf.plan_not_found": ErrorCode(
        404,
        "No such plan",
        f"There is no plan with this id to print. {FOREIGN}",
        "Look the plan up in GET /api/v1/plans.",
    ),
    "pdf.document_not_found": ErrorCode(
        404,
        "No such document",
        f"There is no document with this id, or its PDF was lost. {FOREIGN}",
        "Look the document up in GET /api/v1/pdf/documents, or ask for a new one of the plan.",
    ),
    "pdf.not_ready": ErrorCode(
        409,
        "The document is not ready",
        "There is no PDF to download: the document is still to be rendered, or it could not be. detail says which.",
        "GET /api/v1/pdf/documents/{id} tells how far it is. A failed one is tried again by asking for it anew.",
        retryable=True,
    ),
    "pdf.takes_longer": ErrorCode(
        503,
        "The document takes longer",
        "The PDF was asked for at once and is not finished in the time a request may take.",
        "It goes on in the background. Ask again in a moment, or look at GET /api/v1/pdf/documents.",
        retryable=True,
    ),
    "pdf.too_large": ErrorCode(
        422,
        "The plan is too large for one document",
        "The plan is larger than the operator allows, or rendering it would take too much time or memory.",
        "Shorten descriptions and steps, or split the plan into several.",
    ),
    "pdf.failed": ErrorCode(
        500,
        "The document could not be made",
        "The process that renders has died in every attempt, or the server lacks fonts or libraries to draw with.",
        "Ask for it again. If it keeps failing, give the request id to the operator.",
    ),
}

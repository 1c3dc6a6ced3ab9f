"""Codes of what the platform could not do, however right the request was."""

from contracts.errors.row import ErrorCode

UPSTREAM = {
    "upstream.failed": ErrorCode(
        502,
        "A part of the platform failed to answer",
        "The service that was asked broke the connection or sent an answer that cannot be used.",
        "Try again in a moment. After a POST without Idempotency-Key look first whether it was done.",
        retryable=True,
    ),
    "upstream.unreachable": ErrorCode(
        503,
        "Not available at the moment",
        "The gateway cannot connect to the service. Nothing was done.",
        "Try again in a few seconds. Operators: make status shows which process is down.",
        retryable=True,
    ),
    "upstream.unavailable": ErrorCode(
        503,
        "Not available at the moment",
        "The service does not answer, or says that it is down, and is left alone until it is back. Nothing was done.",
        "Try again after the time named in Retry-After.",
        retryable=True,
    ),
    "upstream.busy": ErrorCode(
        503,
        "Too much is going on at once",
        "All of the gateway's connections to the service are in use. Nothing was done.",
        "Try again in a few seconds.",
        retryable=True,
    ),
    "upstream.timeout": ErrorCode(
        504,
        "A part of the platform took too long",
        "The service got the request and did not answer in time. It may still have done what was asked.",
        "Look whether it was done before you repeat it.",
        retryable=True,
    ),
}

STORAGE = {
    "storage.object_missing": ErrorCode(
        404,
        "The file is not there",
        "The database knows the file, but the file storage does not have it.",
        "It may just have been deleted. If it should be there, tell the operator.",
    ),
    "storage.object_unreadable": ErrorCode(
        503,
        "The file cannot be read",
        "The file was encrypted with a key that the service does not have, or it was damaged.",
        "Ask the operator: its key belongs into ENCRYPTION_KEYS; a damaged file must come from a backup.",
    ),
}

DATABASE = {
    "database.unavailable": ErrorCode(
        503,
        "Not available at the moment",
        "The service cannot reach its database, or waited too long for a connection. Nothing was stored.",
        "Try again in a few seconds.",
        retryable=True,
    ),
}

SERVICE = {
    "service.unavailable": ErrorCode(
        503,
        "Not available at the moment",
        "Something that the service needs does not answer: another service, the file storage, the keys of tokens.",
        "Try again after the time named in Retry-After.",
        retryable=True,
    ),
}

INTERNAL = {
    "internal": ErrorCode(
        500,
        "Something went wrong on our side",
        "A fault in the platform. The answer says nothing more; the log has it under request_id.",
        "Try again in a moment. If it keeps failing, give the request id to the operator.",
    ),
}

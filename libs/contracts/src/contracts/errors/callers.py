"""Codes of what a caller can put right: the request, the sign-in, the permission."""

from contracts.errors.row import FOREIGN, ErrorCode

_SIGN_IN = "Sign in and send the access token as a bearer token."
_SIGN_IN_AGAIN = "Sign in again."

REQUEST = {
    "request.bad": ErrorCode(
        400,
        "The request cannot be understood",
        "It breaks a rule of HTTP or of the API: an unreadable form, a header twice.",
        "Read detail, check the request against /api/docs and send it again.",
    ),
    "request.too_many_files": ErrorCode(
        400,
        "There are more than 1,000 files in the request",
        "A form may have 1,000 files at most.",
        "Send at most 1,000 files in a request, or all of them in one .zip.",
    ),
    "request.json_invalid": ErrorCode(
        400,
        "The request cannot be understood",
        "The body was announced as JSON and is not valid JSON.",
        "Look for a missing quote, a trailing comma or a cut-off end.",
    ),
    "request.path_invalid": ErrorCode(
        400,
        "The path is not accepted",
        "The path has empty or dot segments, backslashes, control characters or encoded slashes and percent signs.",
        "Send the plain path of the resource.",
    ),
    "request.not_http": ErrorCode(
        400,
        "This is no HTTP request that can be read",
        "What came on the connection cannot be parsed.",
        "Check the client, and whether it speaks HTTP/1.1 to this port.",
    ),
    "request.transfer_coding": ErrorCode(
        400,
        "The transfer coding is not supported",
        "The body was sent with a Transfer-Encoding other than chunked.",
        "Send the body with Content-Length, or chunked and nothing else.",
    ),
    "request.fields_invalid": ErrorCode(
        422,
        "The choice of fields is not accepted",
        "?fields= holds something that is no name of a member, or more than 100 names.",
        "Send names with commas between them: ?fields=id,name,distance.",
    ),
    "request.not_found": ErrorCode(
        404,
        "Not found",
        f"There is nothing with this id or at this path. {FOREIGN}",
        "Check the id and the path, or look it up in the list again.",
    ),
    "request.unknown_path": ErrorCode(
        404,
        "There is nothing at this address",
        "No part of the platform serves this path.",
        "Compare the path with /api/docs; the API starts at /api/v1.",
    ),
    "request.method_not_allowed": ErrorCode(
        405,
        "Method not allowed here",
        "The path exists, but not for this method.",
        "Use one of the methods named in the Allow header.",
    ),
    "request.timeout": ErrorCode(
        408,
        "The request did not arrive in time",
        "The address and the headers took longer than 15 s, or the body stood still for 30 s.",
        "Check the connection and send the request again.",
        retryable=True,
    ),
    "request.conflict": ErrorCode(
        409,
        "In conflict with the current state",
        "What was asked does not fit the state the resource is in now.",
        "Read the resource again and repeat what still applies.",
    ),
    "request.stale": ErrorCode(
        412,
        "Changed in the meantime",
        "The version in If-Match is not the present one: somebody changed the resource after it was read.",
        "Read the resource again, apply the change to the new version and send its ETag in If-Match.",
    ),
    "request.too_large": ErrorCode(
        413,
        "Too large",
        "The body is larger than this path accepts: 1 MiB for most, 2 GiB for imports.",
        "Send less at once: split the request or the archive.",
    ),
    "request.address_too_long": ErrorCode(
        414,
        "The address is too long",
        "The address with its parameters is longer than 16 KiB.",
        "Send fewer or shorter parameters.",
    ),
    "request.unsupported_media": ErrorCode(
        415,
        "Unsupported content type",
        "The content type of the body is not the one this path reads, or the body was sent with a Content-Encoding.",
        "Send the content type that /api/docs names for this path, without Content-Encoding.",
    ),
    "request.invalid": ErrorCode(
        422,
        "Invalid input",
        "The request can be read, but values are missing, of the wrong type or out of range.",
        "errors lists every value that was refused, with its place (pointer) and why (message); correct those.",
    ),
    "request.cursor_invalid": ErrorCode(
        422,
        "The cursor is not valid",
        "The cursor was not made by this list, or was changed.",
        "Start again from the first page, without a cursor.",
    ),
    "request.if_match_required": ErrorCode(
        428,
        "If-Match is required",
        "This change is accepted only for a version that the client has seen.",
        "Read the resource and send its ETag in If-Match.",
    ),
    "request.rate_limited": ErrorCode(
        429,
        "Too many requests",
        "More requests came from this person or address than the limit allows; RateLimit-Policy names the limit.",
        "Wait for the time named in Retry-After, then continue more slowly.",
        retryable=True,
    ),
    "request.head_too_large": ErrorCode(
        431,
        "Request header fields too large",
        "The headers are longer than 64 KiB or more than 200, or as much came between the parts of a body.",
        "Send fewer or smaller headers. In a browser, delete the cookies of this site.",
    ),
}

AUTH = {
    "auth.required": ErrorCode(
        401,
        "Sign-in required",
        "This path is for people who are signed in.",
        _SIGN_IN,
    ),
    "auth.token_missing": ErrorCode(
        401,
        "The access token is not accepted",
        "The request has no Authorization header with a bearer token.",
        _SIGN_IN,
    ),
    "auth.token_malformed": ErrorCode(
        401,
        "The access token is not accepted",
        "What was sent as a bearer token is no JWT, or is too long to be one of ours.",
        "Send the access_token from the sign-in, not the refresh token and not the whole answer.",
    ),
    "auth.token_invalid": ErrorCode(
        401,
        "The access token is not accepted",
        "The token is no access token of this platform: wrong key, algorithm or claims. detail says which.",
        _SIGN_IN_AGAIN,
    ),
    "auth.token_audience": ErrorCode(
        401,
        "The access token is not accepted",
        "The token is genuine but was made for another audience.",
        "Use a token that this platform's sign-in has given.",
    ),
    "auth.token_expired": ErrorCode(
        401,
        "The access token is not accepted",
        "Access tokens live ten minutes; this one has had its time.",
        "Refresh the session to get a new access token, or sign in again.",
    ),
    "auth.token_revoked": ErrorCode(
        401,
        "The session has ended",
        "The session of this token was ended: by signing out, or because its refresh token was used twice.",
        _SIGN_IN_AGAIN,
    ),
    "auth.login_refused": ErrorCode(
        401,
        "The address or the password is wrong",
        "No account has this address and password. Which of the two is wrong is never said.",
        "Check both and try again.",
    ),
    "auth.origin_refused": ErrorCode(
        403,
        "Not from this page",
        "A page of another origin, or a caller that names none, asked to renew the web app's session.",
        "Open Running Trainer itself and sign in there.",
    ),
    "auth.refresh_refused": ErrorCode(
        401,
        "The session has ended",
        "The refresh token is unknown, expired, revoked or was used before. Using one twice ends the session.",
        _SIGN_IN_AGAIN,
    ),
    "auth.client_refused": ErrorCode(
        401,
        "Unknown service or wrong secret",
        "A service asked for its own token with a secret that auth does not know. People never meet this one.",
        "Operators: compare SERVICE_CLIENT_SECRET of the service with SERVICE_CLIENT_SECRETS of auth.",
    ),
    "auth.forbidden": ErrorCode(
        403,
        "Not allowed",
        "The sign-in is good, but not for this.",
        "Sign in with an account that has the role or scope this needs.",
    ),
    "auth.role_required": ErrorCode(
        403,
        "Not allowed",
        "The account lacks the role that detail names.",
        "Sign in with an account that has the role, or ask the operator for it.",
    ),
    "auth.scope_required": ErrorCode(
        403,
        "Not allowed",
        "The token lacks the scope that detail names. Paths between services need a service's token.",
        "Use a token with that scope.",
    ),
    "auth.session_required": ErrorCode(
        403,
        "Not allowed",
        "A personal access token was sent where a person must have signed in, as for passwords and tokens.",
        "Sign in and try again.",
    ),
    "auth.user_required": ErrorCode(
        403,
        "Not allowed",
        "The token is a service's and the path is for people.",
        "Call it with the token of a person.",
    ),
    "auth.account_gone": ErrorCode(
        404,
        "Not found",
        "The account that the token was given to does not exist any more.",
        "Register again, or sign in with another account.",
    ),
    "auth.email_taken": ErrorCode(
        409,
        "This address has an account already",
        "An account has this e-mail address; capitals make no difference. Said where the platform sends no mail and to"
        " administrators; elsewhere only the owner is told, by mail.",
        "Sign in with it, or register with another address.",
    ),
}

IDEMPOTENCY = {
    "idempotency.key_invalid": ErrorCode(
        400,
        "The request cannot be understood",
        "The Idempotency-Key is empty, longer than 255 characters or not printable.",
        "Send a UUID, for example.",
    ),
    "idempotency.in_progress": ErrorCode(
        409,
        "In conflict with the current state",
        "The first request with this key has not ended yet.",
        "Wait a second and send the same request again to read the first one's answer.",
    ),
    "idempotency.key_reused": ErrorCode(
        422,
        "Invalid input",
        "This key was used within the last 24 hours for a request with another path or content.",
        "Use a new key for a new request.",
    ),
}

ADDRESS = {
    "address.signature_invalid": ErrorCode(
        403,
        "This link does not work",
        "A signed link is incomplete or was changed.",
        "Open the page that the link came from again to get a new one.",
    ),
    "address.expired": ErrorCode(
        403,
        "This link does not work",
        "A signed link works for a limited time, and this one has had it.",
        "Open the page that the link came from again to get a new one.",
    ),
}

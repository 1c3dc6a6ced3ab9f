"""Codes of the connection to Strava."""

from contracts.errors.row import ErrorCode

STRAVA = {
    "strava.not_configured": ErrorCode(
        409,
        "Strava is not set up on this platform",
        "The operator has set no Strava application. Everything else works without.",
        "Ask the operator to set STRAVA_CLIENT_ID and its secret. Files can be imported without Strava.",
    ),
    "strava.not_connected": ErrorCode(
        409,
        "Strava is not connected",
        "The account has no connection to Strava.",
        "Connect Strava first: GET /api/v1/strava/auth.",
    ),
    "strava.degraded": ErrorCode(
        409,
        "Strava no longer accepts this connection",
        "Strava refuses the tokens: access was taken back there, or the operator's keys no longer open them.",
        "Connect Strava again; what was stored before stays.",
    ),
    "strava.denied": ErrorCode(
        403,
        "Access was not granted at Strava",
        "On Strava's page access was refused.",
        "Connect again and choose Authorize, or import files instead.",
    ),
    "strava.scope_missing": ErrorCode(
        403,
        "Strava was not allowed to show activities",
        "On Strava's page the box for viewing activities was unticked. No connection was made.",
        "Connect again and leave 'View data about your activities' ticked: without it there is nothing to fetch.",
    ),
    "strava.write_scope_missing": ErrorCode(
        403,
        "Strava was not allowed to take anything from here",
        "The connection was made without leave to upload and change activities.",
        "Connect again at GET /api/v1/strava/auth?write=true and leave 'Upload and change your activities' ticked.",
    ),
    "strava.activity_not_found": ErrorCode(
        404,
        "No such activity at Strava",
        "Strava has no activity of the athlete's under this number, or does not show it.",
        "Check the number: GET /api/v1/strava/activities lists what Strava has.",
    ),
    "strava.push_not_found": ErrorCode(
        404,
        "Nothing was sent to Strava under this id",
        "The id is made up, or belongs to somebody else.",
        "Check the id: GET /api/v1/strava/uploads lists what was sent.",
    ),
    "strava.already_there": ErrorCode(
        409,
        "The activity is at Strava already",
        "It came from Strava, or was sent there before.",
        "Nothing has to be sent. Its description can be changed: PUT /api/v1/strava/activities/{id}/description.",
    ),
    "strava.no_file": ErrorCode(
        409,
        "The activity has no file to upload",
        "It was entered by hand, so there is nothing recorded.",
        "Send it as an entry by hand: POST /api/v1/strava/manual.",
    ),
    "strava.not_at_strava": ErrorCode(
        409,
        "The activity is not at Strava",
        "Nothing is known of it at Strava.",
        "Send it first: POST /api/v1/strava/uploads, or /api/v1/strava/manual for one without a file.",
    ),
    "strava.refused": ErrorCode(
        409,
        "Strava refuses this",
        "Strava understood the request and refused it for a reason of its own.",
        "Try it with other words, or do it at Strava itself.",
    ),
    "strava.not_completed": ErrorCode(
        422,
        "The activity is not over yet",
        "Strava takes activities that were done; it has no planned ones.",
        "Send it once it is done. What is planned goes out as a calendar or as a workout file.",
    ),
    "strava.state_unknown": ErrorCode(
        400,
        "This way back from Strava was not started here",
        "The state is made up, or belongs to another account or browser.",
        "Start again at GET /api/v1/strava/auth, in the same browser and with the same account.",
    ),
    "strava.state_expired": ErrorCode(
        400,
        "Too much time has passed at Strava",
        "The state was given out more than ten minutes ago.",
        "Start again at GET /api/v1/strava/auth; there are ten minutes from then.",
    ),
    "strava.state_used": ErrorCode(
        400,
        "This way back from Strava was used already",
        "A state is good once.",
        "Look at GET /api/v1/strava/status: the connection may be there. Else start again.",
    ),
    "strava.code_invalid": ErrorCode(
        400,
        "Strava does not accept this authorization code",
        "The code is missing, made up, used or too old.",
        "Start again at GET /api/v1/strava/auth: a code works once and only for a short time.",
    ),
    "strava.athlete_taken": ErrorCode(
        409,
        "This Strava athlete is connected to another account",
        "A Strava athlete can be connected to one account of this platform.",
        "Sign in with the other account and disconnect Strava there, or use another Strava account.",
    ),
    "strava.at_capacity": ErrorCode(
        409,
        "The Strava application is full",
        "Strava limits how many athletes the operator's application may have, and that number is reached.",
        "Ask the operator: Strava limits how many athletes an application may have. Files can be imported.",
    ),
    "strava.application_inactive": ErrorCode(
        503,
        "The Strava application is inactive",
        "Strava answers only applications whose owner has a paid subscription, and this one's has none.",
        "The owner of the Strava application needs a paid Strava subscription; the operator can renew it.",
        retryable=True,
    ),
    "strava.application_refused": ErrorCode(
        503,
        "Strava refuses the application's credentials",
        "The client id or the client secret that the operator set is wrong.",
        "The operator has to check STRAVA_CLIENT_ID and STRAVA_CLIENT_SECRET.",
        retryable=True,
    ),
    "strava.rate_limited": ErrorCode(
        503,
        "Strava's rate limit is used up",
        "The application has made all the calls that Strava allows it for now. Work in the background waits by itself.",
        "Try again after the time named in Retry-After; what is waiting goes on by itself.",
        retryable=True,
    ),
    "strava.verify_token_wrong": ErrorCode(
        403,
        "The verify token is not ours",
        "Somebody who knows the webhook's path tried to subscribe it with another verify token.",
        "Whoever subscribes has to send the operator's STRAVA_VERIFY_TOKEN.",
    ),
    "strava.nothing_to_undo": ErrorCode(
        404,
        "There is no disconnect to undo",
        "Strava was not disconnected, or what came from there is deleted already, or it was kept on purpose.",
        "Nothing is about to be deleted. Connect Strava to fetch activities again.",
    ),
}

"""Codes of what an administrator does with ingest."""

from contracts.errors.row import ErrorCode

WEBHOOK = {
    "webhook.subscribed": ErrorCode(
        409,
        "The application has a subscription already",
        "Strava allows one subscription per application, and there is one, here or elsewhere.",
        "Delete the one that is there first.",
    ),
    "webhook.not_found": ErrorCode(
        404,
        "No such subscription",
        "Strava has no subscription of this number for the application.",
        "Read /admin/webhooks?refresh=true for what Strava has.",
    ),
    "webhook.unreachable": ErrorCode(
        409,
        "Strava could not verify the webhook's address",
        "Strava asked the webhook's address and did not get the right answer within two seconds.",
        "Set PUBLIC_URL or STRAVA_WEBHOOK_BASE to where Strava reaches the gateway, and try again.",
    ),
}

JOB = {
    "job.not_found": ErrorCode(
        404,
        "No such job",
        "There is no job with this id; done and failed ones may have been cleared.",
        "Read the list of jobs again.",
    ),
    "job.not_ended": ErrorCode(
        409,
        "This job has not failed",
        "The job waits, runs or is done.",
        "Only failed and dead jobs can be tried again; wait for this one.",
    ),
    "job.activity_unnamed": ErrorCode(
        422,
        "Which activity is to be fetched?",
        "A job of kind activity needs the number of the activity at Strava.",
        "Give strava_id.",
    ),
}

"""Why something cannot be sent to Strava."""

from common.errors import Conflict, InvalidInput, NotFound


class PushMissing(NotFound):
    code = "strava.push_not_found"
    title = "Nothing was sent to Strava under this id"
    next_steps = "Check the id: GET /api/v1/strava/uploads lists what was sent."


class AlreadyThere(Conflict):
    code = "strava.already_there"
    title = "The activity is at Strava already"
    next_steps = (
        "Nothing has to be sent. Its description can be changed: PUT /api/v1/strava/activities/{id}/description."
    )


class NoFile(Conflict):
    code = "strava.no_file"
    title = "The activity has no file to upload"
    next_steps = "Send it as an entry by hand: POST /api/v1/strava/manual."


class NotAtStrava(Conflict):
    code = "strava.not_at_strava"
    title = "The activity is not at Strava"
    next_steps = "Send it first: POST /api/v1/strava/uploads, or /api/v1/strava/manual for one without a file."


class Refused(Conflict):
    code = "strava.refused"
    title = "Strava refuses this"
    next_steps = "Try it with other words, or do it at Strava itself."


class NotCompleted(InvalidInput):
    code = "strava.not_completed"
    title = "The activity is not over yet"
    next_steps = "Send it once it is done. What is planned goes out as a calendar or as a workout file."

"""What can go wrong on the way back from Strava's page."""

from common.errors import BadRequest, Conflict, Forbidden


class Denied(Forbidden):
    code = "strava.denied"
    title = "Access was not granted at Strava"
    next_steps = "Connect again and choose Authorize, or import files instead."


class StateUnknown(BadRequest):
    code = "strava.state_unknown"
    title = "This way back from Strava was not started here"
    next_steps = "Start again at GET /api/v1/strava/auth, in the same browser and with the same account."


class StateExpired(BadRequest):
    code = "strava.state_expired"
    title = "Too much time has passed at Strava"
    next_steps = "Start again at GET /api/v1/strava/auth; there are ten minutes from then."


class StateUsed(BadRequest):
    code = "strava.state_used"
    title = "This way back from Strava was used already"
    next_steps = "Look at GET /api/v1/strava/status: the connection may be there. Else start again."


class AthleteTaken(Conflict):
    code = "strava.athlete_taken"
    title = "This Strava athlete is connected to another account"
    next_steps = "Sign in with the other account and disconnect Strava there, or use another Strava account."

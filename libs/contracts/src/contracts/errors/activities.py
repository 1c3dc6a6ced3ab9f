"""Codes of activities and of what belongs to them."""

from contracts.errors.row import FOREIGN, ErrorCode

ACTIVITY = {
    "activity.not_found": ErrorCode(
        404,
        "No such activity",
        f"There is no activity with this id. {FOREIGN}",
        "Look the activity up in GET /api/v1/activities.",
    ),
    "activity.measured": ErrorCode(
        422,
        "The figures of this activity are measured",
        "The change sets figures of an activity that has a recording from a device or from Strava.",
        "Change name, description, sport, timezone or gear_id; figures can be set on entries by hand.",
    ),
    "activity.no_track": ErrorCode(
        404,
        "There is no track to give out",
        "The activity has no positions, or privacy zones hide all of them.",
        "Without positions there is no GPX. If privacy zones hide all of it, its owner may ask privacy=full.",
    ),
    "activity.no_original": ErrorCode(
        404,
        "There is no original file",
        "The recording was entered by hand.",
        "What is entered by hand has none; GET /activities/{id} shows where each recording came from.",
    ),
}

RECORDING = {
    "recording.not_found": ErrorCode(
        404,
        "No such recording",
        f"There is no recording with this id, or it is of another activity. {FOREIGN}",
        "Check the id; GET /activities/{id} lists the recordings of an activity.",
    ),
    "recording.only_one": ErrorCode(
        409,
        "The activity has no other recording",
        "The last recording of an activity cannot be taken out of it.",
        "There is nothing to separate: the activity is this recording.",
    ),
    "recording.already_there": ErrorCode(
        422,
        "It belongs to this activity already",
        "The merge names the activity itself, or a recording that it has.",
        "Name another activity, or a recording of another activity.",
    ),
}

GEAR = {
    "gear.not_found": ErrorCode(
        404,
        "No such gear",
        f"There is no gear with this id. {FOREIGN}",
        "Check the id; GET /gear lists yours.",
    ),
    "gear.in_use": ErrorCode(
        409,
        "Activities have this gear",
        "Deleting it would take it off activities.",
        "Retire it with retired_on instead, or delete it with ?unlink=true: its activities then have no gear.",
    ),
    "gear.too_many": ErrorCode(
        409,
        "There is too much gear",
        "An athlete can have 500 pieces of gear.",
        "Delete gear that no activity has.",
    ),
}

ZONE = {
    "zone.not_found": ErrorCode(
        404,
        "No such privacy zone",
        f"There is no privacy zone with this id. {FOREIGN}",
        "Check the id; GET /privacy-zones lists yours.",
    ),
    "zone.too_many": ErrorCode(
        409,
        "There are too many privacy zones",
        "An athlete can have 20 privacy zones.",
        "Delete a zone, or make one larger so that it covers another.",
    ),
}

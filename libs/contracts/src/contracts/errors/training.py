"""Codes of training: plans, workouts, runs, the calendar."""

from contracts.errors.row import FOREIGN, ErrorCode

PLAN = {
    "plan.not_found": ErrorCode(
        404,
        "No such plan",
        f"There is no plan with this id. {FOREIGN}",
        "Look the plan up in GET /api/v1/plans.",
    ),
    "plan.too_many_workouts": ErrorCode(
        422,
        "Too many workouts in a plan",
        "A plan holds at most 2,000 workouts, and with this request it would have more. Nothing was stored.",
        "Split the plan into several.",
    ),
}

WORKOUT = {
    "workout.not_found": ErrorCode(
        404,
        "No such workout",
        f"There is no workout with this id. {FOREIGN} Workouts also go with their plan.",
        "Look the workout up in GET /api/v1/workouts.",
    ),
}

RUN = {
    "run.not_found": ErrorCode(
        404,
        "No such run",
        f"There is no run with this id. {FOREIGN} Runs also go with their activity.",
        "Look the run up in GET /api/v1/runs.",
    ),
    "run.figures_fixed": ErrorCode(
        422,
        "These figures belong to the activity",
        "The run was made from an activity, and the request would change what the activity says.",
        "Change name, notes and workout_id here and everything else at the activity; errors lists the fields.",
    ),
    "run.from_activity": ErrorCode(
        409,
        "This run belongs to an activity",
        "A run made from an activity is there as long as the activity is.",
        "Delete the activity with DELETE /api/v1/activities/{id}; its run goes with it.",
    ),
}

CALENDAR = {
    "calendar.too_many_items": ErrorCode(
        422,
        "Too many entries for one calendar",
        "There are more than 5,000 workouts and runs in these days.",
        "Ask for fewer days at once.",
    ),
}

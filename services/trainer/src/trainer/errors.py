"""What can be wrong with a request for training."""

from common.errors import Conflict, InvalidInput, NotFound

MOST_WORKOUTS = 2_000
MOST_CALENDAR_ITEMS = 5_000


class PlanMissing(NotFound):
    code = "plan.not_found"
    title = "No such plan"
    next_steps = "Check the id; the plan may have been deleted."


class WorkoutMissing(NotFound):
    code = "workout.not_found"
    title = "No such workout"
    next_steps = "Check the id; the workout may have been deleted, also with its plan."


class RunMissing(NotFound):
    code = "run.not_found"
    title = "No such run"
    next_steps = "Check the id; the run may have been deleted, also with its activity."


class TooManyWorkouts(InvalidInput):
    code = "plan.too_many_workouts"
    title = "Too many workouts in a plan"
    next_steps = f"A plan holds at most {MOST_WORKOUTS:,} workouts: split it into several plans."


class FiguresFixed(InvalidInput):
    code = "run.figures_fixed"
    title = "These figures belong to the activity"
    next_steps = "Only name, notes and workout_id of this run can be changed here; change the rest at the activity."


class RunOfActivity(Conflict):
    code = "run.from_activity"
    title = "This run belongs to an activity"
    next_steps = "Delete the activity; its run goes with it."


class CalendarTooFull(InvalidInput):
    code = "calendar.too_many_items"
    title = "Too many entries for one calendar"
    next_steps = f"Ask for fewer days: at most {MOST_CALENDAR_ITEMS:,} entries are shown at once."

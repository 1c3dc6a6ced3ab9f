"""What the trainer holds of a person."""

from common.personal import Holding, PersonalData
from trainer.models import Plan, Run, TrainingVersion, Workout

PERSONAL = PersonalData(
    [
        Holding(Run, lambda person: Run.athlete_id == person),
        Holding(Workout, lambda person: Workout.athlete_id == person),
        Holding(Plan, lambda person: Plan.athlete_id == person),
        Holding(TrainingVersion, lambda person: TrainingVersion.athlete_id == person, given=False),
    ]
)

"""What analytics holds of a person."""

from analytics.models import AnalysedActivity, Effort, RankTable, RankVersion
from common.personal import Holding, PersonalData

PERSONAL = PersonalData(
    [
        Holding(Effort, lambda person: Effort.athlete_id == person),
        Holding(RankTable, lambda person: RankTable.athlete_id == person, given=False),
        Holding(AnalysedActivity, lambda person: AnalysedActivity.athlete_id == person, given=False),
        Holding(RankVersion, lambda person: RankVersion.athlete_id == person, given=False),
    ]
)

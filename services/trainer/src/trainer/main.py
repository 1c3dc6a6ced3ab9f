"""The web process of trainer."""

from fastapi import FastAPI

from common.app import create_app
from trainer.calendars import endpoints as calendars
from trainer.personal import PERSONAL
from trainer.plans import endpoints as plans
from trainer.runs import endpoints as runs
from trainer.settings import TrainerSettings
from trainer.workouts import endpoints as workouts


def create() -> FastAPI:
    return create_app(
        "trainer",
        TrainerSettings.from_environment(),
        area="training",
        routers=[plans.router, workouts.in_plans, workouts.router, runs.router, calendars.router],
        root_routers=[plans.internal_router],
        personal=PERSONAL,
    )

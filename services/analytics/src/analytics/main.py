"""The web process of analytics."""

from fastapi import FastAPI

from analytics.efforts import endpoints as efforts
from analytics.personal import PERSONAL
from analytics.settings import AnalyticsSettings
from common.app import create_app


def create() -> FastAPI:
    return create_app(
        "analytics",
        AnalyticsSettings.from_environment(),
        area="analytics",
        routers=[efforts.router, efforts.admin_router],
        personal=PERSONAL,
    )

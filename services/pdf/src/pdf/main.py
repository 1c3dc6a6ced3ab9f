"""The web process of pdf."""

from fastapi import FastAPI

from common.app import create_app
from pdf.documents import endpoints as documents
from pdf.personal import PERSONAL
from pdf.settings import PdfSettings


def create() -> FastAPI:
    routers = [documents.router, documents.plans_router]
    return create_app("pdf", PdfSettings.from_environment(), area="documents", routers=routers, personal=PERSONAL)

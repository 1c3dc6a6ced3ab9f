"""The background process of pdf."""

from common.worker import Periodic, Worker, create_worker
from pdf.documents.sweeping import sweep_orphans
from pdf.documents.tasks import RENDER, Rendering
from pdf.rendering.renderers import Renderers
from pdf.settings import PdfSettings


def create() -> Worker:
    settings = PdfSettings.from_environment()
    renderers = Renderers(
        settings.pdf_renderers, time_limit=settings.pdf_render_seconds, memory_limit=settings.pdf_render_memory
    )
    return create_worker(
        "pdf",
        settings,
        tasks={RENDER: Rendering(renderers)},
        periodic=[Periodic("sweep orphaned documents", 21600.0, sweep_orphans)],
        closing=[renderers],
        concurrency=settings.pdf_renderers,
    )

"""Settings of the pdf service."""

from pydantic import Field

from common.settings import SigningSettings


class PdfSettings(SigningSettings):
    trainer_url: str = "http://127.0.0.1:8001"
    pdf_renderers: int = Field(default=2, ge=1, le=64, description="documents rendered at the same time, each apart")
    pdf_render_seconds: float = Field(
        default=60, gt=0, description="of a processor for one document; then its process is killed"
    )
    pdf_render_memory: int = Field(default=1536 << 20, ge=128 << 20, description="bytes of address space of such one")
    pdf_direct_seconds: float = Field(default=50, ge=0, description="a request waits at most so long for its PDF")
    pdf_max_plan_size: int = Field(default=8 << 20, description="bytes of a plan, as JSON, that is still printed")

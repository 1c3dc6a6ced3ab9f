"""Settings of the activity store."""

from pydantic import Field

from common.settings import DataSettings


class StravaSettings(DataSettings):
    max_file_size: int = Field(default=64 << 20, description="bytes of one file, inflated")
    max_archive_size: int = Field(default=2 << 30, description="bytes of one upload")

"""An index of jobs by whom or what they are about."""

from common.db.baseline import downgrade_2 as downgrade
from common.db.baseline import upgrade_2 as upgrade

revision = "0002"
down_revision = "0001"

__all__ = ["downgrade", "upgrade"]

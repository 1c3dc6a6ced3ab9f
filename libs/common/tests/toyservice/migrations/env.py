from toy.models import Base

from common.db.migrate import run_environment

run_environment(Base)

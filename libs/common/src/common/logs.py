"""Structured logs: one JSON object a line on stdout.

Keys: ``ts, level, service, event, req_id, trace_id, user_id`` and what the event adds. Ids only: never names,
mail addresses, tokens or positions.
"""

import logging
import sys
from typing import Any

import orjson
import structlog
from opentelemetry import trace
from structlog.typing import EventDict, WrappedLogger

from common.context import request_id


def get_logger() -> structlog.stdlib.BoundLogger:
    """Return the logger of the process; call ``log.info("event_name", key=value)``."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger()
    return logger


def configure_logs(service: str, level: str) -> None:
    """Route structlog and the standard library's loggers to JSON lines on stdout."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        _stamp(service),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, _render],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processor=_render_foreign))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("arq", "httpx2", "httpcore2", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _stamp(service: str) -> Any:
    stamper = structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts")

    def add(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        event = stamper(logger, method, event)
        event["service"] = service
        if current := request_id.get():
            event.setdefault("req_id", current)
        span = trace.get_current_span().get_span_context()
        if span.is_valid:
            event["trace_id"] = format(span.trace_id, "032x")
        return event

    return add


def _render(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    return orjson.dumps(event, default=str).decode()


def _render_foreign(logger: WrappedLogger, method: str, event: EventDict) -> str:
    event.pop("_record", None)
    event.pop("_from_structlog", None)
    return _render(logger, method, event)

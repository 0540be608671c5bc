"""Logs as one JSON object a line on stderr, ids only, never patient data; the same for structlog and the stdlib."""

from __future__ import annotations

import logging
import sys
import warnings

import structlog


def start_logging(level: int = logging.INFO) -> None:
    """Send everything that is logged in this process to stderr as JSON; foreign libraries speak up from WARNING on."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
            foreign_pre_chain=shared,
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for foreign in ("pynetdicom", "celery", "kombu", "amqp", "alembic", "sqlalchemy", "uvicorn", "PIL"):
        logging.getLogger(foreign).setLevel(logging.WARNING)
    # pydicom's warnings quote attribute values, which may be a patient's: they go nowhere.
    logging.getLogger("pydicom").setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", category=UserWarning)

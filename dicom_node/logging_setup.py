"""Logs as one JSON object a line on stderr, ids only, never patient data; the same for structlog and the stdlib.

Of an error only its kind and its lines are written, wherever it comes from: a library's log call, a thread that ends
with it, the process itself. What it says may quote a patient (``scoring/error_place.py``).
"""

from __future__ import annotations

import logging
import sys
import threading
import warnings
from types import TracebackType
from typing import Final

import structlog
from structlog.typing import EventDict

from scoring.error_place import error_places
from scoring.errors import RheumascoreError

_FOREIGN: Final = ("pynetdicom", "celery", "kombu", "amqp", "alembic", "sqlalchemy", "uvicorn", "PIL")


def start_logging(level: int = logging.INFO) -> None:
    """Send everything that is logged in this process to stderr as JSON; foreign libraries speak up from WARNING on."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _places_of_errors,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_say_no_more_than_the_kind)
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
    for foreign in _FOREIGN:
        logging.getLogger(foreign).setLevel(logging.WARNING)
    # pydicom's warnings quote attribute values, which may be a patient's: they go nowhere.
    logging.getLogger("pydicom").setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", category=UserWarning)
    sys.excepthook = _log_the_end_of_the_process
    threading.excepthook = _log_the_end_of_a_thread
    sys.unraisablehook = _log_what_nobody_can_catch


def _places_of_errors(_: object, __: str, event: EventDict) -> EventDict:
    """In place of a traceback, which ends with the error's own words."""
    found = event.pop("exc_info", None)
    error = sys.exception() if found is True else found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        event["broke"] = error_places(error)
    return event


def _say_no_more_than_the_kind(record: logging.LogRecord) -> bool:
    """A library that puts an error into its message would put its words there; ours are free of patient data."""
    if isinstance(record.args, tuple):
        record.args = tuple(_kind(value) for value in record.args)
    record.msg = _kind(record.msg)
    return True


def _kind(value: object) -> object:
    known = isinstance(value, RheumascoreError) or not isinstance(value, BaseException)
    return value if known else type(value).__name__


def _log_the_end_of_the_process(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    logging.getLogger(__name__).critical("The process ends.", exc_info=(kind, error, trace))


def _log_the_end_of_a_thread(ended: threading.ExceptHookArgs) -> None:
    if isinstance(ended.exc_value, BaseException):
        logging.getLogger(__name__).error("A thread ended with an error.", exc_info=ended.exc_value)


def _log_what_nobody_can_catch(met: sys.UnraisableHookArgs) -> None:
    logging.getLogger(__name__).warning("An error that nobody can catch.", exc_info=met.exc_value)

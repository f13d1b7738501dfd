"""Structured logs: one line per event on standard error, from structlog and from the standard library alike."""

import logging
import sys
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from adapters.telemetry.masking import mask_names, mask_text

_QUIET = (
    "aiosqlite",
    "alembic",
    "asyncio",
    "httpcore",
    "httpx",
    "sqlalchemy.engine",
    "sqlalchemy.pool",
    "uvicorn.access",
)
"""Chatty libraries: only their warnings are of use to an operator."""


def configure(*, level: str = "info", as_json: bool | None = None, stream: TextIO | None = None) -> None:
    """Set up logging for this process.

    ``as_json`` ``None`` means lines for people on a terminal and JSON elsewhere. Values of the ``contextvars`` that
    ``RequestLog`` binds (the request id) are part of every line. Calling it again replaces the set-up.
    """
    stream = sys.stderr if stream is None else stream
    as_json = not stream.isatty() if as_json is None else as_json
    threshold = logging.getLevelNamesMapping()[level.upper()]
    common: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*common, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.stdlib.LoggerFactory(),
        # Loggers are made when modules are imported, which is before this.
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*common, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _without_colours,
                mask_names,
                *([structlog.processors.format_exc_info] if as_json else []),
                _masked(_json_renderer() if as_json else _console_renderer(stream)),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(threshold)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(threshold, logging.WARNING))


def _without_colours(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Uvicorn sends each message a second time with terminal codes."""
    event.pop("color_message", None)
    return event


def _json_renderer() -> Processor:
    return structlog.processors.JSONRenderer()


def _console_renderer(stream: TextIO) -> Processor:
    # Plain tracebacks: the colourful ones print local variables, and those hold tokens.
    return structlog.dev.ConsoleRenderer(
        colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback, pad_event_to=0
    )


def _masked(render: Processor) -> Processor:
    def rendered(logger: WrappedLogger, method: str, event: EventDict) -> str:
        return mask_text(str(render(logger, method, event)))

    return rendered

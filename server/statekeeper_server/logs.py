"""Logging: for people on a terminal, JSON lines otherwise, on standard error.

Below structlog it is the standard library's logging under `statekeeper_server`, so a
server inside another program's process says no more than that program wants to hear.
Values of states, tokens and request bodies are never logged.
"""

import logging
import sys
from typing import cast

import structlog

_ROOT = "statekeeper_server"


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger that takes an event and its facts: `log.info("serving", address=...)`."""
    logger = structlog.wrap_logger(
        logging.getLogger(name),
        processors=[structlog.stdlib.filter_by_level, structlog.stdlib.render_to_log_kwargs],
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    return cast("structlog.stdlib.BoundLogger", logger)


def set_up_logs(level: str) -> None:
    """Set up logging for a server process of its own."""
    render: list[structlog.typing.Processor] = (
        [structlog.dev.ConsoleRenderer()]
        if sys.stderr.isatty()
        else [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()]
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.ExtraAdder(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logger = logging.getLogger(_ROOT)
    logger.addHandler(handler)
    logger.setLevel(level.upper())
    logger.propagate = False

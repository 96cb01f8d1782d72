"""How every process writes its log: to stderr, as JSON lines, or readable on a terminal."""

import contextlib
import io
import logging
import sys
from typing import TextIO, cast

import structlog

from footfall.settings import Settings


class _Stderr(io.TextIOBase):
    """stderr, where a line that cannot be written is lost: a full disk must not end those who report it."""

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError):
            sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            sys.stderr.flush()


def configure(settings: Settings, role: str) -> None:
    """Set up structlog for this process; `role` is bound to every line."""
    as_json = settings.log_format == "json" or (settings.log_format == "auto" and not sys.stderr.isatty())
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([structlog.processors.format_exc_info] if as_json else []),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, settings.log_level.upper())),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _Stderr())),
    )
    structlog.contextvars.bind_contextvars(role=role)

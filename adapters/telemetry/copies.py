"""Copies that could not be used, for the operator."""

import structlog

from domain.selection import Copy

_log = structlog.get_logger("rs_downloader.copies")


def log_copy(reason: str, copy: Copy, error: Exception) -> None:
    """One warning per copy that a download did not use. The URL is left out: it may hold credentials."""
    _log.warning(
        reason,
        tenant=copy.location.tenant,
        storage=copy.location.storage,
        checksum=copy.location.checksum,
        error=str(error),
    )

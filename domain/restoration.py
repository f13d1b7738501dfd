"""Requests to make files available for some time (contract-downloader section 7.1)."""

from datetime import datetime
from enum import StrEnum

import attrs

from domain.errors import InvalidValue

DEFAULT_HOURS = 24
MOST_FILES = 1000
"""Files that one group may ask for."""


class RestorationState(StrEnum):
    """How far a request is."""

    REQUESTED = "REQUESTED"


@attrs.frozen(kw_only=True)
class RestorationRequest:
    """One file that one group asked for."""

    tenant: str
    group_id: str
    checksum: str
    available_hours: int
    requested_at: datetime
    state: RestorationState = RestorationState.REQUESTED

    def __attrs_post_init__(self) -> None:
        if not 0 < self.available_hours <= 24 * 3650:
            raise InvalidValue("A file is made available for at least one hour, and at most ten years.")

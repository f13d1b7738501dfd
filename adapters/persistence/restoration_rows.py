"""Restorations, their groups and requests as rows, and back."""

from collections.abc import Mapping
from typing import Any

import attrs

from domain.restoration import (
    GroupState,
    RequestState,
    Restoration,
    RestorationGroup,
    RestorationRequest,
    RestorationState,
)


def values(row: Restoration | RestorationGroup | RestorationRequest) -> dict[str, object]:
    """Any of them as a row."""
    return attrs.asdict(row) | {"state": row.state.value}


def group_from(row: Mapping[str, Any]) -> RestorationGroup:
    """A group from a row."""
    return RestorationGroup(**{**row, "state": GroupState(row["state"])})


def request_from(row: Mapping[str, Any]) -> RestorationRequest:
    """A request from a row."""
    return RestorationRequest(**{**row, "state": RequestState(row["state"])})


def restoration_from(row: Mapping[str, Any]) -> Restoration:
    """A restoration from a row."""
    return Restoration(**{**row, "state": RestorationState(row["state"])})

"""Products that are asked for by several searches at once (contract-catalog section 4.1, ``/complex``)."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from domain.errors import InvalidValue
from domain.search import (
    AllOf,
    AnyOf,
    Criterion,
    Equals,
    Field,
    InDataset,
    IsOneOf,
    IsVersionOf,
    KnownBy,
    Not,
    QueryInvalid,
    size,
)
from domain.urn import Urn

MOST_SELECTIONS = 100
MOST_NAMED = 1000
"""Products that one selection names to have, or to leave out."""
MOST_CRITERIA_IN_ALL = 1000


@attrs.frozen(kw_only=True)
class ProductSelection:
    """One search among several. ``included`` narrows what is found to these; a LAST URN names the newest version.

    ``known_by``: products that were registered later are left out, so that a selection stays what it was.
    """

    criterion: Criterion
    dataset: Urn | None = None
    included: tuple[Urn, ...] = ()
    excluded: tuple[Urn, ...] = ()
    known_by: datetime | None = None

    def __attrs_post_init__(self) -> None:
        for name, urns in (("entityIdsToInclude", self.included), ("entityIdsToExclude", self.excluded)):
            if len(urns) > MOST_NAMED:
                raise QueryInvalid(f"{name} has {len(urns)} products; one request names at most {MOST_NAMED}.")

    @property
    def found(self) -> Criterion:
        """What it asks for."""
        parts: list[Criterion] = [self.criterion]
        if self.dataset is not None:
            parts.append(InDataset(self.dataset))
        if self.included:
            parts.append(_named(self.included))
        if self.excluded:
            parts.append(Not(_named(self.excluded)))
        if self.known_by is not None:
            parts.append(KnownBy(self.known_by))
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def in_any(selections: Sequence[ProductSelection]) -> Criterion:
    """What one of them asks for. Raises ``InvalidValue`` for none of them, ``QueryInvalid`` for too many."""
    if not selections:
        raise InvalidValue("requests has one search at least.")
    if len(selections) > MOST_SELECTIONS:
        raise QueryInvalid(f"requests has {len(selections)} searches; there are at most {MOST_SELECTIONS} at once.")
    found = AnyOf(tuple(dict.fromkeys(selection.found for selection in selections)))
    if size(found) > MOST_CRITERIA_IN_ALL:
        raise QueryInvalid(
            f"The searches have {size(found)} criteria in all; there are at most {MOST_CRITERIA_IN_ALL} at once."
        )
    return found.criteria[0] if len(found.criteria) == 1 else found


def _named(urns: tuple[Urn, ...]) -> Criterion:
    exact = tuple(urn for urn in urns if not urn.is_last)
    newest = tuple(str(urn.virtual_id) for urn in urns if urn.is_last)
    if not newest:
        return IsOneOf(exact)
    last = AllOf((IsVersionOf(newest), Equals(Field("last"), "true")))
    return AnyOf((IsOneOf(exact), last)) if exact else last

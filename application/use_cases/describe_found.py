"""What can be said of all that a query finds: values, bounds and common attributes."""

from collections.abc import Sequence

import attrs

from application.ports.search_figures import CommonAttribute, FieldBounds, FoundValue, SearchFigures
from application.use_cases.catalogue_query import CatalogueQuery, QueryReading
from domain.search import Field, QueryInvalid

MOST_BOUNDS = 20
"""Properties of which one request asks the bounds."""


@attrs.frozen
class DescribeFound:
    """Figures of what a query finds, among what the caller sees at this moment."""

    figures: SearchFigures
    reading: QueryReading

    async def values(
        self, query: CatalogueQuery, field: Field, *, limit: int, part: str | None
    ) -> Sequence[FoundValue]:
        """The commonest values of a field. Raises ``QueryInvalid``, ``DatabaseUnavailable``."""
        return await self.figures.values(self.reading.request(query), field, limit=limit, part=part)

    async def bounds(self, query: CatalogueQuery, fields: Sequence[Field]) -> Sequence[FieldBounds]:
        """The bounds of attributes, those of one after the other. Raises as ``values`` does."""
        distinct = tuple(dict.fromkeys(fields))
        if not distinct or len(distinct) > MOST_BOUNDS:
            raise QueryInvalid(f"properties names 1 to {MOST_BOUNDS} properties, separated by commas.")
        for field in distinct:
            if field.is_static:
                raise QueryInvalid(f"{field.path} has no bounds: they are those of properties with numbers or dates.")
        return await self.figures.bounds(self.reading.request(query), distinct)

    async def attributes(self, query: CatalogueQuery) -> Sequence[CommonAttribute]:
        """The attributes that all have. Raises as ``values`` does."""
        return await self.figures.attributes(self.reading.request(query))

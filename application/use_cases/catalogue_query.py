"""A search as somebody wrote it, and what it asks for."""

import attrs

from application.ports.search import QueryReader, SearchRequest
from application.ports.shapes import Shapes
from domain.places import Circle
from domain.search import AllOf, Criterion, Meets, QueryInvalid, Touches
from domain.text import is_storable


@attrs.frozen(kw_only=True)
class SearchText:
    """A query, and the places that it is to be found at, every one of them: boxes, a circle, a geometry in WKT."""

    text: str = ""
    box: Touches | None = None
    circle: Circle | None = None
    wkt: str | None = None


@attrs.frozen(kw_only=True)
class CatalogueQuery:
    """What is asked, and by ``scope`` the caller, the kinds, the order and the page."""

    asked: SearchText
    scope: SearchRequest


@attrs.frozen
class QueryReading:
    """Reads what was written."""

    queries: QueryReader
    shapes: Shapes

    def criterion(self, asked: SearchText) -> Criterion:
        """What is asked for. Raises ``QueryInvalid``."""
        if asked.text and not is_storable(asked.text):
            raise QueryInvalid("The query holds characters that no product can have.")
        parts: list[Criterion] = []
        if asked.box is not None:
            parts.append(asked.box)
        if asked.circle is not None:
            parts.append(Meets(asked.circle))
        if asked.wkt is not None:
            parts.append(Meets(self.shapes.read(asked.wkt)))
        read = self.queries.read(asked.text)
        return AllOf((*parts, read)) if parts else read

    def request(self, query: CatalogueQuery) -> SearchRequest:
        """The search. Raises ``QueryInvalid``."""
        return attrs.evolve(query.scope, criterion=self.criterion(query.asked))

"""The query language of the catalogue's searches."""

from adapters.query import lucene, writing
from application.ports.search import QueryReader
from domain.search import Between, Criterion, Equals


class LuceneQueries(QueryReader):
    """Upstream's subset of Lucene's language."""

    def read(self, text: str) -> Criterion:
        """The criteria of a query. Raises ``QueryInvalid``."""
        return lucene.parse(text)

    def narrowed(self, text: str, criterion: Equals | Between) -> str:
        """A query for what another one finds and this criterion as well."""
        return writing.narrowed(text, criterion)

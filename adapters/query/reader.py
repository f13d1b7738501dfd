"""The query language of the catalogue's searches."""

from adapters.query import lucene
from application.ports.search import QueryReader
from domain.search import Criterion


class LuceneQueries(QueryReader):
    """Upstream's subset of Lucene's language."""

    def read(self, text: str) -> Criterion:
        """The criteria of a query. Raises ``QueryInvalid``."""
        return lucene.parse(text)

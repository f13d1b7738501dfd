"""The part of the service of these tests that searches the catalogue."""

from adapters.formats.products import JsonProductFormats
from adapters.query.reader import LuceneQueries
from application.ports.unit_of_work import UnitOfWorkFactory
from application.use_cases.search_catalogue import ReadSeenProduct, SearchCatalogue
from application.use_cases.see_products import SeeProducts
from tests.fakes.in_memory_database import InMemoryDatabase
from tests.fakes.in_memory_search import InMemoryProductSearch


def search_use_cases(*, database: InMemoryDatabase, work: UnitOfWorkFactory) -> dict[str, object]:
    """By name, as the routes ask for them."""
    search, formats = InMemoryProductSearch(database), JsonProductFormats()
    return {
        "search_catalogue": SearchCatalogue(search, LuceneQueries(), formats),
        "read_seen_product": ReadSeenProduct(SeeProducts(work), search, formats),
    }

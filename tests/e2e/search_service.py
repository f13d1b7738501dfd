"""The part of the service of these tests that searches the catalogue."""

from adapters.formats.products import JsonProductFormats
from adapters.geometry.shapes import GeosShapes
from adapters.query.reader import LuceneQueries
from application.ports.unit_of_work import UnitOfWorkFactory
from application.use_cases.catalogue_query import QueryReading
from application.use_cases.describe_found import DescribeFound
from application.use_cases.search_catalogue import ReadSeenProduct, SearchCatalogue
from application.use_cases.search_selections import SearchSelections
from application.use_cases.see_products import SeeProducts
from tests.fakes.in_memory_database import InMemoryDatabase
from tests.fakes.in_memory_search import InMemoryProductSearch
from tests.fakes.in_memory_search_figures import InMemorySearchFigures


def search_use_cases(*, database: InMemoryDatabase, work: UnitOfWorkFactory) -> dict[str, object]:
    """By name, as the routes ask for them."""
    shapes, formats = GeosShapes(), JsonProductFormats()
    search = InMemoryProductSearch(database, shapes)
    figures, reading = InMemorySearchFigures(search), QueryReading(LuceneQueries(), shapes)
    return {
        "search_catalogue": SearchCatalogue(search, figures, reading, formats),
        "describe_found": DescribeFound(figures, reading),
        "search_selections": SearchSelections(search, figures, reading, formats),
        "read_seen_product": ReadSeenProduct(SeeProducts(work), search, formats),
    }

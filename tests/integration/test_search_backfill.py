"""Products that were there before searches were are found after the migration."""

import pytest
from sqlalchemy import delete, select

from adapters.persistence import migrate
from adapters.persistence.engine import create_async_engine_for, create_engine_for
from adapters.persistence.searching.search import SqlProductSearch
from adapters.persistence.tables import product, product_attribute, product_words
from adapters.persistence.unit_of_work import SqlUnitOfWork
from application.ports.search import SearchRequest
from domain.access import Role
from domain.search import AllOf, Equals, Field, HasWords
from tests.catalogue_factories import a_caller, a_product, a_urn, an_entry
from tests.contract.sql_databases import EITHER, database
from tests.factories import NOW, TENANT


@pytest.fixture(params=EITHER)
def url(request):
    with database(request.param) as url:
        yield url


@pytest.mark.anyio
async def test_the_migration_notes_what_saving_would_have_noted(url):
    await _save(url, [a_product(a_urn(n), properties={"cloud": n}, files=[an_entry()]) for n in range(1, 4)])
    before = _noted(url)
    migrate.downgrade(url, "0006")
    migrate.upgrade(url)

    assert _noted(url) == before
    engine = create_async_engine_for(url)
    criterion = AllOf((HasWords(Field("rawdata"), "scene"), Equals(Field("cloud"), "2")))
    page = await SqlProductSearch(engine).page(SearchRequest(caller=a_caller(Role.PROJECT_ADMIN), criterion=criterion))
    await engine.dispose()
    assert [item.product.urn for item in page.items] == [a_urn(2)]


@pytest.mark.anyio
async def test_words_go_with_their_product(url):
    await _save(url, [a_product(a_urn(1))])
    engine = create_engine_for(url)
    with engine.connect() as connection:
        connection.execute(delete(product_attribute))
        connection.execute(delete(product))
        left = connection.execute(select(product_words)).all()
    engine.dispose()

    assert left == []


async def _save(url, products):
    engine = create_async_engine_for(url)
    async with SqlUnitOfWork(engine) as unit:
        await unit.tenants.add(TENANT, NOW)
        await unit.products.save(products)
        await unit.commit()
    await engine.dispose()


def _noted(url):
    engine = create_engine_for(url)
    with engine.connect() as connection:
        attributes = [tuple(row) for row in connection.execute(select(product_attribute))]
        words = [(row.rowid, sorted(row.words.split())) for row in connection.execute(select(product_words))]
    engine.dispose()
    return sorted(attributes, key=repr), sorted(words)

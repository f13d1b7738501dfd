"""What a search lets through is what the rules let be seen, on both databases."""

import random
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from adapters.persistence.engine import create_async_engine_for, create_engine_for
from adapters.persistence.tables import product
from adapters.persistence.unit_of_work import SqlUnitOfWork
from adapters.persistence.visibility import (
    granted_datasets,
    groups_value,
    has_data_right,
    is_visible,
    rights_of_groups,
)
from domain.access import Role
from domain.rights import FileLevel, MetadataLevel
from domain.rights import has_data_right as by_the_rules_has_data_right
from domain.rights import sees as by_the_rules_sees
from domain.urn import EntityType
from tests.catalogue_factories import a_caller, a_dataset_urn, a_group, a_product, a_right, a_urn
from tests.contract.sql_databases import EITHER, database
from tests.factories import NOW, TENANT

GROUPS = ["aaa", "bbb", "ccc", "ddd"]
CHOICES = random.Random(4711)


def a_world():
    """Products of every kind in zero to three datasets, and rights of every level."""
    datasets = [a_dataset_urn(number) for number in range(1, 7)]
    products = [
        a_product(
            a_urn(number, entity_type=CHOICES.choice([EntityType.DATA, EntityType.COLLECTION])),
            datasets=CHOICES.sample(datasets, CHOICES.randint(0, 3)),
        )
        for number in range(1, 61)
    ]
    products += [a_product(dataset, datasets=CHOICES.sample(datasets, 1)) for dataset in datasets]
    rights = [
        a_right(group, dataset, CHOICES.choice(list(MetadataLevel)), CHOICES.choice(list(FileLevel)))
        for group in GROUPS
        for dataset in datasets
        if CHOICES.random() < 0.7
    ]
    elsewhere = [
        a_product(a_urn(1, tenant="other"), datasets=[a_dataset_urn(1, tenant="other")]),
        a_product(a_dataset_urn(1, tenant="other")),
    ]
    return products, elsewhere, [*rights, a_right("aaa", a_dataset_urn(1, tenant="other"))]


@pytest.fixture(params=EITHER)
def url(request) -> Iterator[str]:
    with database(request.param) as url:
        yield url


@pytest.mark.anyio
async def test_a_search_shows_what_the_rules_show(url) -> None:
    products, elsewhere, rights = a_world()
    engine = create_async_engine_for(url)
    async with SqlUnitOfWork(engine) as unit:
        await unit.tenants.add(TENANT, NOW)
        await unit.tenants.add("other", NOW)
        await unit.access.save_groups([a_group(name) for name in GROUPS])
        await unit.access.save_groups([a_group(name, tenant="other") for name in GROUPS])
        await unit.access.save_rights(rights)
        await unit.products.save([*products, *elsewhere])
        await unit.commit()
    await engine.dispose()

    engine_of_searches = create_engine_for(url)
    dialect = engine_of_searches.dialect.name
    seen_by_anybody = set()
    for size in range(len(GROUPS) + 1):
        groups = GROUPS[:size]
        caller = a_caller(Role.REGISTERED_USER, groups=groups)
        with engine_of_searches.connect() as connection:
            rows = connection.execute(rights_of_groups(dialect, TENANT), groups_value(groups)).mappings()
            granted = granted_datasets(rows)
            found = select(product.c.urn).where(product.c.tenant == TENANT)
            visible = set(connection.execute(found.where(is_visible(dialect, product, TENANT, granted))).scalars())
            readable = set(connection.execute(found.where(has_data_right(dialect, product, TENANT, granted))).scalars())

        assert visible == {str(row.urn) for row in products if by_the_rules_sees(caller, row, rights)}
        assert readable == {str(row.urn) for row in products if by_the_rules_has_data_right(caller, row, rights)}
        seen_by_anybody |= visible
    engine_of_searches.dispose()

    assert 10 < len(seen_by_anybody) < len(products)

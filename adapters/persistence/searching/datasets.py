"""Which datasets the products that are found are part of."""

from sqlalchemy import Select, exists, select

from adapters.persistence.searching.counted import Counted
from adapters.persistence.searching.numbers import is_among
from adapters.persistence.searching.search import Asking
from adapters.persistence.tables import product, product_dataset
from adapters.persistence.visibility import is_visible
from domain.search import QueryInvalid
from domain.urn import EntityType

MOST_DATASETS = 10_000


async def datasets_with(counted: Counted) -> tuple[str, ...]:
    """Their virtual ids. Raises ``QueryInvalid`` for more than can be looked at.

    Of few products their datasets are read; of many, each dataset is asked for one product that is found.
    """
    asking = counted.asking
    if counted.is_all:
        query = (
            select(product_dataset.c.dataset)
            .distinct()
            .where(is_among(asking.transaction.dialect, product_dataset.c.product_id, counted.numbers))
        )
    else:
        query = _with_a_product(asking)
    names = list((await asking.transaction.read(query.limit(MOST_DATASETS + 1))).scalars())
    if len(names) > MOST_DATASETS:
        raise QueryInvalid(f"The products are part of more than {MOST_DATASETS} datasets: narrow the search.")
    return tuple(sorted(names))


def _with_a_product(asking: Asking) -> Select[tuple[str]]:
    dataset, member = product.alias("dataset"), product_dataset.alias("member")
    has_one = exists().where(
        member.c.tenant == asking.tenant,
        member.c.dataset == dataset.c.virtual_id,
        member.c.product_id == asking.row.c.id,
        *asking.found(),
    )
    query = select(dataset.c.virtual_id).where(
        dataset.c.tenant == asking.tenant,
        dataset.c.entity_type == EntityType.DATASET.value,
        dataset.c.is_last,
        has_one.correlate(dataset),
    )
    if asking.granted is None:
        return query
    return query.where(is_visible(asking.transaction.dialect, dataset, asking.tenant, asking.granted))

"""What surrounds the items of datasets, kept for a minute: it is read off all of them."""

from collections.abc import Collection
from datetime import datetime, timedelta

import attrs

from application.ports.items import ItemRepository
from domain.items import Extent
from domain.urn import Urn

LIFETIME = timedelta(minutes=1)
MOST_KEPT = 10_000


@attrs.define
class KnownExtents:
    """Extents by tenant and dataset, each with when it is to be read again."""

    _kept: dict[tuple[str, Urn], tuple[datetime, Extent]] = attrs.field(factory=dict, init=False)

    async def of(
        self, repository: ItemRepository, tenant: str, datasets: Collection[Urn], now: datetime
    ) -> dict[Urn, Extent]:
        """Of each dataset, an empty one where there are no items. Raises ``DatabaseUnavailable``."""
        missing = [dataset for dataset in datasets if not self._is_fresh(tenant, dataset, now)]
        if missing:
            read = await repository.extents(tenant, missing)
            if len(self._kept) + len(missing) > MOST_KEPT:
                self._kept.clear()
            for dataset in missing:
                self._kept[tenant, dataset] = (now + LIFETIME, read.get(dataset, Extent()))
        return {dataset: self._kept[tenant, dataset][1] for dataset in datasets}

    def _is_fresh(self, tenant: str, dataset: Urn, now: datetime) -> bool:
        kept = self._kept.get((tenant, dataset))
        return kept is not None and now < kept[0]

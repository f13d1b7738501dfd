"""Which licence a caller is asked for, and whether they have accepted it."""

import attrs

from application.ports.unit_of_work import UnitOfWorkFactory
from domain.access import Caller
from domain.errors import NotFound
from domain.groups import groups_of
from domain.licence import Licence
from domain.product_access import ProductFiles
from domain.rights import sees
from domain.urn import Urn


@attrs.frozen(kw_only=True)
class LicenceView:
    """The licence in force, if any; where there is none, there is nothing left to accept."""

    licence: Licence | None
    is_accepted: bool


@attrs.frozen
class ReadLicence:
    """The licence of the tenant, or that of a dataset, which falls back to the tenant's.

    A dataset that the caller does not see is answered like one that does not exist.
    """

    unit_of_work: UnitOfWorkFactory

    async def execute(self, caller: Caller, dataset: Urn | None) -> LicenceView:
        """Raises ``NotFound``, ``DatabaseUnavailable``."""
        datasets = [] if dataset is None else [dataset.virtual_id]
        async with self.unit_of_work() as work:
            if datasets:
                memberships = await work.access.memberships(caller.tenant, caller.email)
                rights = await work.access.rights_on(caller.tenant, datasets)
                known = attrs.evolve(caller, groups=groups_of(caller, memberships))
                if not sees(known, ProductFiles(urn=datasets[0], dataset_ids=(), files=()), rights):
                    raise NotFound(f"There is no dataset {dataset}.")
            state = await work.licences.state(caller.tenant, caller.email, datasets)
        own = state.dataset_licences[0] if state.dataset_licences else None
        return LicenceView(licence=own or state.tenant_licence, is_accepted=state.missing(caller, datasets) is None)

"""Licences and who accepted them."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, false, select, update

from adapters.persistence.catalogue_rows import acceptance_from, acceptance_values, dataset_key, licence_from
from adapters.persistence.json_rows import encoded, unfolded
from adapters.persistence.tables import licence, licence_acceptance
from adapters.persistence.transaction import Transaction
from adapters.persistence.upserts import upsert
from application.ports.access import LicenceRepository
from domain.licence import Licence, LicenceAcceptance, LicenceState
from domain.urn import Urn

_IN_FORCE = licence.c.is_withdrawn == false()


class SqlLicenceRepository(LicenceRepository):
    """Licences by tenant and dataset. A withdrawn one keeps its row, and so its edition."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def all(self, tenant: str) -> tuple[Licence, ...]:
        """Those in force."""
        query = select(licence).where(licence.c.tenant == tenant, _IN_FORCE).order_by(licence.c.dataset)
        return tuple(licence_from(dict(row)) for row in (await self._transaction.read(query)).mappings())

    async def get(self, tenant: str, dataset: Urn | None) -> Licence | None:
        """The one in force."""
        result = await self._transaction.read(select(licence).where(_is(tenant, dataset), _IN_FORCE))
        row = result.mappings().first()
        return None if row is None else licence_from(dict(row))

    async def put(self, licence_now: Licence, began_at: datetime | None = None) -> Licence:
        """Bring into force."""
        changing = ["link", "text_sha256", "is_withdrawn", *([] if began_at is None else ["began_at"])]
        await self._transaction.write(
            upsert(self._transaction.dialect, licence, changing=changing),
            {
                "tenant": licence_now.tenant,
                "dataset": dataset_key(licence_now.dataset),
                "link": licence_now.link,
                "text_sha256": licence_now.text_sha256,
                "edition": licence_now.edition,
                "is_withdrawn": False,
                "began_at": began_at,
            },
        )
        found = await self.get(licence_now.tenant, licence_now.dataset)
        assert found is not None, "it was written just now"
        return found

    async def withdraw(self, tenant: str, dataset: Urn | None) -> bool:
        """Take out of force."""
        result = await self._transaction.write(
            update(licence).where(_is(tenant, dataset), _IN_FORCE).values(is_withdrawn=True)
        )
        return result.rowcount > 0

    async def reset(self, tenant: str, dataset: Urn | None, began_at: datetime) -> Licence | None:
        """Begin the next edition."""
        change = update(licence).where(_is(tenant, dataset), _IN_FORCE)
        await self._transaction.write(change.values(edition=licence.c.edition + 1, began_at=began_at))
        return await self.get(tenant, dataset)

    async def began_at(self, tenant: str, dataset: Urn | None) -> datetime | None:
        """When the text or the edition on record began."""
        result = await self._transaction.read(select(licence.c.began_at).where(_is(tenant, dataset)))
        return result.scalar_one_or_none()

    async def accept(self, acceptance: LicenceAcceptance) -> bool:
        """Record an acceptance, once."""
        result = await self._transaction.write(
            upsert(self._transaction.dialect, licence_acceptance, changing=()).returning(licence_acceptance.c.email),
            acceptance_values(acceptance),
        )
        return result.first() is not None

    async def forget(self, tenant: str, email: str) -> int:
        """Delete everything that a user has accepted."""
        accepted = licence_acceptance.c
        result = await self._transaction.write(
            delete(licence_acceptance).where(accepted.tenant == tenant, accepted.email == email)
        )
        return result.rowcount

    async def acceptances(self, tenant: str, email: str) -> tuple[LicenceAcceptance, ...]:
        """Everything that a user has accepted."""
        accepted = licence_acceptance.c
        query = (
            select(licence_acceptance)
            .where(accepted.tenant == tenant, accepted.email == email)
            .order_by(accepted.accepted_at, accepted.dataset, accepted.edition, accepted.text_id)
        )
        return tuple(acceptance_from(dict(row)) for row in (await self._transaction.read(query)).mappings())

    async def state(self, tenant: str, email: str, datasets: Collection[Urn]) -> LicenceState:
        """What decides for products of these datasets and this user."""
        parameters = {"wanted": encoded([key] for key in sorted({"", *(str(dataset) for dataset in datasets)}))}
        licences = await self._transaction.read(
            select(licence).where(licence.c.tenant == tenant, _IN_FORCE, self._among(licence.c.dataset)), parameters
        )
        accepted = await self._transaction.read(
            select(licence_acceptance).where(
                licence_acceptance.c.tenant == tenant,
                licence_acceptance.c.email == email,
                self._among(licence_acceptance.c.dataset),
            ),
            parameters,
        )
        found = [licence_from(dict(row)) for row in licences.mappings()]
        return LicenceState(
            tenant_licence=next((value for value in found if value.dataset is None), None),
            dataset_licences=tuple(value for value in found if value.dataset is not None),
            acceptances=tuple(acceptance_from(dict(row)) for row in accepted.mappings()),
        )

    def _among(self, column: Any) -> ColumnElement[bool]:
        wanted = unfolded(self._transaction.dialect, "wanted", [licence.c.dataset])
        condition: ColumnElement[bool] = column.in_(select(wanted.c.dataset))
        return condition


def _is(tenant: str, dataset: Urn | None) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = (licence.c.tenant == tenant) & (licence.c.dataset == dataset_key(dataset))
    return condition

"""What others were last told of the units that users have used."""

from collections.abc import Sequence

from sqlalchemy import and_, delete, func, literal_column, select, union_all

from adapters.persistence.tables import account, published_quota
from adapters.persistence.transaction import Transaction
from adapters.persistence.upserts import upsert
from application.ports.published_quotas import PublishedQuotas, UsedUnits
from domain.account import AccountKey


class SqlPublishedQuotas(PublishedQuotas):
    """Numbers above 0 by user; who has no row was told of with 0, or never."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def changed(self, limit: int) -> tuple[UsedUnits, ...]:
        """Users of whom something else was told last."""
        is_same_user = and_(published_quota.c.tenant == account.c.tenant, published_quota.c.email == account.c.email)
        used = (
            select(account.c.tenant, account.c.email, account.c.units_used.label("units"))
            .select_from(account.outerjoin(published_quota, is_same_user))
            .where(func.coalesce(published_quota.c.units, 0) != account.c.units_used)
        )
        forgotten = (
            select(published_quota.c.tenant, published_quota.c.email, literal_column("0").label("units"))
            .select_from(published_quota.outerjoin(account, is_same_user))
            .where(account.c.email.is_(None))
        )
        both = union_all(used, forgotten).subquery()
        result = await self._transaction.read(
            select(both.c.tenant, both.c.email, both.c.units).order_by(both.c.tenant, both.c.email).limit(limit)
        )
        return tuple(UsedUnits(key=AccountKey(row.tenant, row.email), units=row.units) for row in result)

    async def record(self, told: Sequence[UsedUnits]) -> None:
        """These numbers were told."""
        kept = [{"tenant": t.key.tenant, "email": t.key.email, "units": t.units} for t in told if t.units > 0]
        if kept:
            await self._transaction.write(upsert(self._transaction.dialect, published_quota), kept)
        for key in (t.key for t in told if t.units == 0):
            await self._transaction.write(
                delete(published_quota).where(
                    published_quota.c.tenant == key.tenant, published_quota.c.email == key.email
                )
            )

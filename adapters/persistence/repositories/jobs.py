"""Periodic jobs: who does them, and how they went."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update

from adapters.persistence.tables import job_run
from adapters.persistence.transaction import Transaction
from adapters.persistence.upserts import upsert
from application.ports.jobs import Backlog, JobRepository, JobRun


class SqlJobRepository(JobRepository):
    """Jobs by name."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def claim(self, name: str, holder: str, *, interval: timedelta, now: datetime, until: datetime) -> bool:
        """Be the only one who does the job until then."""
        await self._transaction.write(
            upsert(self._transaction.dialect, job_run, changing=()), {"name": name, "interval": interval}
        )
        result = await self._transaction.write(
            update(job_run)
            .where(
                job_run.c.name == name,
                or_(job_run.c.lease_until.is_(None), job_run.c.lease_until <= now, job_run.c.holder == holder),
            )
            .values(holder=holder, lease_until=until, interval=interval)
        )
        return result.rowcount == 1

    async def record(
        self, name: str, holder: str, now: datetime, *, error: str | None = None, backlog: Backlog | None = None
    ) -> None:
        """How a run went, if the holder still has the claim."""
        ours = (job_run.c.name == name, job_run.c.holder == holder)
        await self._transaction.write(update(job_run).where(*ours).values(**_went(now, error, backlog)))

    async def note(
        self,
        name: str,
        holder: str,
        *,
        interval: timedelta,
        now: datetime,
        error: str | None = None,
        backlog: Backlog | None = None,
    ) -> None:
        """How a run went that nobody claimed."""
        values = {"interval": interval, "holder": holder, **_went(now, error, backlog)}
        noted = upsert(self._transaction.dialect, job_run, changing=list(values))
        await self._transaction.write(noted, {"name": name, **values})

    async def get(self, name: str) -> JobRun | None:
        """One job."""
        found = (await self._transaction.read(select(job_run).where(job_run.c.name == name))).mappings().first()
        return None if found is None else _job(dict(found))

    async def all(self) -> tuple[JobRun, ...]:
        """Every job that ever ran, by name."""
        result = await self._transaction.read(select(job_run).order_by(job_run.c.name))
        return tuple(_job(dict(row)) for row in result.mappings())


def _went(now: datetime, error: str | None, backlog: Backlog | None) -> dict[str, Any]:
    values: dict[str, Any] = {"last_run_at": now, "last_error": error, "lease_until": None}
    if error is None:
        values["last_success_at"] = now
    if backlog is not None:
        values |= {"backlog": backlog.count, "oldest_at": backlog.oldest_at}
    return values


def _job(row: dict[str, Any]) -> JobRun:
    count, oldest_at = row.pop("backlog"), row.pop("oldest_at")
    return JobRun(**row, backlog=None if count is None else Backlog(count=count, oldest_at=oldest_at))

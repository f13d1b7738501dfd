"""Setting carts aside, and giving back what nobody came for: each is the work of one transaction."""

from collections.abc import Sequence
from datetime import datetime

import attrs
from sqlalchemy import DateTime, Dialect, bindparam, select

from adapters.persistence.connection import Session
from adapters.persistence.ledger_jobs import Admit
from adapters.persistence.ledger_rows import Codec
from adapters.persistence.ledger_statements import LedgerStatements
from adapters.persistence.loading import Loading
from adapters.persistence.statements import Prepared
from adapters.persistence.tables import download
from adapters.persistence.working_set import WorkingSet
from domain.download import TransferRequest
from domain.quota import Policy, QuotaExceeded
from domain.reservation import Reserved

MOST_GIVEN_BACK = 256
"""Reservations that one transaction ends, so that admissions never wait long for it."""


@attrs.frozen
class Reservations:
    """What the ledger's writer does about them."""

    _statements: LedgerStatements
    _codec: Codec
    _policy: Policy
    _in_vain: Prepared
    _is_locking: bool

    @classmethod
    def of(cls, dialect: Dialect, statements: LedgerStatements, policy: Policy) -> "Reservations":
        """For one database."""
        in_vain = (
            select(download.c.id)
            .where(download.c.reserved_until <= bindparam("now", type_=DateTime(timezone=True)))
            .where(download.c.transfers == 0)
            .order_by(download.c.reserved_until)
            .limit(MOST_GIVEN_BACK)
        )
        is_locking = dialect.name == "postgresql"
        return cls(statements, Codec.of(dialect.name), policy, Prepared(in_vain, dialect), is_locking)

    def reserve(
        self, session: Session, requests: Sequence[TransferRequest], until: datetime, now: datetime
    ) -> Reserved | QuotaExceeded:
        """Under the lock of the account, which admissions take as well."""
        loading = self._loading(session)
        working = WorkingSet(loading.rows([Admit(request, now) for request in requests]), self._policy)
        decision = working.reserve(requests, until, now)
        loading.write(working.changes())
        return decision

    def give_back(self, session: Session, now: datetime) -> tuple[int, int]:
        """How many were found, and how many of them were still there to be ended once their accounts were locked."""
        ids = [row[0] for row in session.fetch(self._in_vain, now=self._codec.stored(now))]
        loading = self._loading(session)
        working = WorkingSet(loading.downloads_and_payers(ids), self._policy)
        ended = working.give_back(now)
        loading.write(working.changes())
        return len(ids), ended

    def _loading(self, session: Session) -> Loading:
        return Loading(session, self._statements, self._codec, is_locking=self._is_locking)

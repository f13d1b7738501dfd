"""The search for downloads that a request may continue: a few rows, however often the user has fetched the file.

``domain.quota.decide`` wants the open downloads of the user and file. It would decide the same on this selection:

* It continues the first download with room, running ones before idle ones, then in the order of opening. So of each
  ``Standing`` the first ``most`` with room do, ``most`` being at least the number of requests and ends for that file
  in the group: each of them changes one download.
* Poisoned downloads come before all others and are all found; there are few, since each is retried until it is cured.
* ``VersionChanged`` needs to know whether any download has another size, and whether any has the right one. The latter
  is asked for (``witnesses``) only when the former is so, or may become so by a request of the same group.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    FromClause,
    Select,
    Text,
    and_,
    bindparam,
    literal_column,
    or_,
    select,
    true,
    union_all,
)

from adapters.persistence.ledger_rows import DOWNLOAD
from adapters.persistence.tables import Standing, download
from adapters.persistence.types import UTCDateTime
from domain.download import TransferRequest, grace_bytes

REQUEST: tuple[Column[Any], ...] = (
    Column("tenant", Text),
    Column("email", Text),
    Column("checksum", Text),
    Column("size_bytes", BigInteger),
    Column("ticket_id", Text),
    Column("need", BigInteger),
    Column("resumes", Boolean),
    Column("now", UTCDateTime),
)
"""A request, as far as the search depends on it; ``need`` is the smallest budget with room for it."""


def request_key(request: TransferRequest) -> tuple[Any, ...]:
    """A row of ``REQUEST`` without its last column."""
    resumes = request.start > 0
    need = request.length - (grace_bytes(request.size_bytes) if resumes else 0)
    key = request.account
    return key.tenant, key.email, request.checksum, request.size_bytes, request.ticket_id or "", need, resumes


def candidates(dialect: str, requests: CTE) -> Select[Any]:
    """Rows of ``DOWNLOAD``, possibly repeated, for ``requests`` and the bound value ``most``."""
    searches = []
    for standing in (Standing.RUNNING, Standing.POISONED):
        row = download.alias(f"d_bad_{standing.name.lower()}")
        conditions = [_stands(row, requests, standing), row.c.is_poisoned, _is_open(row, requests)]
        searches.append(_found(row, conditions, requests))
    for standing in (Standing.RUNNING, Standing.RESUMABLE, Standing.GRACE):
        row = download.alias(f"d_{standing.name.lower()}")
        has_room = _budget_left(row) >= requests.c.need
        conditions = [_stands(row, requests, standing), has_room, _is_open(row, requests)]
        if standing is Standing.GRACE:
            # Nothing is left but grace, which only a request that needs nothing more can use; an empty file that
            # was completed has none.
            conditions += [requests.c.need <= 0, or_(requests.c.size_bytes > 0, ~row.c.is_completed)]
        searches.append(_first(row, conditions, requests))
    for name, is_other in (("smaller", "<"), ("larger", ">")):
        row = download.alias(f"d_{name}")
        differs = row.c.size_bytes.op(is_other, is_comparison=True)(requests.c.size_bytes)
        searches.append(
            _first(row, [requests.c.resumes, _same_file(row, requests), differs, _is_open(row, requests)], requests)
        )
    return _joined(dialect, requests, searches)


def witnesses(dialect: str, requests: CTE) -> Select[Any]:
    """Open downloads of the size that is asked for, whatever room they have."""
    searches = []
    for standing in (Standing.RUNNING, Standing.POISONED, Standing.RESUMABLE, Standing.GRACE):
        row = download.alias(f"d_{standing.name.lower()}")
        conditions = [_stands(row, requests, standing), _is_open(row, requests)]
        searches.append(_first(row, conditions, requests))
    return _joined(dialect, requests, searches)


def _stands(row: FromClause, requests: CTE, standing: Standing) -> ColumnElement[bool]:
    """The leading columns of the index."""
    return and_(
        _same_file(row, requests),
        row.c.size_bytes == requests.c.size_bytes,
        row.c.standing == literal_column(str(standing.value)),
    )


def _same_file(row: FromClause, requests: CTE) -> ColumnElement[bool]:
    return and_(
        row.c.tenant == requests.c.tenant,
        row.c.email == requests.c.email,
        row.c.checksum == requests.c.checksum,
        row.c.ticket_id == requests.c.ticket_id,
    )


def _is_open(row: FromClause, requests: CTE) -> ColumnElement[bool]:
    """``Download.is_open``, in SQL."""
    return or_(
        row.c.standing == literal_column(str(Standing.RUNNING.value)),
        and_(
            row.c.standing > literal_column(str(Standing.CLOSED.value)),
            row.c.resumable_until > requests.c.now,
        ),
    )


def _budget_left(row: FromClause) -> ColumnElement[int]:
    left: ColumnElement[int] = row.c.size_bytes - row.c.delivered_bytes - row.c.reserved_bytes
    return left


def _found(row: FromClause, conditions: Sequence[ColumnElement[bool]], requests: CTE) -> Select[Any]:
    return select(*(row.c[column.name] for column in DOWNLOAD)).where(*conditions).correlate(requests)


def _first(row: FromClause, conditions: Sequence[ColumnElement[bool]], requests: CTE) -> Select[Any]:
    """The first of them in the order in which ``decide`` prefers them."""
    found = _found(row, conditions, requests).order_by(row.c.opened_at, row.c.id)
    return found.limit(bindparam("most", type_=BigInteger))


def _joined(dialect: str, requests: CTE, searches: Sequence[Select[Any]]) -> Select[Any]:
    """Each request with what the searches find for it."""
    if dialect == "postgresql":
        found = union_all(*searches).lateral("found")
        return select(found).select_from(requests.join(found, true()))
    # SQLite has no LATERAL, but lets a subquery in a condition see the row it is asked for.
    ids = union_all(*(select(search.subquery().c.id) for search in searches))
    return select(*DOWNLOAD).select_from(requests.join(download, download.c.id.in_(ids)))

"""The read in front of a download: look-ups that wait together share one query, on a thread of its own."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import attrs
from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Dialect,
    Select,
    Text,
    and_,
    exists,
    false,
    func,
    literal_column,
    or_,
    select,
    true,
    union_all,
)

from adapters.persistence.catalogue_rows import acceptance_from, entry_from, licence_from, right_from
from adapters.persistence.connection import WITHOUT, DedicatedConnection, Session, Statistics
from adapters.persistence.grouping import Grouped
from adapters.persistence.json_rows import encoded, unfolded
from adapters.persistence.statements import Prepared
from adapters.persistence.tables import (
    access_group,
    access_right,
    licence,
    licence_acceptance,
    product,
    product_dataset,
    product_file,
    user_group,
)
from application.ports.products import CatalogueFinder, FoundProduct
from domain.access import Caller
from domain.groups import Memberships
from domain.licence import LicenceState
from domain.product_access import ProductFiles
from domain.rights import datasets_that_count
from domain.urn import Urn


@attrs.frozen
class _Wanted:
    tenant: str
    urn: str
    checksum: str
    email: str
    is_stated: bool
    """Whether the token states groups: then the rights of every group are read, not only those on record."""


class SqlCatalogueFinder(CatalogueFinder):
    """Finds what decides on a download. Close it with ``aclose``."""

    def __init__(self, url: str) -> None:
        """``url`` is SQLAlchemy's. Connects at the first call."""
        self._connection = DedicatedConnection(url, WITHOUT)
        self._query = Prepared(deciding(self._connection.dialect), self._connection.dialect)
        self._reads: Grouped[_Wanted, FoundProduct | None] = Grouped(
            "catalogue-finder", self._read, close=self._connection.close
        )

    @property
    def statistics(self) -> Statistics:
        """What was asked of the database."""
        return self._connection.statistics

    async def find(self, caller: Caller, urn: Urn, checksum: str) -> FoundProduct | None:
        """What decides, as committed now. Raises ``DatabaseUnavailable``."""
        if urn.tenant != caller.tenant:
            return None
        return await self._reads.call(
            _Wanted(caller.tenant, str(urn), checksum, caller.email, is_stated=bool(caller.groups))
        )

    async def aclose(self) -> None:
        """Finish what waits and close the connection."""
        await self._reads.aclose()

    def _read(self, wanted: Sequence[_Wanted]) -> list[FoundProduct | None]:
        keys = encoded((str(position), *attrs.astuple(row)) for position, row in enumerate(wanted))

        def look_up(session: Session) -> list[Any]:
            return session.fetch(self._query, wanted=keys)

        found = {int(row[0]): _found(row) for row in self._connection.transaction(look_up)}
        return [found.get(position) for position in range(len(wanted))]


_WANTED: tuple[Column[Any], ...] = (
    Column("position", Text),
    Column("tenant", Text),
    Column("urn", Text),
    Column("checksum", Text),
    Column("email", Text),
    Column("is_stated", Boolean),
)

_FILES = tuple(column for column in product_file.c if column.name not in {"product_id", "position", "tenant"})
_RIGHTS = (*access_right.c, access_group.c.is_public)
_LICENCES = tuple(column for column in licence.c if column is not licence.c.is_withdrawn)
_ACCEPTANCES = tuple(licence_acceptance.c)


def deciding(dialect: Dialect) -> Select[Any]:
    """One row for each product that is found; what there is several of comes as a JSON list of lists."""
    wanted = unfolded(dialect.name, "wanted", _WANTED)
    exact = select(product.c.id).where(product.c.tenant == wanted.c.tenant, product.c.urn == wanted.c.urn)
    newest = select(product.c.id).where(
        product.c.tenant == wanted.c.tenant, product.c.virtual_id == wanted.c.urn, product.c.is_last == true()
    )
    number = func.coalesce(
        exact.correlate(wanted).scalar_subquery(), newest.correlate(wanted).limit(1).scalar_subquery()
    )
    found = product.alias("found")
    of_product = product_dataset.c.product_id == found.c.id
    # Correlated by hand: left to itself it would look for any of the callers who wait together.
    is_own = (
        exists()
        .where(
            user_group.c.tenant == access_right.c.tenant,
            user_group.c.email == wanted.c.email,
            user_group.c.group_name == access_right.c.group_name,
        )
        .correlate(wanted, access_right)
    )
    granting = product_dataset.join(
        access_right,
        (access_right.c.tenant == product_dataset.c.tenant) & (access_right.c.dataset == product_dataset.c.dataset),
    ).join(
        access_group,
        (access_group.c.tenant == access_right.c.tenant) & (access_group.c.name == access_right.c.group_name),
    )
    concerned = union_all(
        select(literal_column("''").label("dataset")),
        select(product_dataset.c.dataset).where(of_product).correlate(found),
    )

    def concerns(column: Any) -> ColumnElement[bool]:
        condition: ColumnElement[bool] = column.in_(select(concerned.subquery().c.dataset).correlate(found))
        return condition

    lists = (
        _listed(
            dialect, _FILES, and_(product_file.c.product_id == found.c.id, product_file.c.checksum == wanted.c.checksum)
        ),
        _listed(
            dialect,
            (*_RIGHTS, is_own),
            and_(of_product, or_(wanted.c.is_stated == true(), access_group.c.is_public == true(), is_own)),
            source=granting,
        ),
        _listed(
            dialect,
            _LICENCES,
            and_(licence.c.tenant == found.c.tenant, licence.c.is_withdrawn == false(), concerns(licence.c.dataset)),
        ),
        _listed(
            dialect,
            _ACCEPTANCES,
            and_(
                licence_acceptance.c.tenant == found.c.tenant,
                licence_acceptance.c.email == wanted.c.email,
                concerns(licence_acceptance.c.dataset),
            ),
        ),
        _listed(dialect, (product_dataset.c.dataset,), of_product),
    )
    subqueries = [query.correlate(found, wanted).scalar_subquery() for query in lists]
    return select(wanted.c.position, found.c.urn, *subqueries).select_from(wanted.join(found, found.c.id == number))


def _listed(
    dialect: Dialect, columns: Sequence[ColumnElement[Any]], condition: ColumnElement[bool], *, source: Any = None
) -> Select[Any]:
    """The rows as one JSON list of lists; NULL or empty without any."""
    if dialect.name == "sqlite":
        rows = func.json_group_array(func.json_array(*(_json(column) for column in columns)))
    else:
        rows = func.json_agg(func.json_build_array(*columns))
    query = select(rows).where(condition)
    return query if source is None else query.select_from(source)


def _json(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A value that SQLite shall take as JSON, not as text that happens to look like it."""
    name = getattr(column, "name", None)
    return func.json(column) if name in {"types", "additional_fields"} else column


def _found(row: Sequence[Any]) -> FoundProduct:
    _, urn, files, rights, licences, acceptances, datasets = row
    granted = [
        dict(zip([*(column.name for column in _RIGHTS), "is_own"], item, strict=True)) for item in _items(rights)
    ]
    found = [licence_from(item) for item in _mappings(_LICENCES, licences)]
    product_urn = Urn.parse(urn)
    dataset_ids = tuple(Urn.parse(key) for (key,) in sorted(_items(datasets)))
    files_found = ProductFiles(
        urn=product_urn,
        dataset_ids=dataset_ids,
        files=tuple(entry_from(_entry(item)) for item in _mappings(_FILES, files)),
    )
    assert set(datasets_that_count(files_found)) == set(dataset_ids), "a dataset's only dataset is itself"
    return FoundProduct(
        product=files_found,
        rights=tuple(right_from(item) for item in granted),
        memberships=Memberships(
            own=frozenset(item["group_name"] for item in granted if item["is_own"]),
            public=frozenset(item["group_name"] for item in granted if item["is_public"]),
        ),
        licences=LicenceState(
            tenant_licence=next((value for value in found if value.dataset is None), None),
            dataset_licences=tuple(value for value in found if value.dataset is not None),
            acceptances=tuple(acceptance_from(_acceptance(item)) for item in _mappings(_ACCEPTANCES, acceptances)),
        ),
    )


def _items(listed: Any) -> list[list[Any]]:
    """The list of lists: SQLite gives its text."""
    found: list[list[Any]] = json.loads(listed) if isinstance(listed, str) else listed or []
    return found


def _mappings(columns: Sequence[Column[Any]], listed: Any) -> list[dict[str, Any]]:
    names = [column.name for column in columns]
    return [dict(zip(names, item, strict=True)) for item in _items(listed)]


def _entry(item: Mapping[str, Any]) -> dict[str, Any]:
    """SQLite has numbers for truths."""
    return {**item, "is_reference": bool(item["is_reference"])}


def _acceptance(item: Mapping[str, Any]) -> dict[str, Any]:
    """Either database writes an instant so that Python reads it, SQLite without its zone."""
    instant = datetime.fromisoformat(item["accepted_at"])
    return {**item, "accepted_at": instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant}

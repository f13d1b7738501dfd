"""Criteria on products as a whole: where and when they were measured, which they are, what they are part of."""

from collections.abc import Collection, Mapping

import attrs
from sqlalchemy import ColumnElement, FromClause, and_, false, select

from adapters.persistence.extents import overlaps, touches
from adapters.persistence.searching.numbers import is_among
from adapters.persistence.tables import product_dataset
from adapters.persistence.visibility import is_named
from domain.search import Criterion, InDataset, IsOneOf, IsVersionOf, KnownBy, Meets, OnProduct, Overlaps, Touches

NumbersByPlace = Mapping[Meets, Collection[int]]


def is_of_whole(criterion: Criterion) -> bool:
    """Whether it concerns no field."""
    return isinstance(criterion, OnProduct)


@attrs.frozen(kw_only=True)
class WholeProducts:
    """The conditions of one search. ``met`` has, for each exact place of it, the products that were seen to meet it."""

    dialect: str
    tenant: str
    met: NumbersByPlace

    def of(self, criterion: OnProduct, row: FromClause) -> ColumnElement[bool]:
        """The condition on a row of ``product``; never NULL."""
        match criterion:
            case Touches():
                return touches(self.dialect, criterion, row)
            case Overlaps():
                return overlaps(self.dialect, criterion, row)
            case Meets():
                numbers = self.met[criterion]
                return is_among(self.dialect, row.c.id, numbers) if numbers else false()
            case IsOneOf(urns):
                return is_named(self.dialect, row.c.urn, [str(urn) for urn in urns]) if urns else false()
            case IsVersionOf(names):
                return is_named(self.dialect, row.c.virtual_id, names) if names else false()
            case InDataset(dataset):
                return self._in_dataset(str(dataset.virtual_id), row)
            case KnownBy(at):
                known: ColumnElement[bool] = row.c.registered_at <= at
                return known

    def _in_dataset(self, dataset: str, row: FromClause) -> ColumnElement[bool]:
        """As everywhere: a dataset is no part of itself."""
        members = select(product_dataset.c.product_id).where(
            product_dataset.c.tenant == self.tenant, product_dataset.c.dataset == dataset
        )
        return and_(row.c.id.in_(members), row.c.virtual_id != dataset)

"""Criteria as conditions on rows of ``product``, with the same answers on both databases.

A criterion on an attribute is a set of products' numbers, read from one index. All of several is a join of such sets,
one of several their union: so PostgreSQL can begin with the smallest. ``Not`` is pushed down to the sets first.
"""

from typing import Any

import attrs
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    exists,
    false,
    literal_column,
    not_,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from adapters.persistence.attribute_rows import noted_words
from adapters.persistence.searching.fields import equal_values, is_of_columns, on_attributes, on_column
from adapters.persistence.searching.whole_products import NumbersByPlace, WholeProducts, is_of_whole
from adapters.persistence.tables import product, product_attribute, product_words
from adapters.persistence.visibility import GrantedDatasets, has_data_right
from domain.attributes import RAWDATA, number_of, words_of
from domain.coverage import instant
from domain.search import AllOf, AnyOf, Criterion, Equals, HasWords, InDataset, Not
from domain.search_values import WHOLE


@attrs.frozen(kw_only=True)
class Conditions:
    """The conditions of one search. ``granted`` is ``None`` for callers who see everything.

    ``met`` has the products that meet each exact place of it.
    """

    dialect: str
    tenant: str
    granted: GrantedDatasets | None
    met: NumbersByPlace = attrs.field(factory=dict)

    def of(self, criterion: Criterion, row: FromClause, *, holds: bool = True) -> ColumnElement[bool]:
        """That it holds, or that it does not; never NULL. Raises ``InvalidValue`` for an expression that is none."""
        match criterion:
            case Not(inner):
                return self.of(inner, row, holds=not holds)
            case AllOf(parts) if holds:
                return self._all(parts, row)
            case AnyOf(parts) if not holds:
                return and_(true(), *(self.of(part, row, holds=False) for part in parts))
            case AllOf(parts):
                return self._any(tuple(Not(part) for part in parts), row)
            case AnyOf(parts):
                return self._any(parts, row)
            case _ if is_of_columns(criterion):
                condition = self._of_own(criterion, row)
                return condition if holds else not_(condition)
            case _:
                return self._of_rows(criterion, row, holds=holds)

    def _of_own(self, criterion: Any, row: FromClause) -> ColumnElement[bool]:
        if is_of_whole(criterion):
            return WholeProducts(dialect=self.dialect, tenant=self.tenant, met=self.met).of(criterion, row)
        return on_column(self.dialect, criterion, row)

    def _all(self, parts: tuple[Criterion, ...], row: FromClause) -> ColumnElement[bool]:
        """All words that are asked for are looked for at once: the index knows where each stands."""
        words = [part for part in parts if isinstance(part, HasWords) and self._is_of_words_alone(part)]
        others = [part for part in parts if part not in words]
        conditions = [self.of(part, row) for part in others]
        if words:
            noted = [each for part in words for each in self._noted(part.field.path, part.words)]
            # A word that is asked for twice is no rarer for that, but PostgreSQL would expect it to be.
            conditions.append(self._among(row, [self._having(list(dict.fromkeys(noted)))]))
        return and_(true(), *conditions)

    def _is_of_words_alone(self, criterion: HasWords) -> bool:
        """Whether no number and no instant, no name and no right answers it as well."""
        path, text = criterion.field.path, criterion.words
        is_a_value = number_of(text) is not None or instant(text) is not None
        is_a_text = path not in WHOLE and not is_of_columns(criterion) and any(words_of(text))
        return is_a_text and not is_a_value and not self._needs_right(criterion)

    def _any(self, parts: tuple[Criterion, ...], row: FromClause) -> ColumnElement[bool]:
        if not parts:
            return false()
        if len(parts) == 1:
            return self.of(parts[0], row)
        if all(_is_simple(part) for part in parts):
            return or_(*(self.of(part, row) for part in parts))
        sets: list[Any] = []
        for part in parts:
            if _is_leaf(part) and not is_of_columns(part) and not self._needs_right(part):
                sets += self._sets(part)
            else:
                other = product.alias()
                sets.append(select(other.c.id).where(other.c.tenant == self.tenant, self.of(part, other)))
        return self._among(row, sets)

    def _of_rows(self, criterion: Criterion, row: FromClause, *, holds: bool) -> ColumnElement[bool]:
        sets = self._sets(criterion)
        found = self._among(row, sets) if holds else and_(*(self._not_among(row, one) for one in sets))
        if not self._needs_right(criterion):
            return found
        assert self.granted is not None, "only then a right is needed"
        right = has_data_right(self.dialect, row, self.tenant, self.granted)
        return and_(found, right) if holds else or_(found, not_(right))

    def _needs_right(self, criterion: Any) -> bool:
        """Names of protected files are found by those only to whom they are shown (R6)."""
        return self.granted is not None and criterion.field.path == RAWDATA

    def _sets(self, criterion: Any) -> list[Select[Any]]:
        path = criterion.field.path
        row = product_attribute.alias()
        if isinstance(criterion, HasWords):
            if path in WHOLE or not any(words_of(criterion.words)):
                criterion = Equals(criterion.field, criterion.words)
            else:
                others = equal_values(criterion.words, row)
                return [
                    self._having(self._noted(path, criterion.words)),
                    *(self._rows(row, path, other) for other in others),
                ]
        return [self._rows(row, path, condition) for condition in on_attributes(self.dialect, criterion, row)]

    def _rows(self, row: FromClause, path: str, condition: ColumnElement[bool]) -> Select[Any]:
        return select(row.c.product_id).where(row.c.tenant == self.tenant, row.c.path == path, condition)

    def _noted(self, path: str, text: str) -> list[str]:
        return noted_words(self.tenant, path, dict.fromkeys(words_of(text)))

    def _having(self, noted: list[str]) -> Select[Any]:
        of = product_words.alias()
        if self.dialect == "sqlite":
            query = bindparam(None, " AND ".join(f'"{word}"' for word in noted), type_=Text())
            table = product_words
            return select(table.c.rowid).where(literal_column("product_words").bool_op("MATCH")(query))
        query = bindparam(None, " & ".join(f"'{word}'" for word in noted), type_=Text())
        return select(of.c.rowid).where(of.c.words.bool_op("@@")(cast(query, TSQUERY)))

    def _among(self, row: FromClause, sets: list[Any]) -> ColumnElement[bool]:
        found: ColumnElement[bool] = row.c.id.in_(sets[0] if len(sets) == 1 else union_all(*sets))
        return found

    def _not_among(self, row: FromClause, one: Select[Any]) -> ColumnElement[bool]:
        """PostgreSQL makes a join of NOT EXISTS, but never of NOT IN."""
        if self.dialect == "sqlite":
            found: ColumnElement[bool] = row.c.id.not_in(one)
            return found
        (number,) = one.selected_columns
        return ~exists(one.where(number == row.c.id).correlate(row))


def _is_leaf(criterion: Criterion) -> bool:
    return not isinstance(criterion, AllOf | AnyOf | Not)


def _is_simple(criterion: Criterion) -> bool:
    """Whether the product's own row answers it."""
    return _is_leaf(criterion) and is_of_columns(criterion) and not isinstance(criterion, InDataset)

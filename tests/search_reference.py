"""What a search finds, said once more and plainly: the oracle of every adapter that searches."""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime

from domain.access import Caller
from domain.attributes import RAWDATA, Attribute, attributes_of, folded, number_of, words_by_path, words_of
from domain.coverage import instant
from domain.expression import expression
from domain.places import Circle
from domain.product import Product
from domain.rights import AccessRight, datasets_that_count, has_data_right, sees
from domain.search import (
    AllOf,
    AnyOf,
    Between,
    Criterion,
    Equals,
    Exists,
    Field,
    FitsExpression,
    HasWords,
    InDataset,
    IsOneOf,
    IsVersionOf,
    KnownBy,
    Like,
    Meets,
    Not,
    OnProduct,
    Overlaps,
    Sorting,
    Touches,
)
from domain.search_values import NAMES, WHOLE, Interval, Pattern, interval_of
from domain.urn import EntityType, Urn
from tests.place_reference import geometry_of, nearest_metres
from tests.place_reference import meets as meets_geometry


def found_among(
    products: Iterable[Product],
    caller: Caller,
    rights: Collection[AccessRight],
    criterion: Criterion,
    *,
    kinds: Collection[EntityType] = (),
    dataset: Urn | None = None,
    sorting: tuple[Sorting, ...] = (),
    meets: Callable[[Meets, Product], bool] | None = None,
) -> list[Product]:
    """In order. ``caller`` with every group that counts for them."""
    found = [
        product
        for product in products
        if sees(caller, product, rights)
        and (not kinds or product.entity_type in kinds)
        and (
            dataset is None
            or (dataset.virtual_id in datasets_that_count(product) and product.virtual_id != dataset.virtual_id)
        )
        and fits(criterion, product, sees_rawdata=has_data_right(caller, product, rights), meets=meets or meets_place)
    ]
    found.sort(key=lambda product: str(product.urn))
    for key in reversed(sorting):
        there = [product for product in found if _rank(product, key.field) is not None]
        there.sort(key=lambda product: _rank(product, key.field), reverse=False)
        if key.is_descending:
            there = _backwards(there, key.field)
        found = there + [product for product in found if _rank(product, key.field) is None]
    return found


def meets_place(asked: Meets, product: Product) -> bool:
    """Shapes exactly; circles as near as the reference walks, so not to be asked about their very rims."""
    if product.geometry is None:
        return False
    place = asked.place
    if isinstance(place, Circle):
        return nearest_metres(product.geometry, (place.longitude, place.latitude)) <= place.metres
    return meets_geometry(geometry_of(place.wkt), product.geometry)


def fits(
    criterion: Criterion,
    product: Product,
    *,
    sees_rawdata: bool = True,
    meets: Callable[[Meets, Product], bool] = meets_place,
) -> bool:
    def again(part: Criterion) -> bool:
        return fits(part, product, sees_rawdata=sees_rawdata, meets=meets)

    match criterion:
        case AllOf(parts):
            return all(again(part) for part in parts)
        case AnyOf(parts):
            return any(again(part) for part in parts)
        case Not(inner):
            return not again(inner)
        case Meets():
            return meets(criterion, product)
        case Between(field=field, lower=None, upper=None):
            return again(Exists(field))
        case _ if isinstance(criterion, OnProduct):
            return _fits_product(criterion, product)
        case _:
            return _fits_field(criterion, product, sees_rawdata)


def _fits_product(criterion, product: Product) -> bool:
    match criterion:
        case Touches():
            return _touches(criterion, product)
        case IsOneOf(urns):
            return product.urn in urns
        case IsVersionOf(names):
            return str(product.virtual_id) in names
        case InDataset(dataset):
            is_in = dataset.virtual_id in datasets_that_count(product)
            return is_in and product.virtual_id != dataset.virtual_id
        case KnownBy(at):
            return product.registered_at <= at
        case Overlaps(start=start, end=end):
            span = product.time_span
            return span is not None and (end is None or span.start <= end) and (start is None or span.end >= start)
    raise AssertionError(criterion)


def _fits_field(criterion, product: Product, sees_rawdata: bool) -> bool:
    path = criterion.field.path
    if path in NAMES:
        return _fits_name(criterion, _name(product, path))
    if path == "geometry":
        return isinstance(criterion, Exists) and product.geometry is not None
    if path == "last":
        return isinstance(criterion, Exists) or _written(criterion) == str(product.is_last).lower()
    if path == "version":
        return _fits_version(criterion, product.version)
    if path == RAWDATA and not sees_rawdata:
        return False
    values = [value for value in attributes_of(product) if value.path == path]
    if isinstance(criterion, HasWords):
        words = set(words_of(criterion.words))
        if path not in WHOLE and words:
            return words <= words_by_path(product).get(path, frozenset()) or any(
                _is_value(value, criterion.words) for value in values
            )
        criterion = Equals(criterion.field, criterion.words)
    return any(_fits_value(criterion, value) for value in values)


def _fits_value(criterion, value: Attribute) -> bool:
    match criterion:
        case Exists():
            return True
        case Equals(_, text):
            return value.text == text[:200] or _is_value(value, text)
        case Like(_, pattern):
            return value.folded is not None and Pattern.read(pattern, folds=True).fits(value.folded)
        case FitsExpression(_, written):
            return value.text is not None and expression(written).fits(value.text)
        case Between():
            interval = interval_of(criterion)
            given = interval.lower if interval.lower is not None else interval.upper
            mine = (
                value.number
                if isinstance(given, float)
                else value.instant
                if isinstance(given, datetime)
                else value.folded
            )
            return mine is not None and interval.holds(mine)
    raise AssertionError(criterion)


def _is_value(value: Attribute, text: str) -> bool:
    return (value.number is not None and value.number == number_of(text)) or (
        value.instant is not None and value.instant == instant(text)
    )


def _fits_name(criterion, name: str) -> bool:
    match criterion:
        case Exists():
            return True
        case Like(_, pattern):
            return Pattern.read(pattern, folds=False).fits(name)
        case FitsExpression(_, written):
            return expression(written).fits(name)
        case Between():
            interval = Interval(
                lower=criterion.lower,
                upper=criterion.upper,
                includes_lower=criterion.includes_lower,
                includes_upper=criterion.includes_upper,
            )
            return interval.holds(name)
        case _:
            return _written(criterion) == name


def _fits_version(criterion, version: int) -> bool:
    if isinstance(criterion, Exists):
        return True
    if isinstance(criterion, Between):
        interval = interval_of(criterion)
        bounds = [bound for bound in (interval.lower, interval.upper) if bound is not None]
        return all(isinstance(bound, float) for bound in bounds) and interval.holds(float(version))
    written = _written(criterion)
    return written is not None and number_of(written) == version


def _written(criterion) -> str | None:
    match criterion:
        case Equals(_, value) | HasWords(_, value):
            return value
    return None


def _name(product: Product, path: str) -> str:
    return {
        "id": str(product.urn),
        "virtualId": str(product.virtual_id),
        "providerId": product.provider_id,
        "model": product.model,
    }[path]


def _touches(asked: Touches, product: Product) -> bool:
    box = product.bounding_box
    if box is None or box.south > asked.north or box.north < asked.south:
        return False
    if asked.west > asked.east:
        return box.east >= asked.west or box.west <= asked.east
    return box.west <= asked.east and box.east >= asked.west


def _rank(product: Product, field: Field) -> tuple | None:
    """Numbers before instants before texts."""
    if field.path in NAMES:
        return (_name(product, field.path),)
    if field.path in {"version", "last"}:
        return (product.version if field.path == "version" else product.is_last,)
    value = next((value for value in attributes_of(product) if (value.path, value.ordinal) == (field.path, 0)), None)
    if value is None:
        return None
    if value.number is not None:
        return (0, value.number)
    return (1, value.instant) if value.instant is not None else (2, folded(value.text or ""))


def _backwards(products: list[Product], field: Field) -> list[Product]:
    """Types in the same order, values in each the other way round, equals by URN as before."""
    groups: dict[tuple, list[Product]] = {}
    for product in products:
        groups.setdefault(_rank(product, field), []).append(product)
    kinds: dict[object, list[tuple]] = {}
    for rank in groups:
        kinds.setdefault(rank[0] if len(rank) == 2 else None, []).append(rank)
    return [product for ranks in kinds.values() for rank in reversed(ranks) for product in groups[rank]]

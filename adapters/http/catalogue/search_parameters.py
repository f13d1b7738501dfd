"""How searches are written in an address: the query, places, the order, the page, facets."""

from collections.abc import Iterable
from typing import Annotated

from litestar.params import QueryParameter

from application.ports.search import FARTHEST, SearchRequest
from application.use_cases.catalogue_query import CatalogueQuery, SearchText
from domain.access import Caller
from domain.errors import InvalidValue
from domain.places import Circle
from domain.search import Field, QueryInvalid, Sorting, Touches
from domain.urn import EntityType, Urn

Query = Annotated[str, QueryParameter(description="A query in upstream's subset of Lucene's language.")]
Page = Annotated[int, QueryParameter(ge=0, le=FARTHEST, description="Counts from 0.")]
Size = Annotated[int, QueryParameter(ge=1, le=1000, description="Products on one page.")]
Sort = Annotated[list[str] | None, QueryParameter(description="`property` or `property,DESC`; repeatable.")]
Place = Annotated[
    str | None, QueryParameter(description="west,south,east,north in degrees; met by the box around a geometry.")
]
Degrees = Annotated[float | None, QueryParameter(description="In degrees, together with the others of lon, lat, r.")]
Metres = Annotated[float | None, QueryParameter(ge=0, description="Metres around lon and lat, on the globe.")]
Geometry = Annotated[
    str | None,
    QueryParameter(description="WKT, met by the geometry itself; longitudes beyond 180 are those behind it."),
]
Facets = Annotated[
    list[str] | None, QueryParameter(description="Properties to count values of, separated by commas; repeatable.")
]


def asked_of(
    text: str, bbox: str | None, around: tuple[float | None, float | None, float | None], wkt: str | None
) -> SearchText:
    """What is asked; all places that are given are meant. Raises ``QueryInvalid``."""
    try:
        return SearchText(text=text, box=_box(bbox), circle=_circle(*around), wkt=wkt)
    except InvalidValue as error:
        raise QueryInvalid(str(error)) from error


def query_of(
    caller: Caller, kinds: frozenset[EntityType], asked: SearchText, *, dataset: Urn | None = None
) -> CatalogueQuery:
    """A query about everything that is found."""
    return CatalogueQuery(asked=asked, scope=SearchRequest(caller=caller, kinds=kinds, dataset=dataset))


def scope_of(
    caller: Caller,
    kinds: frozenset[EntityType],
    *,
    page: int,
    size: int,
    sort: Iterable[str],
    dataset: Urn | None = None,
) -> SearchRequest:
    """The caller, the order and the page. Raises ``QueryInvalid``."""
    sorting = tuple(_sorting(text) for text in sort)
    return SearchRequest(caller=caller, kinds=kinds, dataset=dataset, sorting=sorting, offset=page * size, limit=size)


def field_of(name: str) -> Field:
    """The field of a name. Raises ``QueryInvalid``."""
    try:
        return Field.named(name.strip())
    except InvalidValue as error:
        raise QueryInvalid(str(error)) from error


def fields_of(lists: Iterable[str]) -> dict[Field, str]:
    """The fields that are named in lists with commas, each with its name as written first. Raises ``QueryInvalid``."""
    names = [name.strip() for listed in lists for name in listed.split(",") if name.strip()]
    found: dict[Field, str] = {}
    for name in names:
        found.setdefault(field_of(name), name)
    return found


def _sorting(text: str) -> Sorting:
    name, _, direction = text.partition(",")
    if direction.upper() not in {"", "ASC", "DESC"}:
        raise QueryInvalid(f"An order is ASC or DESC, as in label,DESC; {direction!r} is neither.")
    return Sorting(field=field_of(name), is_descending=direction.upper() == "DESC")


def _box(bbox: str | None) -> Touches | None:
    if bbox is None:
        return None
    try:
        west, south, east, north = (float(part) for part in bbox.split(","))
    except ValueError as error:
        raise QueryInvalid("bbox has four numbers: west,south,east,north in degrees.") from error
    return Touches(west=west, south=south, east=east, north=north)


def _circle(longitude: float | None, latitude: float | None, metres: float | None) -> Circle | None:
    if longitude is not None and latitude is not None and metres is not None:
        return Circle(longitude=longitude, latitude=latitude, metres=metres)
    if (longitude, latitude, metres) != (None, None, None):
        raise QueryInvalid("lon, lat and r come together.")
    return None

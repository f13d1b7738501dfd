"""What can be said of all that a search finds: values and bounds of properties, and common attributes."""

from typing import Annotated, Any

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter, SkipValidation

from adapters.http.catalogue.engines import KINDS
from adapters.http.catalogue.envelopes import BASE, bound_json
from adapters.http.catalogue.search_parameters import (
    Degrees,
    Geometry,
    Metres,
    Place,
    Query,
    asked_of,
    field_of,
    fields_of,
    query_of,
)
from adapters.http.documentation import operation
from application.ports.search_figures import CommonAttribute
from application.use_cases.describe_found import DescribeFound
from domain.access import Caller, Role
from domain.facets import FacetType
from domain.search import PROPERTIES
from domain.urn import EntityType

CallerDependency = NamedDependency[SkipValidation[Caller]]
DescribeDependency = NamedDependency[SkipValidation[DescribeFound]]

MaxCount = Annotated[int, QueryParameter(name="maxCount", ge=1, le=1000, description="Values at most.")]
PartialText = Annotated[
    str | None, QueryParameter(name="partialText", description="Only values with this in them, in any case.")
]
Properties = Annotated[list[str], QueryParameter(description="Properties, separated by commas; repeatable.")]


class PropertyBounds(msgspec.Struct):
    """The least and the greatest value among what was found; both null, like the type, where there are none."""

    property_name: str = msgspec.field(name="propertyName")
    type: FacetType | None = None
    lower_bound: float | str | None = msgspec.field(name="lowerBound", default=None)
    upper_bound: float | str | None = msgspec.field(name="upperBound", default=None)


class AttributeShown(msgspec.Struct):
    """An attribute that everything that was found has; ``jsonPath`` is where a product has it."""

    name: str
    json_path: str = msgspec.field(name="jsonPath")
    types: list[FacetType]

    @classmethod
    def of(cls, found: CommonAttribute) -> "AttributeShown":
        """On the wire."""
        return cls(name=found.field.path, json_path=PROPERTIES + found.field.path, types=list(found.types))


ATTRIBUTES_EXAMPLE = [{"name": "cloud", "jsonPath": "properties.cloud", "types": ["NUMERIC"]}]
_BOUNDS_EXAMPLE = [
    {"propertyName": "cloud", "type": "NUMERIC", "lowerBound": 0.0, "upperBound": 97.5},
    {
        "propertyName": "datetime",
        "type": "DATE",
        "lowerBound": "2024-01-01T00:00:00Z",
        "upperBound": "2024-12-31T23:59:59Z",
    },
]


def _operation(operation_id: str, summary: str, **more: Any) -> dict[str, Any]:
    return operation(operation_id, summary, role=Role.PUBLIC, tag="search", **more)


def _values_route(name: str, kinds: frozenset[EntityType]) -> Any:
    @get(
        f"{BASE}/{name}/search/properties/{{property_name:str}}/values",
        **_operation(f"values_{name}", f"List values of a property of {name}", answer=list[str], example=["scene"]),
    )
    async def values(
        property_name: FromPath[str],
        caller: CallerDependency,
        describe_found: DescribeDependency,
        q: Query = "",
        max_count: MaxCount = 100,
        partial_text: PartialText = None,
        bbox: Place = None,
        lon: Degrees = None,
        lat: Degrees = None,
        r: Metres = None,
        g: Geometry = None,
    ) -> list[str]:
        """The texts and numbers that are found most often, most often first; of the first 10,000 products found."""
        query = query_of(caller, kinds, asked_of(q, bbox, (lon, lat, r), g))
        field = field_of(property_name)
        found = await describe_found.values(query, field, limit=max_count, part=partial_text)
        return [each.value for each in found]

    return values


@get(
    BASE + "/dataobjects/search/properties/bounds",
    **_operation(
        "property_bounds", "Bounds of properties of data objects", answer=list[PropertyBounds], example=_BOUNDS_EXAMPLE
    ),
)
async def property_bounds(
    properties: Properties,
    caller: CallerDependency,
    describe_found: DescribeDependency,
    q: Query = "",
    bbox: Place = None,
    lon: Degrees = None,
    lat: Degrees = None,
    r: Metres = None,
    g: Geometry = None,
) -> list[PropertyBounds]:
    """The least and the greatest number or date of each, among all that you see of what the query finds."""
    names = fields_of(properties)
    query = query_of(caller, KINDS["dataobjects"], asked_of(q, bbox, (lon, lat, r), g))
    found = await describe_found.bounds(query, tuple(names))
    shown = []
    for field, name in names.items():
        own = [
            PropertyBounds(name, bounds.type, bound_json(bounds.lower), bound_json(bounds.upper))
            for bounds in found
            if bounds.field == field
        ]
        shown += own or [PropertyBounds(name)]
    return shown


@get(
    BASE + "/dataobjects/search/attributes",
    **_operation(
        "common_attributes",
        "Attributes that data objects have in common",
        answer=list[AttributeShown],
        example=ATTRIBUTES_EXAMPLE,
    ),
)
async def common_attributes(
    caller: CallerDependency,
    describe_found: DescribeDependency,
    q: Query = "",
    bbox: Place = None,
    lon: Degrees = None,
    lat: Degrees = None,
    r: Metres = None,
    g: Geometry = None,
) -> list[AttributeShown]:
    """Those that every data object has which you see of what the query finds; of the first 10,000 products found."""
    query = query_of(caller, KINDS["dataobjects"], asked_of(q, bbox, (lon, lat, r), g))
    return [AttributeShown.of(each) for each in await describe_found.attributes(query)]


route_handlers = (
    *(_values_route(name, kinds) for name, kinds in KINDS.items()),
    property_bounds,
    common_attributes,
)

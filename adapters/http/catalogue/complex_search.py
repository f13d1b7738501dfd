"""Several searches at once (contract-catalog section 4.1): pages, common attributes, and what is to be downloaded."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody, SkipValidation

from adapters.http.catalogue.envelopes import ENVELOPE_EXAMPLE, AnyRequest, Envelope, envelope
from adapters.http.catalogue.figures import ATTRIBUTES_EXAMPLE, AttributeShown
from adapters.http.catalogue.names import dataset_of, urn_of
from adapters.http.catalogue.search_parameters import asked_of
from adapters.http.documentation import operation
from application.ports.search import FARTHEST
from application.ports.search_figures import FoundSummary
from application.use_cases.catalogue_query import SearchText
from application.use_cases.search_selections import SearchSelections, Selection
from domain.access import Caller, Role
from domain.file import DataType
from domain.product_selection import MOST_NAMED, MOST_SELECTIONS
from domain.search import QueryInvalid

CallerDependency = NamedDependency[SkipValidation[Caller]]
SelectionsDependency = NamedDependency[SkipValidation[SearchSelections]]

_ENGINE = "legacy"
_UNUSED = frozenset({"page", "size", "sort", "facets", "token", "scope"})
_NUMBERS = ("lon", "lat", "r")

Urns = Annotated[
    list[str] | None,
    msgspec.Meta(description=f"At most {MOST_NAMED} URNs.", extra_json_schema={"maxItems": MOST_NAMED}),
]


class WantedSearch(msgspec.Struct):
    """One search. Its parameters are those of an address: ``q``, ``bbox``, ``lon`` with ``lat`` and ``r``, ``g``."""

    engine_type: Annotated[str, msgspec.Meta(description=f"Always `{_ENGINE}`.")] = msgspec.field(name="engineType")
    dataset_urn: str | None = msgspec.field(name="datasetUrn", default=None)
    search_parameters: dict[str, list[str] | str] | None = msgspec.field(name="searchParameters", default=None)
    entity_ids_to_include: Urns = msgspec.field(name="entityIdsToInclude", default=None)
    entity_ids_to_exclude: Urns = msgspec.field(name="entityIdsToExclude", default=None)
    search_date_limit: Annotated[
        datetime | None, msgspec.Meta(description="Products that were registered later are left out.")
    ] = msgspec.field(name="searchDateLimit", default=None)


class WantedSearches(msgspec.Struct):
    """Several searches; what any of them finds, is found. ``dataTypes`` are those that a summary counts, or all."""

    requests: Annotated[
        list[WantedSearch],
        msgspec.Meta(
            description=f"1 to {MOST_SELECTIONS} searches.",
            extra_json_schema={"minItems": 1, "maxItems": MOST_SELECTIONS},
        ),
    ]
    page: Annotated[int, msgspec.Meta(ge=0, le=FARTHEST)] = 0
    size: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 20
    data_types: list[DataType] | None = msgspec.field(name="dataTypes", default=None)


class FileSummary(msgspec.Struct):
    """Files of one data type, their sizes in bytes added, and how many of them do not say their size."""

    files: int
    size: int
    files_without_size: int = msgspec.field(name="filesWithoutSize")


class SearchSummary(msgspec.Struct):
    """What was found. ``isComplete`` is false where more than 10,000 products were found, and these were counted."""

    products: int
    is_complete: bool = msgspec.field(name="isComplete")
    files: int
    size: int
    data_types: dict[str, FileSummary] = msgspec.field(name="dataTypes")

    @classmethod
    def of(cls, found: FoundSummary) -> "SearchSummary":
        """On the wire."""
        by_type = {
            kind.value: FileSummary(own.files, own.size_bytes, own.without_size)
            for kind, own in sorted(found.by_type.items())
        }
        return cls(
            products=found.products,
            is_complete=found.is_complete,
            files=sum(own.files for own in by_type.values()),
            size=sum(own.size for own in by_type.values()),
            data_types=by_type,
        )


_SUMMARY_EXAMPLE = {
    "products": 12,
    "isComplete": True,
    "files": 12,
    "size": 34_000_000,
    "dataTypes": {"RAWDATA": {"files": 12, "size": 34_000_000, "filesWithoutSize": 0}},
}


def _operation(operation_id: str, summary: str, **more: Any) -> dict[str, Any]:
    return operation(operation_id, summary, role=Role.PUBLIC, tag="search", problems=(413, 422), **more)


@post(
    "/complex/search",
    **_operation("complex_search", "Search by several searches at once", answer=Envelope, example=ENVELOPE_EXAMPLE),
)
async def complex_search(
    request: AnyRequest,
    data: JSONBody[WantedSearches],
    caller: CallerDependency,
    search_selections: SelectionsDependency,
) -> Envelope:
    """The data objects that any of the searches finds, each once, by their URNs, as far as you see them."""
    offset = data.page * data.size
    found = await search_selections.execute(caller, _selections(data), offset=offset, limit=data.size)
    return envelope(request, found, page=data.page, size=data.size)


@post(
    "/complex/search/dataobjects/attributes",
    **_operation(
        "complex_attributes",
        "Attributes that what several searches find has in common",
        answer=list[AttributeShown],
        example=ATTRIBUTES_EXAMPLE,
    ),
)
async def complex_attributes(
    data: JSONBody[WantedSearches], caller: CallerDependency, search_selections: SelectionsDependency
) -> list[AttributeShown]:
    """Those that every data object has which is found; of the first 10,000 products found."""
    return [AttributeShown.of(each) for each in await search_selections.attributes(caller, _selections(data))]


@post(
    "/complex/search/summary",
    **_operation(
        "complex_summary", "Count the files that several searches find", answer=SearchSummary, example=_SUMMARY_EXAMPLE
    ),
)
async def complex_summary(
    data: JSONBody[WantedSearches], caller: CallerDependency, search_selections: SelectionsDependency
) -> SearchSummary:
    """Products and files by data type. Protected files count where you may have them."""
    kinds = frozenset(DataType) if data.data_types is None else frozenset(data.data_types)
    return SearchSummary.of(await search_selections.summary(caller, _selections(data), kinds))


def _selections(data: WantedSearches) -> list[Selection]:
    return [_selection(each) for each in data.requests]


def _selection(wanted: WantedSearch) -> Selection:
    if wanted.engine_type != _ENGINE:
        raise QueryInvalid(f"engineType is {_ENGINE}; {wanted.engine_type!r} is no search engine here.")
    return Selection(
        asked=_asked(wanted.search_parameters or {}),
        dataset=dataset_of(wanted.dataset_urn),
        included=tuple(urn_of(text) for text in wanted.entity_ids_to_include or ()),
        excluded=tuple(urn_of(text) for text in wanted.entity_ids_to_exclude or ()),
        known_by=_instant(wanted.search_date_limit),
    )


def _instant(at: datetime | None) -> datetime | None:
    """In UTC, as those without an offset are meant. Raises ``QueryInvalid``."""
    if at is None or at.tzinfo is None:
        return None if at is None else at.replace(tzinfo=UTC)
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise QueryInvalid("searchDateLimit lies outside the years 1 to 9999.") from error


def _asked(parameters: Mapping[str, list[str] | str]) -> SearchText:
    """What the parameters ask. Raises ``QueryInvalid``, also for unknown ones: they would narrow nothing."""
    given: dict[str, str] = {}
    for name, value in parameters.items():
        values = [value] if isinstance(value, str) else value
        if name in _UNUSED or not values:
            continue
        if name not in {"q", "bbox", "g", *_NUMBERS}:
            raise QueryInvalid(f"searchParameters has {name!r}; known are q, bbox, lon, lat, r and g.")
        if len(values) > 1:
            raise QueryInvalid(f"searchParameters has {name!r} {len(values)} times; it is given once.")
        given[name] = values[0]
    longitude, latitude, metres = (_number(name, given.get(name)) for name in _NUMBERS)
    return asked_of(given.get("q", ""), given.get("bbox"), (longitude, latitude, metres), given.get("g"))


def _number(name: str, text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError as error:
        raise QueryInvalid(f"{name} is a number; {text!r} is none.") from error


route_handlers = (complex_search, complex_attributes, complex_summary)

"""Whether a caller is told of the data of products (contract-catalog section 2.3)."""

from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation

from adapters.http.catalogue.names import PRODUCT_EXAMPLE, urn_of
from adapters.http.documentation import operation
from application.use_cases.see_products import SeeProducts
from domain.access import Caller, Role
from domain.errors import NotFound

MOST_URNS = 10_000

CallerDependency = NamedDependency[SkipValidation[Caller]]
SeeDependency = NamedDependency[SkipValidation[SeeProducts]]


def _operation(operation_id: str, summary: str, **more: Any) -> dict[str, Any]:
    return operation(operation_id, summary, role=Role.PUBLIC, tag="access", **more)


@get(
    "/entities/{urn:str}/access",
    **_operation("hasAccess", "Ask whether the data of a product is there for you", answer=bool, problems=(404,)),
)
async def has_access(urn: FromPath[str], caller: CallerDependency, see_products: SeeDependency) -> bool:
    """Whether a search would list RAWDATA of it; always true for what is no data. The licence does not matter."""
    wanted = urn_of(urn)
    found = (await see_products.execute(caller, [wanted])).get(wanted)
    if found is None:
        raise NotFound(f"There is no product {wanted}.")
    return found.shows_data


@post(
    "/entities/access",
    **_operation(
        "filterAccess",
        "Ask the data of which products is there for you",
        answer=list[str],
        example=[PRODUCT_EXAMPLE],
    ),
)
async def filter_access(
    data: JSONBody[Annotated[list[str], msgspec.Meta(max_length=MOST_URNS)]],
    caller: CallerDependency,
    see_products: SeeDependency,
) -> list[str]:
    """Those of the URNs, in their order; the others are unknown, or without data for the caller."""
    seen = await see_products.execute(caller, [urn_of(each) for each in data])
    return [str(urn) for urn, found in seen.items() if found.shows_data]


route_handlers = (has_access, filter_access)

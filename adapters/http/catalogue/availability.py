"""Files of products that sleep: which can be read now, and having them restored (contract-catalog section 5)."""

from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import quote

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation

from adapters.http.answering import AnswerResponse
from adapters.http.availability import FileAvailabilityStatus
from adapters.http.catalogue.names import PRODUCT_EXAMPLE, urn_of
from adapters.http.documentation import operation
from adapters.http.errors import RESTORATIONS, Answer
from application.use_cases.check_products import MOST_PRODUCTS, CheckProducts, ProductAvailability
from application.use_cases.restore_products import RestoreProducts
from domain.access import Caller, Role

CallerDependency = NamedDependency[SkipValidation[Caller]]
CheckDependency = NamedDependency[SkipValidation[CheckProducts]]
RestoreDependency = NamedDependency[SkipValidation[RestoreProducts]]


class WantedProducts(msgspec.Struct, forbid_unknown_fields=True):
    """Products by their URNs."""

    product_ids: Annotated[
        list[str],
        msgspec.Meta(
            description=f"1 to {MOST_PRODUCTS} URNs.", extra_json_schema={"minItems": 1, "maxItems": MOST_PRODUCTS}
        ),
    ]


class ProductFilesStatus(msgspec.Struct):
    """The files of one product."""

    id: str
    files: list[FileAvailabilityStatus]

    @classmethod
    def of(cls, found: ProductAvailability) -> "ProductFilesStatus":
        """On the wire, under the URN that was asked for."""
        return cls(id=str(found.urn), files=[FileAvailabilityStatus.of(file) for file in found.files])


class ProductsFilesStatus(msgspec.Struct):
    """The files of several products."""

    products: list[ProductFilesStatus]


_FILES = [{"checksum": "a1", "available": True, "state": "AVAILABLE", "expiration_date": "2026-11-24T10:00:00.000000Z"}]
_PRODUCT = {"id": PRODUCT_EXAMPLE, "files": _FILES}


def _operation(operation_id: str, summary: str, role: Role = Role.PUBLIC, **more: Any) -> dict[str, Any]:
    return operation(operation_id, summary, role=role, tag="products", **more)


@post(
    "/availability/files",
    **_operation(
        "checkProductsAvailability",
        "Ask which files of products can be downloaded now",
        answer=ProductsFilesStatus,
        example={"products": [_PRODUCT]},
        problems=(422,),
    ),
)
async def check_products_availability(
    data: JSONBody[WantedProducts], caller: CallerDependency, check_products: CheckDependency
) -> ProductsFilesStatus:
    """Costs no quota. Products that the caller does not see or has no right to are absent from the answer.

    So are files that are not known here, and products without any other.
    """
    found = await check_products.execute(caller, [urn_of(each) for each in data.product_ids])
    return ProductsFilesStatus(products=[ProductFilesStatus.of(each) for each in found])


@get(
    "/availability/files/{urn:str}",
    **_operation(
        "checkProductAvailability",
        "Ask which files of a product can be downloaded now",
        answer=ProductFilesStatus,
        example=_PRODUCT,
        problems=(404,),
    ),
)
async def check_product_availability(
    urn: FromPath[str], caller: CallerDependency, check_products: CheckDependency
) -> ProductFilesStatus:
    """Of all its files, however many."""
    return ProductFilesStatus.of(await check_products.one(caller, urn_of(urn)))


@post(
    "/restore",
    **_operation(
        "restoreProducts",
        "Have the files of products restored",
        Role.REGISTERED_USER,
        status=200,
        problems=(422, 423),
    ),
)
async def restore_products_files(
    data: JSONBody[WantedProducts], caller: CallerDependency, restore_products: RestoreDependency
) -> Response[None]:
    """`Location` tells how it goes on; it is absent when every file can be read already.

    Ordinary users may, unless the tenant's setting `restorationByUsers` is 0. Products that the caller does not see or
    has no right to are left out.
    """
    return _asked(await restore_products.execute(caller, [urn_of(each) for each in data.product_ids]))


@post(
    "/restore/{urn:str}",
    **_operation(
        "restoreProduct",
        "Have the files of a product restored",
        Role.REGISTERED_USER,
        status=200,
        problems=(404, 422, 423),
    ),
)
async def restore_product_files(
    urn: FromPath[str], caller: CallerDependency, restore_products: RestoreDependency
) -> Response[None]:
    """Upstream takes a GET for this; here GET changes nothing, and is answered with 405."""
    return _asked(await restore_products.one(caller, urn_of(urn)))


def _asked(group_id: str | None) -> Response[None]:
    location = [] if group_id is None else [("location", f"{RESTORATIONS}/{quote(group_id, safe='')}")]
    return AnswerResponse(Answer.of(HTTPStatus.OK, location))


route_handlers = (
    check_products_availability,
    check_product_availability,
    restore_products_files,
    restore_product_files,
)

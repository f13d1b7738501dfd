"""Products in: one, or many at once, as REGARDS features or STAC items; and what administrators see of them."""

from typing import Annotated, Any

from litestar import Response, delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter, SkipValidation

from adapters.http.catalogue.names import PRODUCT_EXAMPLE, dataset_of, urn_of
from adapters.http.catalogue.product_payloads import (
    FEATURE_EXAMPLE,
    Document,
    ProductCollection,
    ProductListing,
    ProductsReportPayload,
)
from adapters.http.documentation import operation
from application.use_cases.read_products import ListProducts, ListProductsRequest, ReadProduct, RemoveProducts
from application.use_cases.register_products import RegisterProducts, RegisterProductsRequest
from domain.access import Caller, Role
from domain.errors import InvalidValue, NotFound
from domain.urn import EntityType, Urn

CallerDependency = NamedDependency[SkipValidation[Caller]]


def _operation(operation_id: str, summary: str, **more: Any) -> dict[str, Any]:
    return operation(operation_id, summary, role=Role.PROJECT_ADMIN, tag="products", **more)


@put(
    "/products",
    **_operation(
        "registerProducts",
        "Take many products into the catalogue",
        answer=ProductsReportPayload,
        example={
            "added": 1,
            "changed": 0,
            "unchanged": 7,
            "refused": [{"index": 3, "name": "scene-4", "code": "invalid-value", "reason": "'id' must be a text."}],
        },
        problems=(422,),
    ),
)
async def put_products(
    data: JSONBody[ProductCollection],
    caller: CallerDependency,
    register_products: NamedDependency[SkipValidation[RegisterProducts]],
) -> ProductsReportPayload:
    """Each product is taken as a whole or refused; the answer says what became of all. The same again changes nothing.

    The body is a FeatureCollection of features of REGARDS or items of STAC, also mixed. What a product says
    replaces what it said before. Files need not be registered yet.
    """
    request = RegisterProductsRequest(tenant=caller.tenant, documents=tuple(data.features))
    return ProductsReportPayload.of(await register_products.execute(request))


@put(
    "/products/{urn:str}",
    **_operation(
        "registerProduct",
        "Take a product into the catalogue, or replace it",
        answer=Document,
        example=FEATURE_EXAMPLE,
        problems=(422,),
        also=(201,),
    ),
)
async def put_product(
    urn: FromPath[str],
    data: JSONBody[Document],
    caller: CallerDependency,
    register_products: NamedDependency[SkipValidation[RegisterProducts]],
    read_product: NamedDependency[SkipValidation[ReadProduct]],
) -> Response[Any]:
    """Also a dataset or a collection: the URN says which. Tags that name datasets make the product part of them.

    201 when it is new. Answers with the product as a feature.
    """
    return await registered(urn_of(urn), data, caller, register_products, read_product)


@get(
    "/products",
    **_operation(
        "listProducts",
        "List catalogued products",
        answer=ProductListing,
        example={
            "products": [
                {
                    "id": PRODUCT_EXAMPLE,
                    "providerId": "scene-1",
                    "entityType": "DATA",
                    "label": "A scene",
                    "version": 1,
                    "last": True,
                    "files": 1,
                }
            ]
        },
    ),
)
async def list_catalogued_products(
    caller: CallerDependency,
    list_products: NamedDependency[SkipValidation[ListProducts]],
    entity_type: Annotated[EntityType | None, QueryParameter(name="entityType")] = None,
    dataset: Annotated[str | None, QueryParameter(description="Only products in this dataset.")] = None,
    after: Annotated[str | None, QueryParameter(description="`nextAfter` of the page before.")] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=1000, description="Products on one page.")] = 100,
) -> ProductListing:
    """Every version of everything, in the order of the URNs."""
    request = ListProductsRequest(
        tenant=caller.tenant, entity_type=entity_type, dataset=dataset_of(dataset), after=after, limit=limit
    )
    return ProductListing.of(await list_products.execute(request))


@get(
    "/products/{urn:str}",
    **_operation("readProduct", "Read a product", answer=Document, example=FEATURE_EXAMPLE, problems=(404,)),
)
async def read_catalogued_product(
    urn: FromPath[str], caller: CallerDependency, read_product: NamedDependency[SkipValidation[ReadProduct]]
) -> Response[Any]:
    """As a feature, with every file as it was catalogued. LAST names the newest version."""
    return Response(await read_product.execute(caller.tenant, urn_of(urn)))


@delete("/products/{urn:str}", **_operation("removeProduct", "Remove a product", status=204, problems=(404,)))
async def remove_product(
    urn: FromPath[str], caller: CallerDependency, remove_products: NamedDependency[SkipValidation[RemoveProducts]]
) -> None:
    """Only this version: the newest of the others becomes the last one. Registered files stay."""
    await removed(urn_of(urn), caller, remove_products)


async def registered(
    wanted: Urn, data: object, caller: Caller, register_products: RegisterProducts, read_product: ReadProduct
) -> Response[Any]:
    """Take one product into the catalogue under its address, and answer with it."""
    request = RegisterProductsRequest(tenant=caller.tenant, documents=(data,), urn=wanted)
    report = await register_products.execute(request)
    if report.refused:
        raise InvalidValue(report.refused[0].reason)
    return Response(await read_product.execute(caller.tenant, wanted), status_code=201 if report.added else 200)


async def removed(wanted: Urn, caller: Caller, remove_products: RemoveProducts) -> None:
    """Take one product out of the catalogue."""
    if not await remove_products.execute(caller.tenant, (wanted,)):
        raise NotFound(f"There is no product {wanted}." + (" LAST cannot be removed." if wanted.is_last else ""))


route_handlers = (put_products, put_product, list_catalogued_products, read_catalogued_product, remove_product)

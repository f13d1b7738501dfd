"""Datasets as administrators set them. They are products: what holds for those holds here, and nothing else."""

from typing import Any

from litestar import Response, delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation

from adapters.http.catalogue.names import DATASET_EXAMPLE, DATASET_VERSION_EXAMPLE, version_of_dataset
from adapters.http.catalogue.product_payloads import FEATURE_EXAMPLE, Document
from adapters.http.catalogue.products import CallerDependency, registered, removed
from adapters.http.documentation import operation
from application.use_cases.read_products import ReadProduct, RemoveProducts
from application.use_cases.register_products import RegisterProducts
from domain.access import Role

_EXAMPLE = FEATURE_EXAMPLE | {
    "id": DATASET_VERSION_EXAMPLE,
    "virtualId": DATASET_EXAMPLE,
    "providerId": "scenes",
    "entityType": "DATASET",
    "label": "Scenes",
    "model": "dataset",
    "geometry": None,
    "properties": {},
    "files": {},
}


def _operation(operation_id: str, summary: str, **more: Any) -> dict[str, Any]:
    return operation(operation_id, summary, role=Role.PROJECT_ADMIN, tag="products", **more)


@put(
    "/datasets/{urn:str}",
    **_operation(
        "registerDataset",
        "Take a dataset into the catalogue, or replace it",
        answer=Document,
        example=_EXAMPLE,
        problems=(422,),
    ),
)
async def put_dataset(
    urn: FromPath[str],
    data: JSONBody[Document],
    caller: CallerDependency,
    register_products: NamedDependency[SkipValidation[RegisterProducts]],
    read_product: NamedDependency[SkipValidation[ReadProduct]],
) -> Response[Any]:
    """Like `PUT /products/{urn}`, for datasets only: the URN of anything else is refused with 400.

    201 when it is new. Answers with the dataset as a feature. Rights and licences are on the dataset in all its
    versions, and may be there before it.
    """
    return await registered(version_of_dataset(urn), data, caller, register_products, read_product)


@get(
    "/datasets/{urn:str}",
    **_operation("readDataset", "Read a dataset", answer=Document, example=_EXAMPLE, problems=(404,)),
)
async def read_dataset(
    urn: FromPath[str], caller: CallerDependency, read_product: NamedDependency[SkipValidation[ReadProduct]]
) -> Response[Any]:
    """As a feature, as it was catalogued. LAST names the newest version."""
    return Response(await read_product.execute(caller.tenant, version_of_dataset(urn)))


@delete("/datasets/{urn:str}", **_operation("removeDataset", "Remove a dataset", status=204, problems=(404,)))
async def remove_dataset(
    urn: FromPath[str], caller: CallerDependency, remove_products: NamedDependency[SkipValidation[RemoveProducts]]
) -> None:
    """Only this version of its description. Its products stay, and so do rights and licences, which are for them."""
    await removed(version_of_dataset(urn), caller, remove_products)


route_handlers = (put_dataset, read_dataset, remove_dataset)

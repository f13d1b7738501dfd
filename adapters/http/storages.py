"""Configured storages and their order (contract-downloader 8.1)."""

from typing import Any
from urllib.parse import quote

from litestar import Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation

from adapters.http.documentation import operation
from adapters.http.storage_payloads import EXAMPLE, StorageLocationConfiguration
from application.use_cases.add_storage import AddStorage
from application.use_cases.change_storage import ChangeStorage
from application.use_cases.configured_storage import StorageRequest
from application.use_cases.list_storages import ListStorages, ListStoragesRequest
from application.use_cases.move_storage import MoveStorage, MoveStorageRequest
from application.use_cases.remove_storage import RemoveStorage, RemoveStorageRequest
from domain.access import Caller, Role
from domain.errors import InvalidValue
from domain.storage_location import Delivery


def _operation(operation_id: str, summary: str, **more: Any) -> dict[str, Any]:
    options: dict[str, Any] = {"answer": StorageLocationConfiguration, "example": EXAMPLE, **more}
    return operation(operation_id, summary, role=Role.PROJECT_ADMIN, tag="storages", **options)


CallerDependency = NamedDependency[SkipValidation[Caller]]
MoveDependency = NamedDependency[SkipValidation[MoveStorage]]
Configuration = JSONBody[StorageLocationConfiguration]


@get(
    "/storages",
    **_operation("retrieveStorages", "List storages", answer=list[StorageLocationConfiguration], example=[EXAMPLE]),
)
async def list_all_storages(
    caller: CallerDependency, list_storages: NamedDependency[SkipValidation[ListStorages]]
) -> list[StorageLocationConfiguration]:
    """By type and priority. Secrets among the parameters are never shown."""
    views = await list_storages.execute(ListStoragesRequest(tenant=caller.tenant))
    return [StorageLocationConfiguration.of(view) for view in views]


@get("/storages/{name:str}", **_operation("retrieveStorage", "Read a storage", problems=(404,)))
async def read_storage(
    name: FromPath[str], caller: CallerDependency, list_storages: NamedDependency[SkipValidation[ListStorages]]
) -> StorageLocationConfiguration:
    """One configured storage."""
    (view,) = await list_storages.execute(ListStoragesRequest(tenant=caller.tenant, name=name))
    return StorageLocationConfiguration.of(view)


@post("/storages", **_operation("configureStorage", "Add a storage", status=201, problems=(409, 422)))
async def create_storage(
    data: Configuration, caller: CallerDependency, add_storage: NamedDependency[SkipValidation[AddStorage]]
) -> Response[StorageLocationConfiguration]:
    """It becomes the last of its type. Without a plugin it is OFFLINE: known, but never read."""
    view = await add_storage.execute(
        StorageRequest(tenant=caller.tenant, is_by_tenant=_is_by_tenant(caller), **_wanted(data))
    )
    location = f"/storages/{quote(view.name, safe='')}"
    return Response(StorageLocationConfiguration.of(view), headers={"location": location})


@put("/storages/{name:str}", **_operation("updateStorage", "Change a storage", problems=(404, 409, 422)))
async def update_storage(
    name: FromPath[str],
    data: Configuration,
    caller: CallerDependency,
    change_storage: NamedDependency[SkipValidation[ChangeStorage]],
) -> StorageLocationConfiguration:
    """Replaces the whole configuration, except name and order. A secret that is left out keeps its value."""
    if data.name != name:
        raise InvalidValue("A storage keeps its name: the body must have the name of the address.")
    view = await change_storage.execute(
        StorageRequest(tenant=caller.tenant, is_by_tenant=_is_by_tenant(caller), **_wanted(data))
    )
    return StorageLocationConfiguration.of(view)


@delete(
    "/storages/{name:str}",
    **_operation("deleteStorage", "Remove a storage", answer=None, example=None, status=204, problems=(404, 409)),
)
async def delete_storage(
    name: FromPath[str], caller: CallerDependency, remove_storage: NamedDependency[SkipValidation[RemoveStorage]]
) -> None:
    """Refused with 409 while files are registered on it. No bytes are deleted."""
    await remove_storage.execute(RemoveStorageRequest(tenant=caller.tenant, name=name))


@put("/storages/{name:str}/up", **_operation("increaseStoragePriority", "Try a storage earlier", problems=(404, 409)))
async def move_storage_up(
    name: FromPath[str], caller: CallerDependency, move_storage: MoveDependency
) -> StorageLocationConfiguration:
    """Changes places with the storage of the same type before it; nothing happens to the first."""
    view = await move_storage.execute(MoveStorageRequest(tenant=caller.tenant, name=name, up=True))
    return StorageLocationConfiguration.of(view)


@put("/storages/{name:str}/down", **_operation("decreaseStoragePriority", "Try a storage later", problems=(404, 409)))
async def move_storage_down(
    name: FromPath[str], caller: CallerDependency, move_storage: MoveDependency
) -> StorageLocationConfiguration:
    """Changes places with the storage of the same type after it; nothing happens to the last."""
    view = await move_storage.execute(MoveStorageRequest(tenant=caller.tenant, name=name, up=False))
    return StorageLocationConfiguration.of(view)


def _is_by_tenant(caller: Caller) -> bool:
    """Whoever is less than the installation's administrator speaks for the tenant only."""
    return not caller.role.is_at_least(Role.INSTANCE_ADMIN)


def _wanted(data: StorageLocationConfiguration) -> dict[str, Any]:
    plugin = data.plugin_configuration
    return {
        "name": data.name,
        "plugin_id": plugin.plugin_id if plugin is not None else None,
        "parameters": plugin.values() if plugin is not None else {},
        "active": plugin is None or plugin.active is not False,
        "verify": bool(data.verify),
        "delivery": Delivery(data.delivery or Delivery.STREAM),
        "allocated_size_kb": data.allocated_size_in_ko or 0,
    }


route_handlers = (
    list_all_storages,
    read_storage,
    create_storage,
    update_storage,
    delete_storage,
    move_storage_up,
    move_storage_down,
)

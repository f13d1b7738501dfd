"""Maintenance of tenants (contract-downloader 1.9)."""

from typing import Any

from litestar import get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from adapters.http.documentation import operation
from adapters.http.payloads import Instant, Payload, instant
from adapters.http.roles import also_in_maintenance
from adapters.http.settings import Link
from application.ports.tenant_upkeep import Maintenance
from application.use_cases.switch_maintenance import ListMaintenance, SwitchMaintenance, SwitchMaintenanceRequest
from domain.access import Caller, Role

_ROLE = Role.PROJECT_ADMIN


class MaintenanceInfo(Payload):
    """Whether a tenant is in maintenance, and since when that is so."""

    active: bool
    last_update: Instant


class MaintenanceModel(Payload):
    """Modes by tenant, in upstream's envelope."""

    content: dict[str, MaintenanceInfo]
    links: list[Link]

    @classmethod
    def of(cls, modes: tuple[Maintenance, ...]) -> "MaintenanceModel":
        """The modes as they are sent."""
        return cls(
            content={
                mode.tenant: MaintenanceInfo(active=mode.active, last_update=instant(mode.changed_at)) for mode in modes
            },
            links=[],
        )


_EXAMPLE = {"content": {"demo": {"active": True, "lastUpdate": "2026-11-21T09:00:00.000000Z"}}, "links": []}


def _switch(operation_id: str, summary: str) -> dict[str, Any]:
    options = operation(operation_id, summary, role=_ROLE, tag="tenants", problems=(404,))
    return {**options, "opt": also_in_maintenance(_ROLE)}


@get(
    "/maintenance",
    **operation(
        "retrieveTenantsInMaintenance",
        "Read which tenants are in maintenance",
        role=_ROLE,
        tag="tenants",
        answer=MaintenanceModel,
        example=_EXAMPLE,
    ),
)
async def read_maintenance(
    caller: NamedDependency[SkipValidation[Caller]], list_maintenance: NamedDependency[SkipValidation[ListMaintenance]]
) -> MaintenanceModel:
    """The caller's tenant; to INSTANCE_ADMIN every tenant whose mode was ever changed."""
    only = None if caller.role is Role.INSTANCE_ADMIN else caller.tenant
    return MaintenanceModel.of(await list_maintenance.execute(only))


@put("/maintenance/{tenant:str}/enable", **_switch("setMaintenance", "Begin the maintenance of a tenant"))
async def enable_maintenance(
    tenant: FromPath[str],
    caller: NamedDependency[SkipValidation[Caller]],
    switch_maintenance: NamedDependency[SkipValidation[SwitchMaintenance]],
) -> None:
    """Within seconds every instance answers 515 to what would change its data. Reading and downloading go on."""
    await switch_maintenance.execute(SwitchMaintenanceRequest(caller=caller, tenant=tenant, active=True))


@put("/maintenance/{tenant:str}/disable", **_switch("unSetMaintenance", "End the maintenance of a tenant"))
async def disable_maintenance(
    tenant: FromPath[str],
    caller: NamedDependency[SkipValidation[Caller]],
    switch_maintenance: NamedDependency[SkipValidation[SwitchMaintenance]],
) -> None:
    """Within seconds every instance lets its data be changed again."""
    await switch_maintenance.execute(SwitchMaintenanceRequest(caller=caller, tenant=tenant, active=False))


route_handlers = (read_maintenance, enable_maintenance, disable_maintenance)

"""Settings of the caller's tenant (contract-downloader 1.6)."""

from typing import Annotated, Any
from urllib.parse import quote

import msgspec
from litestar import Request, delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter, SkipValidation

from adapters.http.addresses import own_root
from adapters.http.documentation import operation
from adapters.http.payloads import LARGEST_EXACT, Payload
from application.use_cases.change_setting import ChangeSetting, ChangeSettingRequest
from application.use_cases.read_settings import ReadSettings, ReadSettingsRequest, SettingView
from domain.access import Caller, Role


class Link(Payload):
    """What can be done with a thing, and where."""

    rel: str
    href: str


class DynamicTenantSetting(Payload):
    """A setting with its value now in force."""

    name: str
    description: str
    default_value: int | str
    value: int | str


class SettingModel(Payload):
    """A setting in upstream's envelope."""

    content: DynamicTenantSetting
    links: list[Link]

    @classmethod
    def of(cls, view: SettingView, base_url: str) -> "SettingModel":
        """The setting, with links below the address that the client used."""
        address = f"{base_url.rstrip('/')}/settings"
        name = quote(view.name, safe="")
        return cls(
            content=DynamicTenantSetting(
                name=view.name, description=view.description, default_value=view.default, value=view.value
            ),
            links=[
                Link(rel="self", href=f"{address}?names={name}"),
                Link(rel="update", href=f"{address}/{name}"),
                Link(rel="reset", href=f"{address}/{name}"),
            ],
        )


class NewSetting(msgspec.Struct):
    """A new value. Other fields, which upstream's clients send back as they received them, are not read."""

    value: Annotated[
        Any,
        msgspec.Meta(
            description="`null` sets the default back.",
            extra_json_schema={"type": ["integer", "null"], "minimum": -1, "maximum": LARGEST_EXACT},
        ),
    ]


_EXAMPLE = {
    "content": {
        "name": "maxQuota",
        "description": "Default max quota for RAWDATA download, in files. -1 is unlimited, 0 allows none.",
        "defaultValue": -1,
        "value": 100,
    },
    "links": [
        {"rel": "self", "href": "http://localhost:9053/settings?names=maxQuota"},
        {"rel": "update", "href": "http://localhost:9053/settings/maxQuota"},
        {"rel": "reset", "href": "http://localhost:9053/settings/maxQuota"},
    ],
}


@get(
    "/settings",
    **operation(
        "retrieveAll",
        "Read settings",
        role=Role.ADMIN,
        tag="settings",
        answer=list[SettingModel],
        example=[_EXAMPLE],
        problems=(404,),
    ),
)
async def read_all_settings(
    request: Request[Any, Any, Any],
    caller: NamedDependency[SkipValidation[Caller]],
    read_settings: NamedDependency[SkipValidation[ReadSettings]],
    names: Annotated[list[str] | None, QueryParameter(description="Repeat for each; all when absent.")] = None,
) -> list[SettingModel]:
    """Settings of the caller's tenant with the values now in force."""
    views = await read_settings.execute(ReadSettingsRequest(tenant=caller.tenant, names=tuple(names or ())))
    return [SettingModel.of(view, own_root(request)) for view in views]


@put(
    "/settings/{name:str}",
    **operation(
        "update",
        "Change a setting",
        role=Role.ADMIN,
        tag="settings",
        answer=SettingModel,
        example=_EXAMPLE,
        problems=(404, 422),
    ),
)
async def update_setting(
    request: Request[Any, Any, Any],
    name: FromPath[str],
    data: JSONBody[NewSetting],
    caller: NamedDependency[SkipValidation[Caller]],
    change_setting: NamedDependency[SkipValidation[ChangeSetting]],
) -> SettingModel:
    """The next decision of every instance uses the new value. `null` sets the default back."""
    view = await change_setting.execute(ChangeSettingRequest(tenant=caller.tenant, name=name, value=data.value))
    return SettingModel.of(view, own_root(request))


@delete(
    "/settings/{name:str}",
    **operation(
        "reset",
        "Set a setting back to its default",
        role=Role.ADMIN,
        tag="settings",
        answer=SettingModel,
        example=_EXAMPLE,
        problems=(404,),
    ),
)
async def reset_setting(
    request: Request[Any, Any, Any],
    name: FromPath[str],
    caller: NamedDependency[SkipValidation[Caller]],
    change_setting: NamedDependency[SkipValidation[ChangeSetting]],
) -> SettingModel:
    """Answers with the setting as it stands now."""
    view = await change_setting.execute(ChangeSettingRequest(tenant=caller.tenant, name=name, value=None))
    return SettingModel.of(view, own_root(request))


route_handlers = (read_all_settings, update_setting, reset_setting)

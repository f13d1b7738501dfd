"""Settings of a tenant."""

import pytest

from application.use_cases.change_setting import ChangeSetting, ChangeSettingRequest
from application.use_cases.read_settings import ReadSettings, ReadSettingsRequest, SettingView
from domain.errors import InvalidValue, NotFound
from domain.settings import DEFINITIONS
from tests.factories import TENANT
from tests.spec.use_cases.world import World

pytestmark = pytest.mark.anyio


async def read(world: World, *names: str, tenant: str = TENANT) -> tuple[SettingView, ...]:
    return await ReadSettings(world.unit_of_work).execute(ReadSettingsRequest(tenant=tenant, names=names))


async def change(world: World, name: str, value: object) -> SettingView:
    request = ChangeSettingRequest(tenant=TENANT, name=name, value=value)
    return await ChangeSetting(world.unit_of_work).execute(request)


async def test_every_setting_has_its_default_at_first():
    views = await read(World())

    assert [(view.name, view.value) for view in views] == [(d.name, d.default) for d in DEFINITIONS]


async def test_a_changed_setting_is_read_back():
    world = World()

    view = await change(world, "maxQuota", 10)

    assert (view.default, view.value) == (-1, 10)
    assert await read(world, "maxQuota") == (view,)


async def test_a_change_is_for_one_tenant():
    world = World()
    await change(world, "maxQuota", 10)

    (elsewhere,) = await read(world, "maxQuota", tenant="other")

    assert elsewhere.value == -1


async def test_a_setting_goes_back_to_its_default():
    world = World()
    await change(world, "maxQuota", 10)

    assert (await change(world, "maxQuota", None)).value == -1


@pytest.mark.parametrize("value", [-2, "5", 1.5, True, 2**53, []])
async def test_a_refused_value_changes_nothing(value):
    world = World()

    with pytest.raises(InvalidValue, match=r"parameter \[quota\] must be a valid number >= -1"):
        await change(world, "maxQuota", value)

    assert world.tables.settings == {}


async def test_an_unknown_setting_is_not_found():
    with pytest.raises(NotFound):
        await read(World(), "nothing")
    with pytest.raises(NotFound):
        await change(World(), "nothing", 1)

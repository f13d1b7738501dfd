"""Change a setting of a tenant, or set it back to its default."""

import attrs

from application.ports.unit_of_work import UnitOfWorkFactory
from application.use_cases.read_settings import SettingView
from domain.errors import Forbidden
from domain.settings import CACHE_PATH, checked, definition


@attrs.frozen(kw_only=True)
class ChangeSettingRequest:
    """The new value as received; ``None`` sets the default back."""

    tenant: str
    name: str
    value: object


@attrs.frozen
class ChangeSetting:
    """Change a setting; the next decision of every instance uses the new value."""

    unit_of_work: UnitOfWorkFactory

    async def execute(self, request: ChangeSettingRequest) -> SettingView:
        """The setting as it is now. Raises ``NotFound``, ``Forbidden``, ``InvalidValue``, ``DatabaseUnavailable``."""
        if request.name == CACHE_PATH:
            raise Forbidden(f"{CACHE_PATH} is set by the operator of this service and cannot be changed here.")
        setting = definition(request.name)
        async with self.unit_of_work() as work:
            if request.value is None:
                await work.settings.reset(request.tenant, setting.name)
            else:
                await work.settings.put(request.tenant, setting.name, checked(setting.name, request.value))
            values = await work.settings.values(request.tenant)
            await work.commit()
        return SettingView.of(setting, values)

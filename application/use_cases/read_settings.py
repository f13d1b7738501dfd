"""Read the settings of a tenant."""

import attrs

from application.ports.unit_of_work import UnitOfWorkFactory
from domain.settings import DEFINITIONS, SettingDefinition, definition


@attrs.frozen(kw_only=True)
class ReadSettingsRequest:
    """Which settings to read; no names stand for all."""

    tenant: str
    names: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class SettingView:
    """A setting with its value now in force."""

    name: str
    description: str
    default: int
    value: int

    @classmethod
    def of(cls, setting: SettingDefinition, values: dict[str, int]) -> "SettingView":
        """The setting with its stored value, or else its default."""
        return cls(
            name=setting.name,
            description=setting.description,
            default=setting.default,
            value=values.get(setting.name, setting.default),
        )


@attrs.frozen
class ReadSettings:
    """The settings of a tenant with their values now in force."""

    unit_of_work: UnitOfWorkFactory

    async def execute(self, request: ReadSettingsRequest) -> tuple[SettingView, ...]:
        """One view per setting. Raises ``NotFound`` for an unknown name, ``DatabaseUnavailable``."""
        wanted = [definition(name) for name in request.names] or DEFINITIONS
        async with self.unit_of_work() as work:
            values = await work.settings.values(request.tenant)
        return tuple(SettingView.of(setting, values) for setting in wanted)

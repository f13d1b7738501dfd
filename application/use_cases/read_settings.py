"""Read the settings of a tenant."""

from collections.abc import Callable

import attrs

from application.ports.unit_of_work import UnitOfWorkFactory
from domain.settings import CACHE_PATH, DEFINITIONS, SettingDefinition, definition


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
    default: int | str
    value: int | str

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
    cache_folder: Callable[[str], str] | None = None

    async def execute(self, request: ReadSettingsRequest) -> tuple[SettingView, ...]:
        """One view per setting. Raises ``NotFound`` for an unknown name, ``DatabaseUnavailable``."""
        names = request.names or tuple(setting.name for setting in DEFINITIONS)
        if not request.names and self.cache_folder is not None:
            names = (*names, CACHE_PATH)
        wanted = {name: definition(name) for name in names if name != CACHE_PATH or self.cache_folder is None}
        async with self.unit_of_work() as work:
            values = await work.settings.values(request.tenant)
        return tuple(
            SettingView.of(wanted[name], values) if name in wanted else self._cache_path(request.tenant)
            for name in names
        )

    def _cache_path(self, tenant: str) -> SettingView:
        """Where the cache of the tenant lies: the operator's choice, shown and never changed here."""
        assert self.cache_folder is not None, "it is asked for only where there is a cache"
        folder = self.cache_folder(tenant)
        description = "Folder of the internal cache of restored files. Set by the operator, read only."
        return SettingView(name=CACHE_PATH, description=description, default=folder, value=folder)

"""Settings of a tenant that administrators may change at run time (contract-downloader section 1.6)."""

from datetime import timedelta
from typing import ClassVar

import attrs

from domain.errors import InvalidValue, NotFound
from domain.limits import Limits


@attrs.frozen(kw_only=True)
class SettingDefinition:
    """One setting: its wire name, what it means, its default and the smallest value it takes."""

    name: str
    description: str
    default: int
    minimum: int
    maximum: int
    refusal: str


_DAY = 24 * 3600
_TEN_YEARS = 3650 * _DAY
_EXACT_IN_JSON = 2**53 - 1
"""The largest integer that every JSON reader keeps exact (RFC 8259 section 6)."""

DEFINITIONS: tuple[SettingDefinition, ...] = (
    SettingDefinition(
        name="maxQuota",
        description="Default max quota for RAWDATA download, in files. -1 is unlimited, 0 allows none.",
        default=-1,
        minimum=-1,
        maximum=_EXACT_IN_JSON,
        refusal="parameter [quota] must be a valid number >= -1",
    ),
    SettingDefinition(
        name="rateLimit",
        description="Default number of RAWDATA downloads in progress. -1 is unlimited, 0 allows none.",
        default=-1,
        minimum=-1,
        maximum=_EXACT_IN_JSON,
        refusal="parameter [rate] must be a valid number >= -1.",
    ),
    SettingDefinition(
        name="ticketLifetime",
        description="How long a download ticket can open a download when its issuer names no time, in seconds.",
        default=3600,
        minimum=1,
        maximum=_TEN_YEARS,
        refusal="parameter [ticket lifetime] must be a valid number of seconds >= 1",
    ),
    SettingDefinition(
        name="resumeWindow",
        description="How long an interrupted download can be resumed within the unit that it cost, in seconds.",
        default=_DAY,
        minimum=0,
        maximum=_TEN_YEARS,
        refusal="parameter [resume window] must be a valid number of seconds >= 0",
    ),
    SettingDefinition(
        name="cacheMaxSize",
        description="Most that the internal cache of restored files may hold, in kilobytes.",
        default=500_000_000,
        minimum=1,
        maximum=_EXACT_IN_JSON // 1024,
        refusal="parameter [max cache size] must be a valid positive number",
    ),
    SettingDefinition(
        name="restorationByUsers",
        description="1: users may have files restored that they may download. 0: only EXPLOIT and stronger roles may.",
        default=1,
        minimum=0,
        maximum=1,
        refusal="parameter [restoration by users] must be a valid number, 0 or 1",
    ),
)
"""Names, texts and bounds of every setting; ``maxQuota``, ``rateLimit`` and ``cacheMaxSize`` are upstream's."""

CACHE_PATH = "tenantCachePath"
"""Upstream's name of the folder of the internal cache, which is shown among the settings and never changed there."""


def definition(name: str) -> SettingDefinition:
    """The definition of one setting. Raises ``NotFound`` for an unknown name."""
    for candidate in DEFINITIONS:
        if candidate.name == name:
            return candidate
    raise NotFound(f"There is no setting {name!r}. Known are: {', '.join(d.name for d in DEFINITIONS)}.")


def checked(name: str, value: object) -> int:
    """The value if the setting accepts it. Raises ``InvalidValue`` (upstream's sentence) and ``NotFound``."""
    wanted = definition(name)
    if isinstance(value, bool) or not isinstance(value, int) or not wanted.minimum <= value <= wanted.maximum:
        raise InvalidValue(wanted.refusal)
    return value


@attrs.frozen(kw_only=True)
class TenantSettings:
    """The settings of one tenant as the rules read them."""

    limits: Limits
    ticket_lifetime: timedelta
    resume_window: timedelta
    cache_bytes: int = attrs.field(default=500_000_000 * 1024)
    users_may_restore: bool = True

    DEFAULTS: ClassVar["TenantSettings"]

    @classmethod
    def from_values(cls, values: dict[str, int]) -> "TenantSettings":
        """Build from stored values by wire name; a missing one takes its default."""

        def value(name: str) -> int:
            return values.get(name, definition(name).default)

        return cls(
            limits=Limits(max_quota=value("maxQuota"), rate_limit=value("rateLimit")),
            ticket_lifetime=timedelta(seconds=value("ticketLifetime")),
            resume_window=timedelta(seconds=value("resumeWindow")),
            cache_bytes=1024 * value("cacheMaxSize"),
            users_may_restore=value("restorationByUsers") == 1,
        )


TenantSettings.DEFAULTS = TenantSettings.from_values({})

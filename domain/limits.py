"""The two limits of a download account (contract-downloader section 3.1)."""

from typing import ClassVar

import attrs

from domain.errors import InvalidValue

UNLIMITED = -1


def _quota(_instance: object, _attribute: "attrs.Attribute[int]", value: int) -> None:
    if value < UNLIMITED:
        raise InvalidValue("The custom download quota cannot be inferior to -1 (minus one).")


def _rate(_instance: object, _attribute: "attrs.Attribute[int]", value: int) -> None:
    if value < UNLIMITED:
        raise InvalidValue("The custom download rate cannot be inferior to -1 (minus one).")


@attrs.frozen(kw_only=True)
class Limits:
    """``max_quota``: units ever. ``rate_limit``: downloads in progress. -1 is unlimited, 0 allows none."""

    max_quota: int = attrs.field(validator=_quota)
    rate_limit: int = attrs.field(validator=_rate)

    NOTHING: ClassVar["Limits"]

    def allows_unit(self, units_used: int) -> bool:
        """Whether one more unit may be charged (L1)."""
        return self.max_quota == UNLIMITED or units_used < self.max_quota

    def allows_download(self, active_downloads: int) -> bool:
        """Whether one more download may be in progress (L1, L5)."""
        return self.rate_limit == UNLIMITED or active_downloads < self.rate_limit


Limits.NOTHING = Limits(max_quota=0, rate_limit=0)

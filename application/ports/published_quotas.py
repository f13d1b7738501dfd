"""What others were last told of the units that users have used."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol

import attrs

from domain.account import AccountKey


@attrs.frozen(kw_only=True)
class UsedUnits:
    """How many units a user has used."""

    key: AccountKey
    units: int


class PublishedQuotas(Protocol):
    """Compares accounts with what was told of them; the ledger does nothing for it."""

    @abstractmethod
    async def changed(self, limit: int) -> tuple[UsedUnits, ...]:
        """Users of whom something else was told last, by tenant and e-mail.

        Of a user of whom nothing was told, nothing used is no news. A forgotten user has used nothing.
        """

    @abstractmethod
    async def record(self, told: Sequence[UsedUnits]) -> None:
        """These numbers were told."""

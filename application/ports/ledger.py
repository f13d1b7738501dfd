"""The quota ledger: rules of ``domain.quota`` and ``domain.settlement`` applied under a lock (DESIGN section 4)."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import attrs

from domain.account import Account, AccountKey
from domain.download import Transfer, TransferRequest
from domain.limits import Limits
from domain.quota import Granted, QuotaExceeded, Refusal
from domain.reservation import Reserved
from domain.settlement import Outcome


@attrs.frozen(kw_only=True)
class Renewal:
    """What an instance learns when it renews its leases: transfers that are gone, and those somebody asked to end."""

    lost: frozenset[str]
    end_requested: frozenset[str]


class Ledger(Protocol):
    """The only writer of accounts, downloads and transfers.

    Every method is atomic and durable when it returns. All raise ``DatabaseUnavailable`` when nothing could be
    recorded; a call that raised has changed nothing.
    """

    @abstractmethod
    async def admit(self, request: TransferRequest, now: datetime) -> Granted | Refusal:
        """Decide and record one admission.

        Transfers of the account whose lease has expired are settled first when they stand in the way (L4).
        A refusal changes nothing (L6). Calls that wait at the same moment share one transaction and are decided in the
        order of their arrival.
        """

    @abstractmethod
    async def foresee(self, request: TransferRequest, now: datetime) -> Granted | Refusal:
        """What ``admit`` would decide now; nothing is changed or reserved."""

    @abstractmethod
    async def reserve(
        self, requests: Sequence[TransferRequest], until: datetime, now: datetime
    ) -> Reserved | QuotaExceeded:
        """Set units of one account aside until then, for all that these transfers would open, or for nothing.

        Nothing starts: no transfer is recorded, no slot is taken. A refusal changes nothing (L6).
        """

    @abstractmethod
    async def give_back(self, now: datetime) -> int:
        """Give the units of reservations back whose time has come and that nobody is using; returns how many."""

    @abstractmethod
    async def settle(self, transfer_id: str, outcome: Outcome, now: datetime) -> bool:
        """End one transfer. ``False`` when it was already settled (by a sweep, or with its account). Idempotent."""

    @abstractmethod
    async def renew(self, instance_id: str, progress: Mapping[str, int], lease_until: datetime) -> Renewal:
        """Record the bytes handed over so far, by transfer id, and prolong the leases: one statement per call.

        Progress never goes back. Transfers of other instances are never touched (they count as lost).
        """

    @abstractmethod
    async def sweep(self, now: datetime) -> int:
        """Settle every transfer whose lease has expired, with its last known progress; returns how many."""

    @abstractmethod
    async def accounts(self, keys: Sequence[AccountKey]) -> Mapping[AccountKey, Account]:
        """The accounts that exist. Reading creates none; an expired transfer counts until it is settled."""

    @abstractmethod
    async def set_limits(self, key: AccountKey, limits: Limits | None) -> Account:
        """Give a user own limits, or ``None`` to inherit the tenant's again (L7: running transfers go on)."""

    @abstractmethod
    async def forget(self, key: AccountKey) -> bool:
        """Delete an account with its downloads and transfers, and the tickets that charge it (L7).

        ``False`` when there was no account.
        """

    @abstractmethod
    async def transfers(self, tenant: str, email: str | None = None) -> tuple[Transfer, ...]:
        """Running transfers of a tenant, or of one of its users, oldest first."""

    @abstractmethod
    async def request_end(self, tenant: str, transfer_id: str, email: str | None = None) -> bool:
        """Ask for the end of a transfer (of this user, if given); its instance is told at its next renewal.

        ``False`` when there is no such transfer.
        """

    @abstractmethod
    async def purge(self, now: datetime) -> int:
        """Delete downloads that are closed, can never be resumed and hold no reservation; returns how many.

        A ticket's own account goes with its last download.
        """

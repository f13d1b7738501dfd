"""Who may see and have what: groups, memberships, rights and licences inside a unit of work."""

from abc import abstractmethod
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from domain.groups import AccessGroup, Memberships
from domain.licence import Licence, LicenceAcceptance, LicenceState
from domain.rights import AccessRight
from domain.urn import Urn


class AccessRepository(Protocol):
    """Groups by tenant and name, their members, and their rights on datasets (by virtual id)."""

    @abstractmethod
    async def groups(self, tenant: str) -> tuple[AccessGroup, ...]:
        """Every group by name."""

    @abstractmethod
    async def save_groups(self, groups: Sequence[AccessGroup]) -> None:
        """Insert or replace."""

    @abstractmethod
    async def remove_group(self, tenant: str, name: str) -> bool:
        """Delete a group with its memberships and rights; ``False`` when there is none."""

    @abstractmethod
    async def groups_of(self, tenant: str, email: str) -> tuple[str, ...]:
        """The groups that a user was put in, by name."""

    @abstractmethod
    async def members(self, tenant: str, group: str) -> tuple[str, ...]:
        """The users of a group by e-mail."""

    @abstractmethod
    async def set_groups_of(self, tenant: str, email: str, groups: Collection[str]) -> None:
        """Replace the groups of a user. Raises ``Conflict`` when one of them does not exist (any more)."""

    @abstractmethod
    async def set_members(self, tenant: str, group: str, emails: Collection[str]) -> None:
        """Replace the users of a group. Raises ``Conflict`` when it does not exist (any more)."""

    @abstractmethod
    async def memberships(self, tenant: str, email: str) -> Memberships:
        """What counts for a user, besides their token."""

    @abstractmethod
    async def save_rights(self, rights: Sequence[AccessRight]) -> None:
        """Insert or replace. Raises ``Conflict`` when a group does not exist (any more)."""

    @abstractmethod
    async def remove_right(self, tenant: str, group: str, dataset: Urn) -> bool:
        """Take a right away; ``False`` when there is none."""

    @abstractmethod
    async def rights(
        self, tenant: str, *, group: str | None = None, dataset: Urn | None = None
    ) -> tuple[AccessRight, ...]:
        """Rights by dataset and group, optionally of one group or on one dataset."""

    @abstractmethod
    async def rights_on(self, tenant: str, datasets: Collection[Urn]) -> tuple[AccessRight, ...]:
        """Every right on any of these datasets, in one read."""


class LicenceRepository(Protocol):
    """Licences of a tenant (dataset ``None``) and of its datasets (virtual ids), and who accepted them."""

    @abstractmethod
    async def all(self, tenant: str) -> tuple[Licence, ...]:
        """Those in force: the tenant's first, then by dataset."""

    @abstractmethod
    async def get(self, tenant: str, dataset: Urn | None) -> Licence | None:
        """The one in force for exactly this dataset, or for the tenant."""

    @abstractmethod
    async def put(self, licence: Licence, began_at: datetime | None = None) -> Licence:
        """Bring into force, or replace link and text; the edition on record stays, and is in what is returned.

        ``began_at``: since when acceptances of this text can be; ``None`` leaves what is on record.
        """

    @abstractmethod
    async def withdraw(self, tenant: str, dataset: Urn | None) -> bool:
        """Take out of force; ``False`` when none is. What was accepted stays on record."""

    @abstractmethod
    async def reset(self, tenant: str, dataset: Urn | None, began_at: datetime) -> Licence | None:
        """Begin the next edition, which nobody has accepted; ``None`` when no licence is in force."""

    @abstractmethod
    async def began_at(self, tenant: str, dataset: Urn | None) -> datetime | None:
        """When the text or the edition on record began; ``None`` when that is not known."""

    @abstractmethod
    async def accept(self, acceptance: LicenceAcceptance) -> bool:
        """Record an acceptance, once: the first one stays as it is. ``False`` when there was one."""

    @abstractmethod
    async def forget(self, tenant: str, email: str) -> int:
        """Delete everything that a user has accepted; returns how much that was."""

    @abstractmethod
    async def acceptances(self, tenant: str, email: str) -> tuple[LicenceAcceptance, ...]:
        """Everything that a user has accepted, the latest last."""

    @abstractmethod
    async def state(self, tenant: str, email: str, datasets: Collection[Urn]) -> LicenceState:
        """What decides for products of these datasets and this user."""

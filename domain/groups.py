"""Access groups: names under which rights are given to many users at once (contract-catalog section 2.1)."""

import re
from collections.abc import Collection

import attrs

from domain.access import ANONYMOUS_EMAIL, Caller
from domain.errors import InvalidValue

_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{2,31}")


def require_group_name(name: str) -> None:
    """Raise ``InvalidValue`` for what cannot name a group."""
    if not _NAME.fullmatch(name):
        raise InvalidValue(
            "The name of an access group has 3 to 32 letters, digits or '_', and does not start with a digit; "
            f"{name!r} has not."
        )


@attrs.frozen(kw_only=True)
class AccessGroup:
    """A group of one tenant.

    Everybody is in a public group, the anonymous user too. An internal group is made by the service or by another
    service, not by people, and is not shown to them.
    """

    tenant: str
    name: str
    is_public: bool = False
    is_internal: bool = False

    def __attrs_post_init__(self) -> None:
        require_group_name(self.name)


@attrs.frozen(kw_only=True)
class Memberships:
    """What the records say of the groups of one user: those they were put in, and those that are public."""

    own: frozenset[str] = frozenset()
    public: frozenset[str] = frozenset()

    @classmethod
    def of(cls, own: Collection[str], groups: Collection[AccessGroup]) -> "Memberships":
        """The memberships of a user among these groups; a group that is gone has no members."""
        names = frozenset(group.name for group in groups)
        return cls(own=names & frozenset(own), public=frozenset(group.name for group in groups if group.is_public))


def groups_of(caller: Caller, memberships: Memberships) -> frozenset[str]:
    """Every group that counts for a caller: on record, public, or stated by their token.

    The anonymous user is nobody's member: public groups only, whatever the records say.
    """
    if caller.email == ANONYMOUS_EMAIL:
        return memberships.public
    return memberships.public | memberships.own | caller.groups

"""Names of catalogued things: uniform resource names (contract-catalog section 3.1)."""

import re
from enum import StrEnum
from uuid import UUID

import attrs

from domain.errors import InvalidValue
from domain.text import is_storable

MAXIMUM_LENGTH = 255
MAXIMUM_FEATURE_LENGTH = 132
"""Characters of the whole text; less for the ident ``FEATURE``."""

HIGHEST_VERSION = 999

_PATTERN = re.compile(
    r"URN:(?P<ident>[^:]+):(?P<entity_type>[^:]+):(?P<tenant>[^:]+):(?P<uuid>[^:]+)"
    r":(?P<version>LAST|V[0-9]{1,3})(?:,(?P<order>[0-9]+))?(?::REV(?P<revision>.+))?",
    re.DOTALL,
)
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Ident(StrEnum):
    """Which model of archives the thing comes from."""

    SIP = "SIP"
    AIP = "AIP"
    DIP = "DIP"
    FEATURE = "FEATURE"


class EntityType(StrEnum):
    """What kind of thing is named."""

    DATA = "DATA"
    DATASET = "DATASET"
    COLLECTION = "COLLECTION"


@attrs.frozen(kw_only=True)
class Urn:
    """A parsed URN; ``str`` gives its one canonical text. ``version`` ``None`` is ``LAST``, whichever is newest."""

    ident: Ident
    entity_type: EntityType
    tenant: str
    uuid: UUID
    version: int | None
    order: int | None = None
    revision: str | None = None

    def __attrs_post_init__(self) -> None:
        if not is_storable(self.tenant) or ":" in self.tenant or not self.tenant.isprintable():
            raise InvalidValue("The tenant of a URN is a printable text without ':'.")
        if self.version is not None and not 1 <= self.version <= HIGHEST_VERSION:
            raise InvalidValue(f"The version of a URN is V1 to V{HIGHEST_VERSION}, or LAST.")
        if self.order is not None and self.order < 0:
            raise InvalidValue("The order of a URN is a number.")
        if self.revision is not None and not (is_storable(self.revision) and self.revision.isprintable()):
            raise InvalidValue("The revision of a URN is a printable text.")
        most = MAXIMUM_FEATURE_LENGTH if self.ident is Ident.FEATURE else MAXIMUM_LENGTH
        if len(str(self)) > most:
            raise InvalidValue(f"A URN of {self.ident.value} has at most {most} characters.")

    @classmethod
    def parse(cls, text: str) -> "Urn":
        """Read a URN. Raises ``InvalidValue`` that says which part is wrong."""
        # Before anything else, so that no endless text is looked at closely.
        if len(text) > MAXIMUM_LENGTH:
            raise InvalidValue(f"A URN has at most {MAXIMUM_LENGTH} characters.")
        match = _PATTERN.fullmatch(text)
        if match is None:
            raise InvalidValue(
                f"{text!r} is no URN; one looks like "
                "URN:AIP:DATA:tenant:00000000-0000-0000-0000-000000000000:V1, with LAST for the newest version."
            )
        if match["ident"] not in Ident.__members__:
            raise InvalidValue(f"{match['ident']!r} in a URN is none of {', '.join(Ident)}.")
        if match["entity_type"] not in EntityType.__members__:
            raise InvalidValue(f"{match['entity_type']!r} in a URN is none of {', '.join(EntityType)}.")
        if not _UUID.fullmatch(match["uuid"]):
            raise InvalidValue(f"{match['uuid']!r} in a URN is no UUID.")
        return cls(
            ident=Ident[match["ident"]],
            entity_type=EntityType[match["entity_type"]],
            tenant=match["tenant"],
            uuid=UUID(match["uuid"]),
            version=None if match["version"] == "LAST" else int(match["version"][1:]),
            order=None if match["order"] is None else int(match["order"]),
            revision=match["revision"],
        )

    def __str__(self) -> str:
        """The canonical text."""
        version = "LAST" if self.version is None else f"V{self.version}"
        order = "" if self.order is None else f",{self.order}"
        revision = "" if self.revision is None else f":REV{self.revision}"
        return f"URN:{self.ident}:{self.entity_type}:{self.tenant}:{self.uuid}:{version}{order}{revision}"

    @property
    def is_last(self) -> bool:
        """Whether this names no version, but whichever is newest."""
        return self.version is None

    @property
    def virtual_id(self) -> "Urn":
        """The name that all versions of one thing share."""
        return attrs.evolve(self, version=None, order=None, revision=None)

    @property
    def age(self) -> tuple[int, int, str]:
        """Sorts the versions of one thing from the oldest to the newest."""
        return (self.version or 0, -1 if self.order is None else self.order, self.revision or "")

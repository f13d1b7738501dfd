"""Licences: which text somebody must have accepted, and the proof that they have."""

import hashlib
import re
from collections.abc import Collection
from datetime import datetime

import attrs

from domain.access import ANONYMOUS_EMAIL, Caller, Role
from domain.errors import Forbidden, InvalidValue
from domain.text import is_storable
from domain.urn import EntityType, Urn

LONGEST_LINK = 2048

_LINK = re.compile(r"https?://[^\s/]+(/\S*)?", re.IGNORECASE)
_SHA256 = re.compile(r"[0-9a-f]{64}")


@attrs.frozen(kw_only=True)
class Licence:
    """What is to be accepted: for one dataset, or for everything of the tenant that has no licence of its own.

    ``text_sha256`` is that of the document behind the link, if it is known. ``edition`` counts the resets: an
    acceptance of an earlier edition counts no more, and stays on record as what it was.
    """

    tenant: str
    dataset: Urn | None = None
    link: str
    text_sha256: str | None = None
    edition: int = 0

    def __attrs_post_init__(self) -> None:
        if not is_storable(self.link) or len(self.link) > LONGEST_LINK or not _LINK.fullmatch(self.link):
            raise InvalidValue(f"A licence is named by an http or https URL of at most {LONGEST_LINK} characters.")
        if self.text_sha256 is not None and not _SHA256.fullmatch(self.text_sha256):
            raise InvalidValue("The hash of a licence's text is its SHA-256 in 64 lower-case hexadecimal digits.")
        dataset = self.dataset
        if dataset is not None and (dataset.entity_type is not EntityType.DATASET or dataset.tenant != self.tenant):
            raise InvalidValue(f"A licence is for a dataset of the same tenant; {dataset} is none.")
        if dataset is not None and not dataset.is_last:
            raise InvalidValue("A licence is for a dataset in all its versions: name it by its LAST form.")

    @property
    def text_id(self) -> str:
        """Which text it is: its hash, or that of the link when only the link is known. A change asks anew."""
        return self.text_sha256 or hashlib.sha256(self.link.encode()).hexdigest()


@attrs.frozen(kw_only=True)
class LicenceAcceptance:
    """Who accepted which text, for what, and when."""

    tenant: str
    dataset: Urn | None
    email: str
    text_id: str
    edition: int
    link: str
    accepted_at: datetime

    def is_of(self, licence: Licence) -> bool:
        """Whether this very text was accepted, for this dataset or tenant, since the last reset."""
        return (self.tenant, self.dataset, self.text_id, self.edition) == (
            licence.tenant,
            licence.dataset,
            licence.text_id,
            licence.edition,
        )


def accept(caller: Caller, licence: Licence, now: datetime) -> LicenceAcceptance:
    """The proof that a caller accepts a licence. Raises ``Forbidden`` for the anonymous user, who is nobody."""
    if caller.email == ANONYMOUS_EMAIL or caller.role is Role.PUBLIC:
        raise Forbidden("The anonymous user cannot accept a licence: log in first.")
    if caller.tenant != licence.tenant:
        raise Forbidden("The licence is another tenant's.")
    return LicenceAcceptance(
        tenant=licence.tenant,
        dataset=licence.dataset,
        email=caller.email,
        text_id=licence.text_id,
        edition=licence.edition,
        link=licence.link,
        accepted_at=now,
    )


def accept_elsewhere(licence: Licence, email: str, link: str, said_at: datetime) -> LicenceAcceptance:
    """The proof that a user has accepted a licence in another service, which names the text by its link.

    Raises ``InvalidValue`` for another text than the one in force, and for the anonymous user, who is nobody.
    """
    if email == ANONYMOUS_EMAIL:
        raise InvalidValue("The anonymous user cannot accept a licence.")
    if link != licence.link:
        raise InvalidValue(f"The acceptance is of {link!r}; the licence in force is {licence.link!r}.")
    return LicenceAcceptance(
        tenant=licence.tenant,
        dataset=licence.dataset,
        email=email,
        text_id=licence.text_id,
        edition=licence.edition,
        link=licence.link,
        accepted_at=said_at,
    )


def is_about_present_edition(said_at: datetime, began_at: datetime | None) -> bool:
    """Whether what was said then is about the edition that began then; in doubt everybody is rather asked again."""
    return began_at is None or said_at >= began_at


@attrs.frozen(kw_only=True)
class LicenceState:
    """What is known of licences when a caller asks for a file: those in force, and what the caller has accepted."""

    tenant_licence: Licence | None = None
    dataset_licences: tuple[Licence, ...] = ()
    acceptances: tuple[LicenceAcceptance, ...] = ()

    def missing(self, caller: Caller, datasets: Collection[Urn]) -> Licence | None:
        """The first licence that the caller has yet to accept for a product of these datasets; ``None`` when none is.

        Each dataset brings its own licence or else the tenant's, and all of them must be accepted. A product of no
        dataset is under the tenant's. INSTANCE_ADMIN is exempt; the anonymous user has never accepted anything.
        """
        if caller.role is Role.INSTANCE_ADMIN:
            return None
        own = {licence.dataset: licence for licence in self.dataset_licences if licence.dataset is not None}
        needed = [own.get(dataset, self.tenant_licence) for dataset in datasets] or [self.tenant_licence]
        return next((licence for licence in needed if licence is not None and not self._has(caller, licence)), None)

    def _has(self, caller: Caller, licence: Licence) -> bool:
        if caller.email == ANONYMOUS_EMAIL or caller.role is Role.PUBLIC:
            return False
        return any(found.email == caller.email and found.is_of(licence) for found in self.acceptances)

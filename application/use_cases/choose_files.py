"""The files of a product or a cart that a caller may have, to be listed for a download manager."""

from collections.abc import Sequence

import attrs

from application.use_cases.see_products import SeenProduct, SeeProducts
from domain.access import Caller
from domain.errors import InvalidValue, LicenceMissing, NotFound, TooMany
from domain.product import FileEntry
from domain.product_access import Allowed, Locked, ProductAccess
from domain.urn import Urn

MOST_FILES = 1000
"""Files in one cart."""


@attrs.frozen
class WantedFile:
    """One file of a cart; ``offset`` is how much of it is there already."""

    urn: Urn
    checksum: str
    offset: int = 0


@attrs.frozen
class ChosenFile:
    """A file that the caller may have, as its product describes it."""

    urn: Urn
    entry: FileEntry


@attrs.frozen
class ChooseFiles:
    """All files of a product that the caller may have, or exactly those of a cart.

    - Of a product the files are left out that the caller is not told of, or has no right to.
    - Of a cart nothing is left out: a file that the caller may not have refuses it as a whole.
    - A licence that is not accepted refuses both.
    """

    see_products: SeeProducts

    async def execute(self, caller: Caller, files: Sequence[WantedFile]) -> tuple[ChosenFile, ...]:
        """Each file once. Raises ``InvalidValue``, ``TooMany``, ``LicenceMissing``, ``DatabaseUnavailable``."""
        require_a_cart(files)
        seen = await self.see_products.execute(caller, [file.urn for file in files])
        chosen = []
        for file in dict.fromkeys(attrs.evolve(file, offset=0) for file in files):
            found = seen.get(file.urn)
            decision = None if found is None else found.decide(file.checksum)
            if found is not None:
                _require_licence(found, decision)
            if not isinstance(decision, Allowed):
                raise InvalidValue(f"You may not have {file.checksum!r} of {file.urn}: POST /downloads/plan says why.")
            chosen.append(ChosenFile(file.urn, decision.entry))
        return tuple(chosen)

    async def of_product(self, caller: Caller, urn: Urn) -> tuple[ChosenFile, ...]:
        """Raises ``NotFound``, ``LicenceMissing``, ``DatabaseUnavailable``."""
        found = (await self.see_products.execute(caller, [urn])).get(urn)
        if found is None:
            raise NotFound(f"There is no product {urn}.")
        chosen = []
        for entry in found.files:
            decision = found.decide(entry.checksum) if entry.checksum is not None else None
            _require_licence(found, decision)
            is_bare_reference = entry.checksum is None and (entry.is_public or found.has_data_right)
            if isinstance(decision, Allowed) or is_bare_reference:
                chosen.append(ChosenFile(urn, entry))
        return tuple(chosen)


def require_a_cart(files: Sequence[WantedFile]) -> None:
    """Raise ``InvalidValue`` for an empty cart and ``TooMany`` for one that is too large."""
    if not files:
        raise InvalidValue("files names at least one file.")
    if len(files) > MOST_FILES:
        raise TooMany(f"files names {len(files)} files; {MOST_FILES} are the most.")


def _require_licence(found: SeenProduct, decision: ProductAccess | None) -> None:
    if isinstance(decision, Locked):
        raise LicenceMissing(found.product.urn, decision.licence.link)

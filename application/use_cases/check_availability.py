"""Say which files can be read now."""

import attrs

from application.delivery.nearline import NearlineAnswers
from application.ports.clock import Clock
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.availability import CopyAvailability, is_ours, of_file, require_few, to_ask
from domain.text import is_storable


@attrs.frozen(kw_only=True)
class CheckAvailabilityRequest:
    """Which files of which tenant."""

    tenant: str
    checksums: tuple[str, ...]


@attrs.frozen
class FileAvailability:
    """What can be said of one file."""

    checksum: str
    availability: CopyAvailability


@attrs.frozen
class CheckAvailability:
    """Answer from the records where they suffice, and ask nearline storages about the rest.

    - Files that nobody knows, and those that only lie elsewhere on the web, have no answer.
    - Each storage is asked once, with no database held; one that fails spoils only its own files.
    """

    unit_of_work: UnitOfWorkFactory
    nearline: NearlineAnswers
    clock: Clock

    async def execute(self, request: CheckAvailabilityRequest) -> tuple[FileAvailability, ...]:
        """Each file once, in the order of the request.

        Raises ``InvalidValue`` for too many, ``DatabaseUnavailable``.
        """
        require_few(request.checksums)
        wanted = [checksum for checksum in dict.fromkeys(request.checksums) if is_storable(checksum)]
        async with self.unit_of_work() as work:
            known = await work.files.known(request.tenant, wanted) if wanted else {}
        ours = {checksum: known[checksum].copies for checksum in wanted if checksum in known}
        ours = {checksum: copies for checksum, copies in ours.items() if is_ours(copies)}
        now = self.clock.now()
        answers = await self.nearline.answers([copy for copies in ours.values() for copy in to_ask(copies, now)])
        now = self.clock.now()
        return tuple(FileAvailability(checksum, of_file(copies, answers, now)) for checksum, copies in ours.items())

"""Which nearline copies can be read now, as the instances say that reach their storages."""

from collections.abc import Mapping, Sequence

import attrs

from application.delivery.nearline import NearlineAnswers
from application.delivery.rota import Rota
from application.ports.downloaders import Downloader, DownloaderUnavailable
from domain.availability import MOST_CHECKSUMS, Answers, Availability, CopyAvailability
from domain.selection import Copy

_NOT_ASKED = CopyAvailability(state=Availability.ERROR, message="No downloader could be asked.")


@attrs.frozen
class RemoteNearline(NearlineAnswers):
    """Asks the next instance of the rota about whole files, as many at once as one question may name.

    Nothing is remembered: the instances remember what storages said, for all who ask.
    """

    downloader: Downloader
    rota: Rota

    async def answers(self, copies: Sequence[Copy]) -> Answers:
        """What is said of a file is said of each copy that was asked about: the best of them decides anyway."""
        wanted: dict[str, list[str]] = {}
        for copy in copies:
            checksums = wanted.setdefault(copy.location.tenant, [])
            if copy.location.checksum not in checksums:
                checksums.append(copy.location.checksum)
        said = {
            (tenant, checksum): availability
            for tenant, checksums in wanted.items()
            for start in range(0, len(checksums), MOST_CHECKSUMS)
            for checksum, availability in (await self._asked(tenant, checksums[start : start + MOST_CHECKSUMS])).items()
        }
        return lambda copy: said.get((copy.location.tenant, copy.location.checksum), _NOT_ASKED)

    async def _asked(self, tenant: str, checksums: Sequence[str]) -> Mapping[str, CopyAvailability]:
        for instance in self.rota.next():
            try:
                found = await self.downloader.availability(instance, tenant, checksums)
            except DownloaderUnavailable:
                self.rota.failed(instance)
                continue
            self.rota.answered(instance)
            return found
        return {}

"""The read of the hot path: look-ups that wait together share one query, on a thread and connection of their own."""

from collections.abc import Sequence

import attrs

from adapters.persistence.connection import WITHOUT, DedicatedConnection, Session, Statistics
from adapters.persistence.file_rows import FoundFiles
from adapters.persistence.grouping import Grouped
from application.ports.files import FileFinder, FoundFile


@attrs.frozen
class _Wanted:
    tenant: str
    checksum: str


class SqlFileFinder(FileFinder):
    """Finds files with their copies and storages. Close it with ``aclose``."""

    def __init__(self, url: str) -> None:
        """``url`` is SQLAlchemy's. Connects at the first call."""
        self._connection = DedicatedConnection(url, WITHOUT)
        self._found = FoundFiles(self._connection.dialect)
        self._reads: Grouped[_Wanted, FoundFile | None] = Grouped(
            "file-finder", self._read, close=self._connection.close
        )

    @property
    def statistics(self) -> Statistics:
        """What was asked of the database."""
        return self._connection.statistics

    async def find(self, tenant: str, checksum: str) -> FoundFile | None:
        """The file with its copies and their storages as committed now. Raises ``DatabaseUnavailable``."""
        return await self._reads.call(_Wanted(tenant, checksum))

    async def aclose(self) -> None:
        """Finish what waits and close the connection."""
        await self._reads.aclose()

    def _read(self, wanted: Sequence[_Wanted]) -> list[FoundFile | None]:
        keys = {(row.tenant, row.checksum) for row in wanted}

        def look_up(session: Session) -> dict[tuple[str, str], FoundFile]:
            return self._found.of(session, keys)

        found = self._connection.transaction(look_up)
        return [found.get((row.tenant, row.checksum)) for row in wanted]

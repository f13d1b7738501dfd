"""Relay a download: another instance charges, opens and sends the file, and this one passes it on."""

import attrs

from application.delivery.rota import Rota
from application.ports.downloaders import Downloader, DownloaderUnavailable, RemoteAnswer, WantedFile
from application.use_cases.download_answers import DownloadRequest
from domain.errors import NotFound, RestorationNeeded
from domain.file_name import renamed
from domain.rota import is_worth_asking_another

_NOT_US = frozenset({401, 403})
"""What an instance answers that does not believe who we are. A ticket that does not open anything is 403, too."""

_NOT_FOUND, _GONE = 404, 410


@attrs.frozen(kw_only=True)
class Relayed:
    """The answer of another instance, to be passed on as it is. Must end in ``answer.aclose``.

    ``first`` are the first bytes of its body, which have come already. ``rota.running`` counts what is passed on.
    """

    status: int
    fields: tuple[tuple[str, str], ...]
    first: bytes
    answer: RemoteAnswer
    rota: Rota


@attrs.frozen(kw_only=True)
class RelayDownload:
    """Ask the instances that deliver, one after the other, until one answers.

    - The caller's own account is charged, by the instance that sends: this one keeps nothing and opens no storage.
    - An instance that fails before its first byte is passed over for the next one; after that a cut is a cut.
    - Statuses and fields are passed on. The file has the name that the catalogue gave it.
    - What the front door has words of its own for is raised: ``NotFound``, ``RestorationNeeded``.

    Raises ``DownloaderUnavailable`` when none answers, or when none accepts our signature.
    """

    downloader: Downloader
    rota: Rota

    async def execute(self, request: DownloadRequest) -> Relayed:
        answer, first = await self._asked(_wanted(request))
        if request.ticket_token is None and answer.status in _NOT_US:
            await answer.aclose()
            raise DownloaderUnavailable("A downloader does not accept the signature of this instance.")
        if answer.status == _NOT_FOUND:
            await answer.aclose()
            raise NotFound(f"There is no readable file with checksum {request.checksum!r}.")
        if answer.status == _GONE:
            await answer.aclose()
            raise RestorationNeeded("This file is on a nearline storage and must be restored first.")
        fields = answer.fields
        if request.file_name is not None:
            fields = tuple(
                (name, renamed(value, request.file_name, is_inline=request.is_inline))
                if name == "content-disposition"
                else (name, value)
                for name, value in fields
            )
        return Relayed(status=answer.status, fields=fields, first=first, answer=answer, rota=self.rota)

    async def _asked(self, wanted: WantedFile) -> tuple[RemoteAnswer, bytes]:
        """The first answer that is not about the instance itself, else that of the last one; with its first bytes."""
        left = list(self.rota.next())
        while left:
            instance = left.pop(0)
            try:
                answer, first = await self._begun(instance, wanted)
            except DownloaderUnavailable:
                self.rota.failed(instance)
                continue
            self.rota.answered(instance)
            left = [other for other in left if other != instance]
            if not left or not is_worth_asking_another(answer.status):
                return answer, first
            await answer.aclose()
        raise DownloaderUnavailable("No downloader answers now.")

    async def _begun(self, instance: str, wanted: WantedFile) -> tuple[RemoteAnswer, bytes]:
        answer = await self.downloader.ask(instance, wanted)
        try:
            return answer, await answer.next_bytes()
        except BaseException:
            # Cancelled or failed: nobody else knows of this answer.
            await answer.aclose()
            raise


def _wanted(request: DownloadRequest) -> WantedFile:
    return WantedFile(
        account=request.account,
        checksum=request.checksum,
        conditions=request.conditions,
        is_head=request.is_head,
        is_inline=request.is_inline,
        client=request.client,
        accept=request.accept,
        ticket=request.ticket_token,
    )

"""From what is asked for, URNs, addresses and queries, to the files that are to come."""

import re
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import attrs

from domain.digest import can_compute
from domain.errors import InvalidValue
from domain.urn import EntityType, Urn
from entrypoints.client.folder import Digest
from entrypoints.client.service import Service

PAGE_SIZE = 100
_OF_PRODUCT = re.compile(r"/downloads/(?P<urn>[^/]+)/files/(?P<checksum>[^/]+)(?:/[^/]*)?$")
_OF_FILE = re.compile(r"/files/(?P<checksum>[^/]+)/download(?:/[^/]*)?$")
_WEB = ("http://", "https://")


@attrs.frozen(kw_only=True)
class Wanted:
    """A file that is to come. What is not known before is learnt from the answer."""

    url: str = attrs.field(repr=False)
    checksum: str | None = None
    digest: Digest | None = None
    name: str | None = None
    size: int | None = None
    urn: str | None = None
    is_online: bool = True

    @property
    def source(self) -> str:
        """The address without its query, where tickets are."""
        return urlunsplit((*urlsplit(self.url)[:3], "", ""))

    @property
    def identity(self) -> str:
        """The same for the same content, as far as one can know before it is here."""
        return self.checksum or self.source

    @property
    def key(self) -> tuple[str, str | None]:
        """The same for what is one file in the folder, wherever it comes from."""
        return self.identity, self.name

    @property
    def label(self) -> str:
        """What people know it by."""
        return self.name or self.checksum or self.source


class ListingIncomplete(Exception):
    """The service listed something that cannot be downloaded, or nothing where there should be something."""


@attrs.frozen
class Listing:
    """Asks a service which files there are; ``types`` are the data types that are wanted, all when empty.

    ``withheld`` has the products whose list of RAWDATA came empty: so a service lists what one may not have.
    """

    service: Service
    types: frozenset[str]
    withheld: set[str] = attrs.field(factory=set)

    async def files(self, arguments: tuple[str, ...], query: str | None) -> list[Wanted]:
        """The files, each once, those first that may have to be restored.

        Raises ``InvalidValue`` for an argument that is none, ``ListingIncomplete``, and what a refused request raises.
        """
        found: dict[tuple[str, str | None], Wanted] = {}
        for argument in arguments:
            async for wanted in self._of(argument):
                found.setdefault(wanted.key, wanted)
        if query is not None:
            async for product in self._search("/engines/legacy/dataobjects/search", q=query):
                for wanted in self._files_of(product):
                    found.setdefault(wanted.key, wanted)
        return sorted(found.values(), key=lambda wanted: wanted.is_online)

    async def _of(self, argument: str) -> AsyncIterator[Wanted]:
        if not argument.startswith("URN:"):
            yield self._of_address(argument)
            return
        urn = Urn.parse(argument)
        if urn.entity_type is EntityType.DATASET:
            async for product in self._search(
                f"/engines/legacy/datasets/{quote(argument, safe='')}/dataobjects/search"
            ):
                for wanted in self._files_of(product):
                    yield wanted
            return
        kind = "dataobjects" if urn.entity_type is EntityType.DATA else "collections"
        answer = await self.service.patiently("GET", f"/engines/legacy/{kind}/{quote(argument, safe='')}")
        files = list(self._files_of(answer.get("content")))
        if not files:
            raise ListingIncomplete(f"{argument} has no file{' of this type' if self.types else ''} for you.")
        for wanted in files:
            yield wanted

    def _of_address(self, argument: str) -> Wanted:
        url = self.service.root + argument if argument.startswith("/") else argument
        if not url.startswith(_WEB):
            raise InvalidValue(f"{argument!r} is no URN and no address; what is to be searched for follows --query.")
        path = urlsplit(url).path
        match = _OF_PRODUCT.search(path) or _OF_FILE.search(path)
        if match is None:
            return Wanted(url=url)
        urn = match.groupdict().get("urn")
        return Wanted(url=url, checksum=unquote(match["checksum"]), urn=None if urn is None else unquote(urn))

    async def _search(self, path: str, **query: str) -> AsyncIterator[object]:
        page, is_last = 0, False
        while not is_last:
            answer = await self.service.patiently("GET", path, page=str(page), size=str(PAGE_SIZE), **query)
            entries = answer.get("content")
            if not isinstance(entries, list):
                raise ListingIncomplete("The service answered the search with something that is no page of products.")
            for entry in entries:
                yield entry.get("content") if isinstance(entry, dict) else None
            page += 1
            is_last = not entries or _is_last(answer.get("metadata"), page, len(entries))

    def _files_of(self, product: object) -> Iterator[Wanted]:
        if not isinstance(product, dict) or not isinstance(product.get("id"), str):
            raise ListingIncomplete("The service listed something that is no product.")
        groups = product.get("files")
        for kind, files in groups.items() if isinstance(groups, dict) else ():
            if self.types and kind not in self.types:
                continue
            if files == []:
                self.withheld.add(product["id"])
            for file in files if isinstance(files, list) else ():
                if isinstance(file, dict):
                    yield self._file(product["id"], file)

    def _file(self, urn: str, file: dict[str, Any]) -> Wanted:
        checksum, uri, name = (_text(file.get(key)) for key in ("checksum", "uri", "filename"))
        algorithm, size = _text(file.get("digestAlgorithm")), file.get("filesize")
        is_reference = file.get("reference") is True
        if checksum is None or is_reference:
            if uri is None or not uri.startswith(_WEB):
                raise ListingIncomplete(f"{name or 'A file'} of {urn} is not on a web server: {uri}")
            url = uri
        else:
            url = self.service.file_url(urn, checksum)
        return Wanted(
            url=url,
            checksum=checksum,
            digest=Digest(algorithm, checksum) if algorithm and checksum and can_compute(algorithm) else None,
            name=name,
            size=size if isinstance(size, int) else None,
            urn=None if is_reference else urn,
            is_online=is_reference or file.get("online") is not False,
        )


def _is_last(metadata: object, pages: int, found: int) -> bool:
    """Whether so many pages are all. A full page is followed by another look: totals may be estimates."""
    told = metadata if isinstance(metadata, dict) else {}
    total, size = told.get("totalPages"), told.get("size")
    is_full = found >= (size if isinstance(size, int) else PAGE_SIZE)
    return not is_full and (not isinstance(total, int) or pages >= total)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None

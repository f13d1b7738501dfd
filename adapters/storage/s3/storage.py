"""The S3 storage: objects of one bucket, read by range and pinned to the version that was seen (contract 8.3)."""

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any, ClassVar

import attrs

from adapters.storage.http_hosts import AllowedHosts
from adapters.storage.plugin import PluginEnvironment, StoragePlugin
from adapters.storage.s3.client import Bucket
from adapters.storage.s3.head import ObjectHead, certain_digests, version_id_of
from adapters.storage.s3.parameters import S3Parameters
from adapters.storage.s3.source import ObjectSource, Patience
from adapters.storage.s3.urls import ObjectName, ObjectUrls, server_of
from adapters.storage.zip_member import open_member
from application.errors import CopyChanged, CopyMissing, LocationRefused
from application.ports.storage import (
    ByteSource,
    CopyStatus,
    DigestingStorage,
    ListedObject,
    ListingStorage,
    SigningStorage,
    Storage,
)
from domain.file import FileLocation
from domain.file_name import content_disposition
from domain.storage_location import StorageType


@attrs.define(eq=False)
class S3Storage(Storage, ListingStorage, SigningStorage, DigestingStorage):
    """Reads objects of one bucket under one root, and members of the archives among them."""

    parameters: S3Parameters
    bucket: Bucket
    patience: Patience = attrs.field(factory=Patience)

    @classmethod
    def of(cls, parameters: S3Parameters, hosts: AllowedHosts | None = None) -> "S3Storage":
        """A storage with a client of its own."""
        return cls(parameters, Bucket(parameters, hosts))

    @property
    def urls(self) -> ObjectUrls:
        """How its objects are named."""
        own = self.parameters
        return ObjectUrls(endpoint=own.endpoint, bucket=own.bucket, root=own.root)

    def validate_url(self, url: str) -> None:
        self.urls.names_of(url)

    async def probe(self) -> None:
        # Not HEAD: its answer has no body that says what is wrong.
        await self.bucket.call("list_objects_v2", Prefix=self.urls.key_prefix(""), MaxKeys=1)

    async def check(self, url: str) -> CopyStatus:
        name, answer = await self._found(url)
        if name.member is None:
            head = ObjectHead.of(answer)
            return CopyStatus(size_bytes=head.size_bytes, version=head.version)
        member = await open_member(self._source(name.key, ObjectHead.of(answer)), name.member, None)
        try:
            return member.status
        finally:
            await member.aclose()

    async def open(self, location: FileLocation, size_bytes: int) -> ByteSource:
        name, answer = await self._to_read(location)
        source: ByteSource = self._source(name.key, ObjectHead.of(answer))
        if name.member is not None:
            source = await open_member(source, name.member, size_bytes)
        if source.status.size_bytes != size_bytes or location.version not in {None, source.status.version}:
            await source.aclose()
            raise CopyChanged("The object is not the one that was registered.")
        return source

    async def list(self, prefix: str) -> AsyncIterator[ListedObject]:
        async for page in self.bucket.pages(self.urls.key_prefix(prefix)):
            for item in page:
                head = ObjectHead(size_bytes=int(item["Size"]), e_tag=str(item.get("ETag", "")))
                yield ListedObject(
                    url=self.urls.url_of(ObjectName(item["Key"])), size_bytes=head.size_bytes, version=head.version
                )

    async def digests(self, url: str) -> Mapping[str, str]:
        name, answer = await self._found(url, ChecksumMode="ENABLED")
        return {} if name.member is not None else certain_digests(answer)

    async def sign(
        self, location: FileLocation, *, lifetime: timedelta, file_name: str, media_type: str, is_inline: bool
    ) -> str:
        name, answer = await self._to_read(location)
        if name.member is not None:
            raise LocationRefused("A member of an archive cannot be fetched from the S3 server.")
        head = ObjectHead.of(answer)
        if location.version not in {None, head.version}:
            raise CopyChanged("The object is not the one that was registered.")
        arguments = {
            "Key": name.key,
            "ResponseContentDisposition": content_disposition(file_name, is_inline=is_inline),
            "ResponseContentType": media_type,
            **({"VersionId": head.version_id} if head.version_id else {}),
        }
        return await self.bucket.signed_url(int(lifetime.total_seconds()), arguments)

    async def aclose(self) -> None:
        """Close the client."""
        await self.bucket.aclose()

    def _source(self, key: str, head: ObjectHead) -> ObjectSource:
        return ObjectSource.of(self.bucket, key, head, self.patience)

    async def _to_read(self, location: FileLocation) -> tuple[ObjectName, Mapping[str, Any]]:
        """The object that the record names, in the version that it names, and the answer to HEAD."""
        return await self._found(location.url, **version_id_of(location.version))

    async def _found(self, url: str, **arguments: object) -> tuple[ObjectName, Mapping[str, Any]]:
        """The object of the URL, and the answer to HEAD."""
        *firsts, last = self.urls.names_of(url)
        for name in firsts:
            try:
                return name, await self.bucket.call("head_object", Key=name.key, **arguments)
            except CopyMissing:
                continue
        return last, await self.bucket.call("head_object", Key=last.key, **arguments)


def hosts_for(parameters: S3Parameters, allowed: tuple[str, ...]) -> AllowedHosts | None:
    """The operator's list, where it has the endpoint: then an administrator of a tenant may have placed the storage.

    Elsewhere only the command line places any, and the operator may name a server of the house. Raises ``InvalidValue``
    when the list cannot be read.
    """
    hosts = AllowedHosts.of(allowed)
    return hosts if hosts.may_ask(*server_of(parameters.endpoint)) else None


@attrs.frozen
class S3Plugin(StoragePlugin):
    """Upstream's ``S3`` plugin, reading only."""

    plugin_id: ClassVar[str] = "S3"
    version: ClassVar[str] = "1.0.0"
    description: ClassVar[str] = "Objects in a bucket of a server that speaks S3."
    storage_type: ClassVar[StorageType] = StorageType.ONLINE
    parameters: ClassVar[type] = S3Parameters

    @classmethod
    def build(cls, parameters: S3Parameters, environment: PluginEnvironment) -> Storage:
        return S3Storage.of(parameters, hosts_for(parameters, environment.allowed_hosts))

    @classmethod
    def servers(cls, parameters: S3Parameters) -> tuple[tuple[str, int], ...]:
        """The endpoint; what only clients are sent to is not asked from here."""
        return (server_of(parameters.endpoint),)

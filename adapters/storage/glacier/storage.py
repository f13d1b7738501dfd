"""The S3Glacier storage: objects that sleep until they are restored, alone or as members of archives (contract 8.3)."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import attrs

from adapters.storage.glacier.parameters import GlacierParameters
from adapters.storage.glacier.questions import ask_all, code_behind
from adapters.storage.glacier.restore_state import ReadableClasses, days_for, lasts, server_time
from adapters.storage.glacier.workspace import PendingSource, Workspace
from adapters.storage.plugin import PluginEnvironment, StoragePlugin
from adapters.storage.s3.client import Bucket
from adapters.storage.s3.storage import S3Storage, hosts_for
from adapters.storage.s3.urls import ObjectName, server_of
from application.errors import CopyChanged, CopyNotRestored, LocationRefused, StorageUnavailable
from application.ports.storage import ByteSource, CopyStatus, NearlineStorage, Storage
from domain.availability import Availability, CopyAvailability
from domain.file import FileLocation
from domain.storage_location import StorageType

_IN_PROGRESS = "RestoreAlreadyInProgress"
_NEVER_SLEEPS = frozenset({"ObjectAlreadyInActiveTierError", "InvalidObjectState"})
"""What the server says to the restoration of an object of a class that it has no restoration for."""

_AVAILABLE = CopyAvailability(state=Availability.AVAILABLE)


@attrs.define(eq=False)
class GlacierStorage(S3Storage, NearlineStorage):
    """Reads what is restored, asks for what sleeps, and finds small files that are on their way in a workspace.

    A member of an archive is as available as the archive, which is restored once for all its members.
    """

    glacier: GlacierParameters = attrs.field(kw_only=True)
    workspace: Workspace | None = attrs.field(default=None, kw_only=True)

    @classmethod
    def with_workspace(cls, parameters: GlacierParameters, environment: PluginEnvironment) -> Self:
        """A storage with a client of its own."""
        workspace = None
        if parameters.workspace:
            workspace = Workspace(
                folder=parameters.workspace,
                tenant=environment.tenant,
                key_root=parameters.root,
                fence=environment.fence,
            )
        bucket = Bucket(parameters, hosts_for(parameters, environment.allowed_hosts))
        return cls(parameters, bucket, glacier=parameters, workspace=workspace)

    @property
    def keeps_readable(self) -> bool:
        return self.glacier.external_cache

    async def check(self, url: str) -> CopyStatus:
        pending = await self._pending(url)
        if pending is None:
            return await super().check(url)
        await pending.aclose()
        return pending.status

    async def open(self, location: FileLocation, size_bytes: int) -> ByteSource:
        pending = await self._pending(location.url)
        if pending is None:
            return await super().open(location, size_bytes)
        if pending.status.size_bytes != size_bytes:
            await pending.aclose()
            raise CopyChanged("The file in the workspace is not the one that was registered.")
        return pending

    async def availability(self, urls: Sequence[str]) -> Mapping[str, CopyAvailability]:
        known = dict(zip(urls, await asyncio.gather(*(self._without_server(url) for url in urls)), strict=True))
        # The members of an archive are one question.
        objects = {url: tuple(name.key for name in self.urls.names_of(url)) for url in urls if known[url] is None}
        one_of = {keys: url for url, keys in objects.items()}
        said = await ask_all(
            one_of,
            lambda keys: self._said_by_server(one_of[keys]),
            at_once=self.glacier.parallel_questions,
            seconds=self.glacier.availability_timeout,
        )
        return {url: answer or said[objects[url]] for url, answer in known.items()}

    async def restore(self, url: str, *, hours: int) -> None:
        pending = await self._pending(url)
        if pending is not None:
            await pending.aclose()
            return
        name, answer = await self._found(url)
        now = self._classes.availability(answer)
        if now.state is Availability.RESTORING or lasts(now, hours, server_time(answer)):
            return
        request: dict[str, object] = {"Days": days_for(hours)}
        if now.state is not Availability.AVAILABLE:
            # To keep a restored object for longer takes no retrieval, and so has no tier.
            request["GlacierJobParameters"] = {"Tier": self.glacier.tier}
        try:
            await self.bucket.call("restore_object", Key=name.key, RestoreRequest=request)
        except StorageUnavailable as error:
            code = code_behind(error)
            if code in _NEVER_SLEEPS:
                raise StorageUnavailable(
                    f"The S3 server restores no objects of the class {answer.get('StorageClass')!r}. "
                    "If they can be read at once, name the class in standardStorageClassName."
                ) from error
            if code != _IN_PROGRESS:
                raise

    @property
    def _classes(self) -> ReadableClasses:
        return ReadableClasses(self.glacier.standard_class)

    async def _pending(self, url: str) -> PendingSource | None:
        """The small file of this URL, if it is still on its way. Raises ``LocationRefused``, ``StorageUnavailable``."""
        if self.workspace is None:
            return None
        for name in self.urls.names_of(url):
            if source := await self.workspace.open(name):
                return source
        return None

    async def _without_server(self, url: str) -> CopyAvailability | None:
        """The answer to what is none of our objects, or is in the workspace; else ``None``."""
        try:
            self.urls.names_of(url)
            pending = await self._pending(url)
        except (LocationRefused, StorageUnavailable) as error:
            return CopyAvailability(state=Availability.ERROR, message=str(error))
        if pending is None:
            return None
        await pending.aclose()
        return _AVAILABLE

    async def _said_by_server(self, url: str) -> CopyAvailability:
        _, answer = await self._found(url)
        return self._classes.availability(answer)

    async def _to_read(self, location: FileLocation) -> tuple[ObjectName, Mapping[str, Any]]:
        name, answer = await super()._to_read(location)
        if self._classes.availability(answer).state is not Availability.AVAILABLE:
            raise CopyNotRestored("The object must be restored before it can be read.")
        return name, answer


@attrs.frozen
class GlacierPlugin(StoragePlugin):
    """Upstream's ``S3Glacier`` plugin, reading and restoring only."""

    plugin_id: ClassVar[str] = "S3Glacier"
    version: ClassVar[str] = "1.0.0"
    description: ClassVar[str] = "Objects in a bucket that must be restored before they can be read."
    storage_type: ClassVar[StorageType] = StorageType.NEARLINE
    parameters: ClassVar[type] = GlacierParameters

    @classmethod
    def build(cls, parameters: GlacierParameters, environment: PluginEnvironment) -> Storage:
        return GlacierStorage.with_workspace(parameters, environment)

    @classmethod
    def local_folders(cls, parameters: GlacierParameters) -> tuple[str, ...]:
        return (parameters.workspace,) if parameters.workspace else ()

    @classmethod
    def servers(cls, parameters: GlacierParameters) -> tuple[tuple[str, int], ...]:
        """The endpoint."""
        return (server_of(parameters.endpoint),)

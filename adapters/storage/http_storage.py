"""The HTTP storage: files registered by foreign URL, read where the operator allows the host."""

from typing import ClassVar

import attrs

from adapters.storage.http_client import Behaviour, Client
from adapters.storage.http_hosts import AllowedHosts
from adapters.storage.http_source import HTTPSource, look
from adapters.storage.http_urls import HTTPUrl, ReadableUrls, parsed
from adapters.storage.plugin import PluginEnvironment, StoragePlugin, parameter
from adapters.storage.sharing import Sharing
from application.errors import CopyChanged, LocationRefused, StorageUnavailable
from application.ports.storage import ByteSource, CopyStatus, Storage
from domain.errors import InvalidValue
from domain.file import FileLocation
from domain.storage_location import StorageType


def _token(_instance: object, _attribute: "attrs.Attribute[str]", value: str) -> None:
    if any(not 0x21 <= ord(character) <= 0x7E for character in value):
        raise InvalidValue("HTTP_Bearer_Token holds characters that no token has.")


@attrs.frozen(kw_only=True)
class HTTPParameters:
    """What an HTTP storage is configured with; which hosts there are is the operator's word alone."""

    base_url: str = parameter(
        "HTTP_Base_URL", "STRING", "Only URLs below this one are read; empty is any of the allowed hosts.", default=""
    )
    bearer_token: str = parameter(
        "HTTP_Bearer_Token",
        "STRING",
        "Sent as Authorization to the host of HTTP_Base_URL, and to no other.",
        default="",
        secret=True,
        validator=_token,
    )
    connect_timeout: float = parameter(
        "HTTP_Connect_Timeout", "DOUBLE", "Longest wait for a connection.", unit="seconds", default=3.0, minimum=0.001
    )
    read_timeout: float = parameter(
        "HTTP_Read_Timeout", "DOUBLE", "Longest wait for the next byte.", unit="seconds", default=20.0, minimum=0.001
    )
    most_redirects: int = parameter(
        "HTTP_Max_Redirects", "INTEGER", "How many redirects are followed.", default=5, minimum=0, maximum=20
    )
    connections: int = parameter(
        "HTTP_Max_Connections",
        "INTEGER",
        "Connections at once, one for each download that runs.",
        default=1000,
        minimum=1,
    )

    def __attrs_post_init__(self) -> None:
        if self.bearer_token and not self.base_url:
            raise InvalidValue("HTTP_Bearer_Token needs HTTP_Base_URL: it is sent to that host only.")
        self.base()

    def base(self) -> HTTPUrl | None:
        """The base URL in its parts. Raises ``InvalidValue``."""
        if not self.base_url:
            return None
        try:
            found = parsed(self.base_url)
        except LocationRefused as error:
            raise InvalidValue(f"HTTP_Base_URL: {error}") from error
        if found.target != found.path:
            raise InvalidValue("HTTP_Base_URL has no query.")
        return found


@attrs.define(eq=False)
class HTTPStorage(Storage):
    """Reads files of foreign servers; everything that the operator has not allowed is not served by us."""

    urls: ReadableUrls
    behaviour: Behaviour
    _client: Client = attrs.field(init=False)
    _sharing: Sharing = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._client = Client(self.urls, self.behaviour)
        self._sharing = Sharing(self._client.aclose)

    @classmethod
    def of(cls, parameters: HTTPParameters, allowed_hosts: tuple[str, ...]) -> "HTTPStorage":
        """Raises ``InvalidValue`` when the operator's list cannot be read."""
        return cls(
            ReadableUrls(hosts=AllowedHosts.of(allowed_hosts), base=parameters.base()),
            Behaviour(
                bearer_token=parameters.bearer_token,
                connect_seconds=parameters.connect_timeout,
                read_seconds=parameters.read_timeout,
                most_redirects=parameters.most_redirects,
                connections=parameters.connections,
            ),
        )

    def validate_url(self, url: str) -> None:
        self.urls.require(url)

    async def probe(self) -> None:
        """With a base URL its server must answer; else there must be hosts that may be asked."""
        if self.urls.hosts.is_empty:
            raise StorageUnavailable("The operator has allowed no hosts (RS_DOWNLOADER_HTTP_HOSTS).")
        if self.urls.base is None:
            return
        try:
            url = self.urls.require(str(self.urls.base).rstrip("/") + "/")
            is_well = await self._client.is_answered(url)
        except LocationRefused as error:
            raise StorageUnavailable(f"The base URL cannot be read: {error}") from error
        if not is_well:
            raise StorageUnavailable("The server answers that it is in trouble.")

    async def check(self, url: str) -> CopyStatus:
        found = self.urls.require(url)
        self._sharing.enter()
        try:
            answer, seen = await look(self._client, found, "0-0")
            await answer.aclose()
        finally:
            await self._sharing.leave()
        return seen.status

    async def open(self, location: FileLocation, size_bytes: int) -> ByteSource:
        found = self.urls.require(location.url)
        self._sharing.enter()
        try:
            source = await HTTPSource.opened(self._client, found, self._sharing)
        except BaseException:
            await self._sharing.leave()
            raise
        if source.status.size_bytes != size_bytes or location.version not in {None, source.status.version}:
            await source.aclose()
            raise CopyChanged("The file on the server is not the one that was registered.")
        return source

    async def aclose(self) -> None:
        await self._sharing.retire()


@attrs.frozen
class HTTPPlugin(StoragePlugin):
    """References to files of other archives."""

    plugin_id: ClassVar[str] = "HTTP"
    version: ClassVar[str] = "1.0.0"
    description: ClassVar[str] = "Files of other servers, by URL, as far as the operator allows their hosts."
    storage_type: ClassVar[StorageType] = StorageType.ONLINE
    parameters: ClassVar[type] = HTTPParameters

    @classmethod
    def build(cls, parameters: HTTPParameters, environment: PluginEnvironment) -> Storage:
        return HTTPStorage.of(parameters, environment.allowed_hosts)

    @classmethod
    def servers(cls, parameters: HTTPParameters) -> tuple[tuple[str, int], ...]:
        """None beforehand: each request is held to the operator's list, redirects included."""
        del parameters
        return ()

"""Settings of a process: read once from the environment and an optional TOML file.

The only reader of ``os.environ``.
"""

import math
import os
from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Self

import attrs

from adapters.http.client_addresses import ClientAddresses
from domain.errors import InvalidValue
from domain.profile import Profile, profiles_of, relays
from domain.scrub import ScrubPolicy
from entrypoints.settings.addresses import base_urls
from entrypoints.settings.downloads import DownloadSettings
from entrypoints.settings.messages import MessageSettings
from entrypoints.settings.reading import SettingsInvalid, read
from entrypoints.settings.server import ServerSettings
from entrypoints.settings.storages import StorageSettings
from entrypoints.settings.variables import PREFIX


@attrs.frozen(kw_only=True)
class Settings(StorageSettings, DownloadSettings, MessageSettings, ServerSettings):
    """Every setting, with a default that makes a laptop work. Names are those of the environment, without prefix."""

    @classmethod
    def from_environ(
        cls,
        environ: Mapping[str, str] | None = None,
        *,
        overrides: Mapping[str, object] | None = None,
        also_known: Collection[str] = (),
    ) -> Self:
        """Read the settings: overrides (the command line) beat the environment, which beats the file, then defaults.

        ``environ`` ``None`` is the environment of this process. ``also_known`` are variables of our prefix that mean
        something to somebody else. Raises ``SettingsInvalid``.
        """
        environ = os.environ if environ is None else environ
        settings = read(cls, environ, overrides or {}, also_known)
        if problems := list(settings.problems()):
            raise SettingsInvalid(" ".join(problems))
        return settings

    def problems(self) -> Iterator[str]:
        """What is wrong with the values, one sentence each."""
        for field in attrs.fields(type(self)):
            value, minimum, choices = (
                getattr(self, field.name),
                field.metadata["minimum"],
                field.metadata["choices"],
            )
            if isinstance(value, float) and not math.isfinite(value):
                yield f"{PREFIX}{field.name.upper()} must be a finite number, but is {value}."
            if minimum is not None and not value >= minimum:
                yield f"{PREFIX}{field.name.upper()} must be at least {minimum}, but is {value}."
            if choices and value not in choices:
                yield f"{PREFIX}{field.name.upper()} is one of {', '.join(choices)}, not {value!r}."
        for name in ("port", "management_port"):
            if getattr(self, name) > 65535:
                yield f"{PREFIX}{name.upper()} must be at most 65535, but is {getattr(self, name)}."
        yield from self._problems_of_profiles()
        for folder in self.tenant_roots:
            if not Path(folder).is_absolute():
                yield f"{PREFIX}LOCAL_ROOTS has absolute folders, but {folder!r} is not."
        if self.renew_seconds * 3 > self.lease_seconds:
            yield (
                f"{PREFIX}RENEW_SECONDS ({self.renew_seconds}) must be at most a third of "
                f"{PREFIX}LEASE_SECONDS ({self.lease_seconds}), so that one lost renewal ends no transfer."
            )

    def _problems_of_profiles(self) -> Iterator[str]:
        try:
            found = self.active_profiles
        except InvalidValue as error:
            yield f"{PREFIX}PROFILES: {error}"
            return
        try:
            instances = self.downloader_urls
        except ValueError as error:
            yield f"{PREFIX}DOWNLOADERS: {error}"
            return
        try:
            ClientAddresses.behind(self.proxy_networks)
        except InvalidValue as error:
            yield f"{PREFIX}TRUSTED_PROXIES: {error}"
        if relays(found) and not instances:
            yield f"{PREFIX}DOWNLOADERS must name the instances that deliver, since {PREFIX}PROFILES has no downloader."

    @property
    def active_profiles(self) -> frozenset[Profile]:
        """What this process is there for. Raises ``InvalidValue``."""
        return profiles_of(name.strip() for name in self.profiles.split(",") if name.strip())

    @property
    def proxy_networks(self) -> tuple[str, ...]:
        """Where the proxies are that say which address a client has."""
        return tuple(network.strip() for network in self.trusted_proxies.split(",") if network.strip())

    @property
    def downloader_urls(self) -> tuple[str, ...]:
        """Who delivers in place of this process. Raises ``ValueError``."""
        return base_urls(self.downloaders)

    @property
    def resolved_database_url(self) -> str:
        """The database URL, with the default filled in."""
        configured = str(self.database_url)
        return configured or f"sqlite+aiosqlite:///{self.data_dir / 'rs-downloader.db'}"

    @property
    def broker_url(self) -> str:
        """The broker's URL; empty without a broker."""
        return str(self.amqp_url)

    @property
    def redirect_lifetime(self) -> timedelta:
        """How long a URL that a client is redirected to can be fetched."""
        return timedelta(seconds=self.redirect_seconds)

    @property
    def lease(self) -> timedelta:
        """How long a lease lasts."""
        return timedelta(seconds=self.lease_seconds)

    @property
    def token_lifetime(self) -> timedelta:
        """How long a session lasts."""
        return timedelta(seconds=self.token_lifetime_seconds)

    @property
    def oauth_client_credentials(self) -> str:
        """Name and secret of the client; empty when none is asked for."""
        return str(self.oauth_client)

    @property
    def instance_dead_after(self) -> timedelta:
        """How long an instance may be silent: until each of its transfers has been settled by its lease, and more."""
        return 2 * self.lease

    @property
    def ticket_resume_cap(self) -> timedelta:
        """Longest time after its ticket's expiry that a started download can be resumed."""
        return timedelta(seconds=self.ticket_resume_cap_seconds)

    @property
    def scrub_policy(self) -> ScrubPolicy:
        """How copies are read again."""
        return ScrubPolicy(bytes_per_second=self.scrub_bytes_per_second, age=timedelta(days=self.scrub_age_days))

    @property
    def tenant_roots(self) -> tuple[str, ...]:
        """Where tenants may place Local storages."""
        return tuple(folder for folder in self.local_roots.split(os.pathsep) if folder)

    @property
    def allowed_hosts(self) -> tuple[str, ...]:
        """Where HTTP storages may read."""
        return tuple(host.strip() for host in self.http_hosts.split(",") if host.strip())

    @property
    def private_places(self) -> tuple[str, ...]:
        """What no storage may read: the data folder, the database file wherever it is, and the internal cache."""
        scheme, _, path = self.resolved_database_url.partition(":///")
        database = (path.partition("?")[0],) if scheme.startswith("sqlite") else ()
        return (str(self.data_dir), *database, str(self.cache_folder))

    @property
    def cache_folder(self) -> Path:
        """Where restored files lie: only the cache itself reads there."""
        return (Path(self.cache_dir) if self.cache_dir else self.data_dir / "cache").absolute()

    @property
    def restoration_interval(self) -> timedelta:
        """How long a storage is left alone between two looks at a restoration."""
        return timedelta(seconds=self.restoration_seconds)

    @property
    def restoration_patience(self) -> timedelta:
        """How long a storage may take at least."""
        return timedelta(hours=self.restoration_patience_hours)

    @property
    def demo_folder(self) -> Path:
        """Where the files of the demo are: the one part of the data folder that a storage may read."""
        return self.data_dir / "demo"

    @property
    def sealing_keys(self) -> str:
        """The operator's keys for secrets of storages, newest first; empty for those in the file."""
        return str(self.secret_keys)

    @property
    def secret_key_file(self) -> Path:
        """Where the generated key for secrets of storages is kept."""
        return self.data_dir / "secrets.key"

    @property
    def jwt_key_file(self) -> Path:
        """Where the generated signing key is kept."""
        return self.data_dir / "jwt.key"

"""Settings of a process: read once from the environment and an optional TOML file.

The only reader of ``os.environ``.
"""

import difflib
import math
import os
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import attrs
import typed_settings
from typed_settings.exceptions import (
    ConfigFileLoadError,
    InvalidOptionsError,
    InvalidSettingsError,
    UnknownFormatError,
)
from typed_settings.types import LoadedSettings, LoaderMeta, OptionList, SecretStr

PREFIX = "RS_DOWNLOADER_"
CONFIG_VARIABLE = f"{PREFIX}CONFIG"
TEST_PREFIX = f"{PREFIX}TEST_"
"""Variables of the test suite; they are never settings."""

_SERVICE_LINK = re.compile(rf"{PREFIX}(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT_\d+_(TCP|UDP)(_.*)?)")
"""What Kubernetes adds to the environment of a pod when a service is called rs-downloader."""

LOG_LEVELS = ("debug", "info", "warning", "error")
LOG_FORMATS = ("auto", "console", "json")


class SettingsInvalid(ValueError):
    """A setting cannot be used; the message names its environment variable and what it takes."""


def _about(
    meaning: str, *, minimum: float | None = None, choices: tuple[str, ...] = (), shown: str = ""
) -> dict[str, object]:
    """What is known of a setting; ``shown`` describes a default that is worked out later."""
    return {"meaning": meaning, "minimum": minimum, "choices": choices, "shown": shown}


@attrs.frozen(kw_only=True)
class Settings:
    """Every setting, with a default that makes a laptop work. Names are those of the environment, without prefix."""

    data_dir: Path = attrs.field(
        default=Path(".data"), metadata=_about("Folder of the database file, the signing key and the demo's files.")
    )
    database_url: SecretStr = attrs.field(
        default=SecretStr(""),
        metadata=_about("Database to use, as an SQLAlchemy URL.", shown="the file rs-downloader.db in the data folder"),
    )
    host: str = attrs.field(
        default="127.0.0.1", metadata=_about("Address that the server listens on; 0.0.0.0 is every interface.")
    )
    port: int = attrs.field(
        default=9053, metadata=_about("TCP port that the server listens on; 0 takes a free one.", minimum=0)
    )
    management_port: int = attrs.field(
        default=0,
        metadata=_about(
            "TCP port only for /health and /metrics, which the main port has too; 0 is none.",
            minimum=0,
        ),
    )
    max_requests: int = attrs.field(
        default=1000,
        metadata=_about(
            "Requests in progress, running transfers not counted; what is more is answered with 503 at once.", minimum=1
        ),
    )
    max_transfers: int = attrs.field(
        default=2000,
        metadata=_about("Transfers that run at once; further downloads are answered with 503 at once.", minimum=1),
    )
    jwt_secret: SecretStr = attrs.field(
        default=SecretStr(""),
        metadata=_about(
            "Shared key that signs and verifies tokens (HS256, HS384, HS512), at least 64 bytes.",
            shown="generated on first start, in the file jwt.key of the data folder (mode 0600)",
        ),
    )
    local_roots: str = attrs.field(
        default="",
        metadata=_about(
            "Folders, separated by ':', in which administrators of tenants may place Local storages over HTTP; "
            "{tenant} stands for the tenant's name.",
            shown="none: only the command line places them",
        ),
    )
    token_lifetime_seconds: int = attrs.field(
        default=3600, metadata=_about("How long tokens that are issued here are valid.", minimum=1)
    )
    amqp_url: SecretStr = attrs.field(
        default=SecretStr(""),
        metadata=_about(
            "RabbitMQ broker, as amqp://user:password@host:5672.", shown="no broker: nobody is told, events wait"
        ),
    )
    amqp_tenant_vhost: str = attrs.field(
        default="regards.multitenant.manager",
        metadata=_about("Virtual host of the messages of all tenants; empty is the one in the broker's URL."),
    )
    amqp_instance_vhost: str = attrs.field(
        default="regards.instance.manager",
        metadata=_about("Virtual host of the messages about tenants; empty is the one in the broker's URL."),
    )
    amqp_prefix: str = attrs.field(
        default="",
        metadata=_about(
            "Prefix of every exchange and queue, for installations that share a virtual host.", shown="none"
        ),
    )
    relay_seconds: float = attrs.field(
        default=1.0, metadata=_about("How often a worker publishes the events that wait.", minimum=0.1)
    )
    report_seconds: float = attrs.field(
        default=30.0,
        metadata=_about("How often others are told of used quotas, and users of refused downloads.", minimum=0.1),
    )
    lease_seconds: float = attrs.field(
        default=30.0,
        metadata=_about("How long a transfer stays reserved after its instance was last heard of.", minimum=1),
    )
    renew_seconds: float = attrs.field(
        default=5.0,
        metadata=_about("How often an instance renews its leases; at most a third of the lease.", minimum=0.1),
    )
    sweep_seconds: float = attrs.field(
        default=10.0, metadata=_about("How often expired leases are settled and old rows deleted.", minimum=0.1)
    )
    slot_wait_seconds: float = attrs.field(
        default=5.0,
        metadata=_about(
            "How long a request waits for a free download slot before it is refused; 0 refuses at once.", minimum=0
        ),
    )
    max_connections: int = attrs.field(
        default=16, metadata=_about("Connections that one download may have at once.", minimum=1)
    )
    ticket_resume_cap_seconds: int = attrs.field(
        default=86400,
        metadata=_about("Longest time after its ticket's expiry that a started download can be resumed.", minimum=0),
    )
    stall_timeout_seconds: float = attrs.field(
        default=120.0, metadata=_about("A transfer whose client has taken no byte for this long is ended.", minimum=1)
    )
    chunk_bytes: int = attrs.field(
        default=131072, metadata=_about("Bytes per read where the kernel does not do the copying.", minimum=4096)
    )
    drain_seconds: float = attrs.field(
        default=30.0, metadata=_about("How long a stopping server lets running transfers go on.", minimum=0)
    )
    log_level: str = attrs.field(default="info", metadata=_about("Least severity that is logged.", choices=LOG_LEVELS))
    log_format: str = attrs.field(
        default="auto",
        metadata=_about("How log lines look; auto is console on a terminal and json elsewhere.", choices=LOG_FORMATS),
    )

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
        _refuse_unknown(cls, environ, also_known)
        file = environ.get(CONFIG_VARIABLE)
        if file and not Path(file).is_file():
            raise SettingsInvalid(f"{CONFIG_VARIABLE}: there is no file {file}.")
        loaders: list[Any] = [
            typed_settings.FileLoader({"*.toml": typed_settings.TomlFormat("rs-downloader")}, [file] if file else []),
            _Values("environment", {n: environ[v] for n, v in variables(cls).items() if v in environ}),
            _Values("command line", {n: v for n, v in (overrides or {}).items() if v is not None}),
        ]
        try:
            settings = typed_settings.load_settings(cls, loaders)
        except InvalidSettingsError as error:
            raise SettingsInvalid(" ".join(_sentence(cls, e) for e in error.exceptions)) from None
        except (InvalidOptionsError, ConfigFileLoadError, UnknownFormatError) as error:
            raise SettingsInvalid(f"{CONFIG_VARIABLE}: {error}") from None
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
        for folder in self.tenant_roots:
            if not Path(folder).is_absolute():
                yield f"{PREFIX}LOCAL_ROOTS has absolute folders, but {folder!r} is not."
        if self.renew_seconds * 3 > self.lease_seconds:
            yield (
                f"{PREFIX}RENEW_SECONDS ({self.renew_seconds}) must be at most a third of "
                f"{PREFIX}LEASE_SECONDS ({self.lease_seconds}), so that one lost renewal ends no transfer."
            )

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
    def lease(self) -> timedelta:
        """How long a lease lasts."""
        return timedelta(seconds=self.lease_seconds)

    @property
    def instance_dead_after(self) -> timedelta:
        """How long an instance may be silent: until each of its transfers has been settled by its lease, and more."""
        return 2 * self.lease

    @property
    def ticket_resume_cap(self) -> timedelta:
        """Longest time after its ticket's expiry that a started download can be resumed."""
        return timedelta(seconds=self.ticket_resume_cap_seconds)

    @property
    def tenant_roots(self) -> tuple[str, ...]:
        """Where tenants may place Local storages."""
        return tuple(folder for folder in self.local_roots.split(os.pathsep) if folder)

    @property
    def private_places(self) -> tuple[str, ...]:
        """What no storage may read: the data folder, and the database file wherever it is."""
        scheme, _, path = self.resolved_database_url.partition(":///")
        database = (path.partition("?")[0],) if scheme.startswith("sqlite") else ()
        return (str(self.data_dir), *database)

    @property
    def demo_folder(self) -> Path:
        """Where the files of the demo are: the one part of the data folder that a storage may read."""
        return self.data_dir / "demo"

    @property
    def jwt_key_file(self) -> Path:
        """Where the generated signing key is kept."""
        return self.data_dir / "jwt.key"


def variables(settings_class: type[Settings] = Settings) -> dict[str, str]:
    """The environment variable of every setting, by setting."""
    return {field.name: PREFIX + field.name.upper() for field in attrs.fields(settings_class)}


@attrs.frozen
class _Values:
    """A source of values that are at hand, for typed-settings."""

    name: str
    values: Mapping[str, object]

    def __call__(self, _settings_class: type, options: OptionList) -> LoadedSettings:
        known = {option.path: self.values[option.path] for option in options if option.path in self.values}
        return LoadedSettings(known, LoaderMeta(self.name))


def _refuse_unknown(settings_class: type[Settings], environ: Mapping[str, str], also_known: Collection[str]) -> None:
    known = {*variables(settings_class).values(), CONFIG_VARIABLE, *also_known}
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in known or name.startswith(TEST_PREFIX) or _SERVICE_LINK.match(name):
            continue
        near = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean {near[0]}?" if near else " See docs/configuration.md."
        raise SettingsInvalid(f"{name} is not a setting.{hint}")


def _sentence(settings_class: type[Settings], error: BaseException) -> str:
    found = re.search(r"option '(\w+)'", str(error))
    if found is None:
        return str(error)
    field = attrs.fields_dict(settings_class)[found[1]]
    kind = {int: "a whole number", float: "a number"}.get(field.type or str, "usable text")
    return f"{PREFIX}{field.name.upper()} must be {kind}."

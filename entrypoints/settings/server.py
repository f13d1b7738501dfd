"""Where the server listens, how much it takes on, and what it writes in its log."""

from pathlib import Path

import attrs
from typed_settings.types import SecretStr

from domain.profile import Profile
from entrypoints.settings.about import about

LOG_LEVELS = ("debug", "info", "warning", "error")
LOG_FORMATS = ("auto", "console", "json")


@attrs.frozen(kw_only=True, slots=False)
class ServerSettings:
    """Where the server listens, how much it takes on, and what it writes in its log."""

    data_dir: Path = attrs.field(
        default=Path(".data"), metadata=about("Folder of the database file, the signing key and the demo's files.")
    )
    database_url: SecretStr = attrs.field(
        default=SecretStr(""),
        metadata=about("Database to use, as an SQLAlchemy URL.", shown="the file rs-downloader.db in the data folder"),
    )
    profiles: str = attrs.field(
        default=",".join(Profile),
        metadata=about(
            "What this process is there for, with ',' between: catalog is the public front door, downloader the "
            "private API that bytes leave through, storage files, storages and restorations."
        ),
    )
    downloaders: str = attrs.field(
        default="",
        metadata=about(
            "Base URLs, with ',' between, of the instances that deliver files for a catalog without downloader.",
            shown="none; a catalog without downloader needs them",
        ),
    )
    downloader_seconds: float = attrs.field(
        default=60.0,
        metadata=about(
            "How long one of those instances may take to answer, and to send the next bytes, before it counts as gone.",
            minimum=1,
        ),
    )
    host: str = attrs.field(
        default="127.0.0.1", metadata=about("Address that the server listens on; 0.0.0.0 is every interface.")
    )
    port: int = attrs.field(
        default=9053, metadata=about("TCP port that the server listens on; 0 takes a free one.", minimum=0)
    )
    management_port: int = attrs.field(
        default=0,
        metadata=about(
            "TCP port of serve, work and consume only for /health and /metrics; serve has them on its main port, too. "
            "0 is none.",
            minimum=0,
        ),
    )
    max_requests: int = attrs.field(
        default=1000,
        metadata=about(
            "Requests in progress, running transfers not counted; what is more is answered with 503 at once.", minimum=1
        ),
    )
    max_transfers: int = attrs.field(
        default=2000,
        metadata=about("Transfers that run at once; further downloads are answered with 503 at once.", minimum=1),
    )
    drain_seconds: float = attrs.field(
        default=30.0, metadata=about("How long a stopping server lets running transfers go on.", minimum=0)
    )
    jwt_secret: SecretStr = attrs.field(
        default=SecretStr(""),
        metadata=about(
            "Shared key that signs and verifies tokens (HS256, HS384, HS512), at least 64 bytes.",
            shown="generated on first start, in the file jwt.key of the data folder (mode 0600)",
        ),
    )
    token_lifetime_seconds: int = attrs.field(
        default=3600, metadata=about("How long tokens that are issued here are valid.", minimum=1)
    )
    oauth_client: SecretStr = attrs.field(
        default=SecretStr(""),
        metadata=about(
            "Name and secret, with ':' between, that programs show by HTTP Basic to log users in.",
            shown="none is asked for",
        ),
    )
    trusted_proxies: str = attrs.field(
        default="",
        metadata=about(
            "Networks, with ',' between, of the proxies in front whose X-Forwarded-For says which address a client "
            "has. Without them all who come through a proxy have its address, and share the lock of guessed passwords.",
            shown="none",
        ),
    )
    token_in_url: bool = attrs.field(
        default=False,
        metadata=about("Whether a session token is also taken from the query parameter 'token', which logs may show."),
    )
    log_level: str = attrs.field(default="info", metadata=about("Least severity that is logged.", choices=LOG_LEVELS))
    log_format: str = attrs.field(
        default="auto",
        metadata=about("How log lines look; auto is console on a terminal and json elsewhere.", choices=LOG_FORMATS),
    )

"""What storages may read, and how files of slow ones are restored."""

import attrs
from typed_settings.types import SecretStr

from entrypoints.settings.about import about


@attrs.frozen(kw_only=True, slots=False)
class StorageSettings:
    """What storages may read."""

    secret_keys: SecretStr = attrs.field(
        default=SecretStr(""),
        metadata=about(
            "Keys that seal the secrets of storages, newest first, with ',' between; each is 32 bytes in base64.",
            shown="generated on first start, in the file secrets.key of the data folder (mode 0600)",
        ),
    )
    local_roots: str = attrs.field(
        default="",
        metadata=about(
            "Folders, separated by ':', in which administrators of tenants may place Local storages over HTTP; "
            "{tenant} stands for the tenant's name.",
            shown="none: only the command line places them",
        ),
    )
    http_hosts: str = attrs.field(
        default="",
        metadata=about(
            "Hosts, separated by ',', from which HTTP storages may read, and on which administrators of tenants may "
            "place S3 storages over HTTP: names, *.domains, addresses and networks, "
            "with :port where it is not 80 or 443, or :* for any. Addresses that are not public are read only where "
            "they are listed themselves, whatever name leads to them.",
            shown="none: no HTTP storage reads anything",
        ),
    )
    nearline_ask_seconds: float = attrs.field(
        default=10.0,
        metadata=about("How long a nearline storage may take to say which of its files are readable.", minimum=0.1),
    )
    nearline_answer_seconds: float = attrs.field(
        default=10.0,
        metadata=about("How long such an answer is believed, by downloads and questions alike.", minimum=0),
    )
    scrub_bytes_per_second: int = attrs.field(
        default=0,
        metadata=about(
            "How fast a worker re-reads copies on ONLINE storages, the longest unverified first, to find damaged ones; "
            "0 reads none. Reading may cost money on storages of others.",
            minimum=0,
        ),
    )
    scrub_age_days: int = attrs.field(
        default=90,
        metadata=about("A copy that was verified within so many days is not read again.", minimum=0),
    )
    cache_dir: str = attrs.field(
        default="",
        metadata=about(
            "Folder of the internal cache of restored files; all instances share it.",
            shown="the folder cache in the data folder",
        ),
    )
    cache_check_seconds: float = attrs.field(
        default=3600.0,
        metadata=about("How often the folder of the cache and its records are made to agree.", minimum=1),
    )
    restoration_seconds: float = attrs.field(
        default=5.0,
        metadata=about("How often restorations are started and looked after, and expired copies removed.", minimum=0.1),
    )
    restoration_copies: int = attrs.field(
        default=4,
        metadata=about("Restored files that one process copies into the cache from one storage at once.", minimum=1),
    )
    restoration_patience_hours: float = attrs.field(
        default=24.0,
        metadata=about(
            "How long a storage may take for a restoration before the attempt is given up; "
            "three times as long as its slowest of late if that is more.",
            minimum=0.01,
        ),
    )

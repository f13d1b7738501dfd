"""Downloads: leases, slots, tickets and the flow of bytes."""

import attrs

from entrypoints.settings.about import about


@attrs.frozen(kw_only=True, slots=False)
class DownloadSettings:
    """Downloads: leases, slots, tickets and the flow of bytes."""

    lease_seconds: float = attrs.field(
        default=30.0,
        metadata=about("How long a transfer stays reserved after its instance was last heard of.", minimum=1),
    )
    renew_seconds: float = attrs.field(
        default=5.0,
        metadata=about("How often an instance renews its leases; at most a third of the lease.", minimum=0.1),
    )
    sweep_seconds: float = attrs.field(
        default=10.0, metadata=about("How often expired leases are settled and old rows deleted.", minimum=0.1)
    )
    slot_wait_seconds: float = attrs.field(
        default=5.0,
        metadata=about(
            "How long a request waits for a free download slot before it is refused; 0 refuses at once.", minimum=0
        ),
    )
    max_connections: int = attrs.field(
        default=16, metadata=about("Connections that one download may have at once.", minimum=1)
    )
    ticket_resume_cap_seconds: int = attrs.field(
        default=86400,
        metadata=about("Longest time after its ticket's expiry that a started download can be resumed.", minimum=0),
    )
    stall_timeout_seconds: float = attrs.field(
        default=120.0, metadata=about("A transfer whose client has taken no byte for this long is ended.", minimum=1)
    )
    storage_open_seconds: float = attrs.field(
        default=10.0,
        metadata=about(
            "How long a storage may take to open a copy before another copy is tried.",
            minimum=0.1,
        ),
    )
    storage_read_seconds: float = attrs.field(
        default=20.0,
        metadata=about(
            "How long one read from a storage may take before another copy continues; "
            "files that the kernel sends from a disk are not timed.",
            minimum=0.1,
        ),
    )
    redirect_seconds: int = attrs.field(
        default=60,
        metadata=about(
            "How long a URL that a client is redirected to can be fetched; a transfer that has begun runs on.",
            minimum=1,
        ),
    )
    redirect_limited_tickets: bool = attrs.field(
        default=False,
        metadata=about(
            "Redirect holders of tickets with a number of uses too, although the URL can be fetched more than once."
        ),
    )
    chunk_bytes: int = attrs.field(
        default=131072, metadata=about("Bytes per read where the kernel does not do the copying.", minimum=4096)
    )

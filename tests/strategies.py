"""Hypothesis strategies for the domain: small worlds in which rules collide often."""

from datetime import timedelta

from hypothesis import strategies as st

from domain.access import ANONYMOUS_EMAIL
from domain.account import Account, AccountKey
from domain.download import Download, TransferRequest
from domain.limits import Limits
from domain.settings import TenantSettings
from domain.settlement import Outcome
from tests.factories import ALICE, NOW, TENANT

SMALL_LIMIT = st.integers(-1, 5)
SIZES = st.sampled_from([0, 1, 2, 1000, 8 * 1024 * 1024, 8 * 1024 * 1024 + 1, 200 * 1024 * 1024, 2**40, 2**53])
INSTANTS = st.integers(-3600, 40 * 24 * 3600).map(lambda seconds: NOW + timedelta(seconds=seconds))
DURATIONS = st.integers(0, 40 * 24 * 3600).map(lambda seconds: timedelta(seconds=seconds))
CHECKSUMS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00/"), min_size=1, max_size=12
).filter(lambda text: text not in {".", ".."})

limits = st.builds(Limits, max_quota=SMALL_LIMIT, rate_limit=SMALL_LIMIT)
settings = st.builds(
    TenantSettings,
    limits=limits,
    ticket_lifetime=st.just(timedelta(hours=1)),
    resume_window=st.sampled_from([timedelta(0), timedelta(minutes=1), timedelta(days=1), timedelta(days=3650)]),
)
accounts = st.builds(
    Account,
    key=st.sampled_from([ALICE, AccountKey(TENANT, ANONYMOUS_EMAIL)]),
    limits=st.none() | limits,
    units_used=st.integers(0, 7),
    active_downloads=st.integers(0, 7),
)
outcomes = st.builds(
    Outcome,
    delivered_bytes=st.integers(0, 2**54),
    is_completed=st.booleans(),
    is_corrupt=st.sampled_from([False, False, False, True]),
)


@st.composite
def parts(draw: st.DrawFn, size: int) -> tuple[int, int]:
    """``start`` and ``length`` of a part of a file of this size; often all of it, its beginning or its end."""
    if size == 0:
        return 0, 0
    start = draw(st.sampled_from([0, 0, 1, size // 2, size - 1]) | st.integers(0, size - 1))
    start = min(start, size - 1)
    length = draw(st.sampled_from([size - start, 1]) | st.integers(1, size - start))
    return start, length


@st.composite
def requests(draw: st.DrawFn, account: AccountKey = ALICE, size: int | None = None) -> TransferRequest:
    """A request for a part of a file."""
    size = draw(SIZES) if size is None else size
    start, length = draw(parts(size))
    return TransferRequest(
        account=account,
        checksum="c1",
        size_bytes=size,
        is_counted=draw(st.sampled_from([True, True, True, False])),
        start=start,
        length=length,
        transfer_id="t-new",
        download_id="d-new",
        instance_id="i1",
    )


@st.composite
def downloads(draw: st.DrawFn, account: AccountKey = ALICE, size: int | None = None, number: int = 0) -> Download:
    """A download in any state that is consistent in itself, reachable or not."""
    size = draw(SIZES) if size is None else size
    transfers = draw(st.sampled_from([0, 0, 1, 2, 15, 16]))
    is_held = transfers > 0 or draw(st.booleans())
    is_kept = is_held and draw(st.booleans())
    delivered = draw(st.integers(0, size)) if is_kept else 0
    return Download(
        id=f"d-{number}",
        account=account,
        checksum="c1",
        size_bytes=size,
        costs_unit=draw(st.sampled_from([True, True, True, False])),
        ticket_id=None,
        opened_at=NOW - draw(DURATIONS),
        resume_window=timedelta(days=1),
        resumable_until=draw(INSTANTS),
        delivered_bytes=delivered,
        reserved_bytes=draw(st.integers(0, size - delivered)) if transfers else 0,
        transfers=transfers,
        is_held=is_held,
        is_kept=is_kept,
        is_completed=is_kept and delivered == size,
        is_poisoned=draw(st.sampled_from([False, False, True])),
        progressed_at=NOW,
    )


@st.composite
def situations(draw: st.DrawFn) -> tuple[TransferRequest, Account, TenantSettings, list[Download]]:
    """A request with the account, the settings and the open downloads that it meets."""
    account = draw(accounts)
    size = draw(SIZES)
    request = draw(requests(account.key, size))
    same_size = st.just(size)
    found = [draw(downloads(account.key, draw(same_size | SIZES), number)) for number in range(draw(st.integers(0, 4)))]
    return request, account, draw(settings), found

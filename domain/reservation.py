"""Units set aside for a cart until a stated time (issue 5, item 7): downloads opened before they are asked for.

A reservation is an open download of which nothing runs and nothing was delivered. Its unit is charged like any other,
so that L1 needs no second rule; it takes no slot. The next transfer of that file by that user continues it (L2). A
transfer that delivers nothing leaves it as it was, until its time has come; then the unit is given back (L3).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

import attrs

from domain.account import Account
from domain.download import Download, TransferRequest
from domain.limits import UNLIMITED, Limits
from domain.quota import Granted, Policy, QuotaExceeded, Refusal, VersionChanged, decide
from domain.settings import TenantSettings


@attrs.frozen(kw_only=True)
class Reserved:
    """The cart is set aside: the account, and the downloads that were opened or whose time was changed."""

    account: Account
    downloads: tuple[Download, ...]
    units: int


def reserve(
    requests: Sequence[TransferRequest],
    *,
    account: Account,
    settings: TenantSettings,
    downloads: Iterable[Download],
    policy: Policy,
    until: datetime,
    now: datetime,
) -> Reserved | QuotaExceeded:
    """Open what these transfers of one account would open: all of it, or nothing.

    - What costs no unit is left alone, and so is what an open download with bytes delivered continues.
    - A file that is set aside already is set aside until the new time, be it earlier or later.
    - Two files of the cart with the same bytes are two downloads, as they would be without a reservation.
    """
    before = {download.id: download for download in downloads}
    foreseen: dict[str, dict[str, Download]] = {}
    for download in before.values():
        foreseen.setdefault(download.checksum, {})[download.id] = download
    changed: dict[str, Download] = {}
    # Slots are for what runs. Everything else is the admission's own decision, so that the two never differ.
    limits = Limits(max_quota=account.effective_limits(settings.limits).max_quota, rate_limit=UNLIMITED)
    payer = attrs.evolve(account, limits=limits)
    for request in requests:
        if not request.costs_unit:
            continue
        of_file = foreseen.setdefault(request.checksum, {})
        decision = _decided(request, payer, settings, of_file.values(), policy, now)
        if isinstance(decision, QuotaExceeded):
            return QuotaExceeded(limit=decision.limit, current=account.units_used)
        if isinstance(decision, Granted):
            payer = decision.account
            of_file[decision.download.id] = decision.download
            if decision.opened or decision.download.reserved_until is not None:
                changed[decision.download.id] = decision.download
    return Reserved(
        account=attrs.evolve(account, units_used=payer.units_used),
        downloads=tuple(_set_aside(before.get(id_), download, until) for id_, download in changed.items()),
        units=payer.units_used - account.units_used,
    )


def give_back(download: Download, account: Account) -> tuple[Download, Account]:
    """The end of a reservation that nobody has used."""
    return (
        attrs.evolve(download, is_held=False, reserved_until=None),
        attrs.evolve(account, units_used=account.units_used - download.costs_unit),
    )


def _decided(
    request: TransferRequest,
    account: Account,
    settings: TenantSettings,
    downloads: Iterable[Download],
    policy: Policy,
    now: datetime,
) -> Granted | Refusal:
    decision = decide(
        request, account=account, settings=settings, downloads=downloads, ticket=None, policy=policy, now=now
    )
    if isinstance(decision, VersionChanged):
        return _decided(request.for_whole_file(), account, settings, downloads, policy, now)
    return decision


def _set_aside(before: Download | None, foreseen: Download, until: datetime) -> Download:
    """Without the transfers that were only foreseen."""
    return attrs.evolve(
        foreseen,
        reserved_bytes=before.reserved_bytes if before else 0,
        transfers=before.transfers if before else 0,
        reserved_until=until,
        resumable_until=max(until, foreseen.resumable_until) if foreseen.is_poisoned else until,
    )

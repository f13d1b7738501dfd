"""Asking the decision with as little ceremony as possible."""

from collections.abc import Iterable
from datetime import datetime

import attrs

from domain.account import Account
from domain.download import Download, TransferRequest
from domain.quota import Granted, Policy, Refusal, decide
from domain.settings import TenantSettings
from domain.ticket import Ticket
from tests.factories import NOW, an_account, settings

POLICY = Policy()


def decided(
    request: TransferRequest,
    *,
    account: Account | None = None,
    defaults: TenantSettings | None = None,
    downloads: Iterable[Download] = (),
    ticket: Ticket | None = None,
    now: datetime = NOW,
    policy: Policy = POLICY,
) -> Granted | Refusal:
    """The decision for a fresh account without limits, unless the test says otherwise."""
    return decide(
        request,
        account=account or an_account(request.account),
        settings=defaults or settings(),
        downloads=downloads,
        ticket=ticket,
        policy=policy,
        now=now,
    )


def after(download: Download, *, delivered: int = 0, poisoned: bool = False, held: bool = True) -> Download:
    """A download as it stands when its transfers have ended."""
    return attrs.evolve(download, delivered_bytes=delivered, is_kept=delivered > 0, is_poisoned=poisoned, is_held=held)
